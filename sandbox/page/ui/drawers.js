// On narrow screens the side lists are drawers over the chat; this opens and closes them.

import { byId, focusables } from "./dom.js";

let returnTo = null;

export function mountDrawers() {
  byId("curtain").addEventListener("click", closeDrawers);
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && byId("frame").dataset.drawer) closeDrawers();
  });
}

/** `side` is "channels" or "members". On wide screens only the members can be put away. */
export function toggleDrawer(side) {
  const frame = byId("frame");
  if (matchMedia("(min-width: 900px)").matches) {
    frame.classList.toggle("without-members");
    return;
  }
  if (frame.dataset.drawer === side) {
    closeDrawers();
    return;
  }
  returnTo = document.activeElement;
  frame.dataset.drawer = side;
  byId("curtain").hidden = false;
  const list = focusables(byId(side));
  (list.find((node) => node.ariaCurrent) ?? list[0])?.focus();
}

export function closeDrawers() {
  const frame = byId("frame");
  if (!frame.dataset.drawer) return;
  delete frame.dataset.drawer;
  byId("curtain").hidden = true;
  returnTo?.focus();
}
