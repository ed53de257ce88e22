// A panel that floats beside what opened it, or rises from below on a phone. Esc and a press outside close it.

import { focusables, h } from "./dom.js";

const GAP = 6;
let open = null;

/**
 * Show the content. `anchor` is an element or {x, y}; `role` and `label` are the panel's.
 * Focus goes into it and back again. The answer has `close()`.
 */
export function openPopover(
  content,
  { anchor, role = "dialog", label, className = "", focus, onClose, side = "below" },
) {
  open?.close();
  const returnTo = document.activeElement;
  const panel = h(
    "div",
    { class: `popover ${className}`, role, "aria-label": label, tabindex: "-1" },
    content,
  );
  const layer = h("div", { class: "popover-layer" }, panel);
  const host = document.querySelector("dialog:modal") ?? document.body;
  const self = { close, panel, place };

  function close({ refocus = true } = {}) {
    if (open !== self) return;
    open = null;
    layer.remove();
    document.removeEventListener("keydown", onKey, true);
    removeEventListener("resize", close);
    if (anchor instanceof Element) anchor.removeAttribute("aria-expanded");
    onClose?.();
    if (refocus && returnTo?.isConnected) returnTo.focus({ preventScroll: true });
  }

  function onKey(event) {
    if (event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      close();
    }
    if (event.key === "Tab" && panel.contains(document.activeElement)) keepFocus(event, panel);
  }

  function place() {
    const at = anchor instanceof Element ? anchor.getBoundingClientRect() : point(anchor);
    const size = { width: panel.offsetWidth, height: panel.offsetHeight };
    const below = at.bottom + GAP;
    const above = at.top - GAP - size.height;
    const fits = below + size.height < innerHeight - GAP;
    let top =
      side === "above" ? (above > GAP ? above : below) : fits || above < GAP ? below : above;
    let left = at.left;
    if (side === "left") [left, top] = [at.left - GAP - size.width, at.top];
    if (side === "right") [left, top] = [at.right + GAP, at.top];
    panel.style.setProperty("--x", `${clamp(left, size.width, innerWidth)}px`);
    panel.style.setProperty("--y", `${clamp(top, size.height, innerHeight)}px`);
  }

  open = self;
  layer.addEventListener("pointerdown", (event) => {
    if (event.target === layer) close();
  });
  layer.addEventListener("contextmenu", (event) => {
    if (event.target === layer) event.preventDefault();
  });
  host.append(layer);
  if (anchor instanceof Element) anchor.setAttribute("aria-expanded", "true");
  place();
  document.addEventListener("keydown", onKey, true);
  addEventListener("resize", close);
  (focus?.() ?? focusables(panel)[0] ?? panel).focus({ preventScroll: true });
  return self;
}

export const closePopover = (options) => open?.close(options);

function keepFocus(event, panel) {
  const all = focusables(panel);
  const edge = event.shiftKey ? all[0] : all.at(-1);
  if (document.activeElement !== edge && all.length) return;
  event.preventDefault();
  (event.shiftKey ? all.at(-1) : all[0])?.focus();
}

const point = ({ x, y }) => ({ left: x, right: x, top: y - GAP, bottom: y - GAP });
const clamp = (at, size, space) => Math.max(8, Math.min(at, space - size - 8));
