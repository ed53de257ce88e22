// A menu: arrows move, Enter chooses, letters jump, Esc closes.

import { h } from "./dom.js";
import { icon } from "./icons.js";
import { openPopover } from "./popover.js";

/**
 * Entries: {label, icon?, note?, danger?, checked?, testid?, action}, {separator: true}, {title} or {node}.
 * With `checked` given they are radio items.
 */
export function openMenu(entries, { anchor, label, head, side }) {
  const shown = entries.filter(Boolean);
  const popover = openPopover([head, shown.map((entry) => row(entry))], {
    anchor,
    label,
    side,
    role: "menu",
    className: "menu",
    focus: () => popoverItems().find((node) => node.ariaChecked === "true") ?? popoverItems()[0],
  });
  function popoverItems() {
    return [...document.querySelectorAll(".popover.menu [role^=menuitem]")];
  }
  popover.panel.addEventListener("keydown", (event) => move(event, popover.panel));
  return popover;

  function row(entry) {
    if (entry.separator) return h("div", { class: "menu-line", role: "separator" });
    if (entry.title) return h("div", { class: "menu-title" }, entry.title);
    if (entry.node) return entry.node;
    const choose = () => {
      popover.close();
      entry.action();
    };
    return h(
      "button",
      {
        type: "button",
        class: `menu-item${entry.danger ? " danger" : ""}`,
        tabindex: "-1",
        role: entry.checked === undefined ? "menuitem" : "menuitemradio",
        "aria-checked": entry.checked === undefined ? null : String(entry.checked),
        dataset: { testid: entry.testid, ...entry.dataset },
        on: { click: choose },
      },
      entry.picture ?? (entry.icon && icon(entry.icon, 18)),
      h(
        "span",
        { class: "menu-words" },
        entry.label,
        entry.note && h("span", { class: "faint" }, entry.note),
      ),
      entry.checked && icon("check", 18),
    );
  }
}

function move(event, panel) {
  const items = [...panel.querySelectorAll("[role^=menuitem]")];
  const at = items.indexOf(document.activeElement);
  const last = items.length - 1;
  const targets = {
    ArrowDown: at < last ? at + 1 : 0,
    ArrowUp: at > 0 ? at - 1 : last,
    Home: 0,
    End: last,
  };
  let target = targets[event.key];
  if (target === undefined && event.key.length === 1 && /\S/.test(event.key)) {
    const letter = event.key.toLowerCase();
    const after = [...items.slice(at + 1), ...items.slice(0, at + 1)];
    target = items.indexOf(
      after.find((item) => item.textContent.trim().toLowerCase().startsWith(letter)),
    );
  }
  if (target === undefined || target < 0) return;
  event.preventDefault();
  items[target].focus();
}

/** Opens the menu on right press, long press and by the menu key; `build` gets where. */
export function onMenu(node, build) {
  let timer = 0;
  node.addEventListener("contextmenu", (event) => {
    if (event.target.closest("a,textarea,input,video,.menu")) return;
    if (String(getSelection()) && event.pointerType === "mouse") return;
    event.preventDefault();
    clearTimeout(timer);
    const byKey = event.clientX === 0 && event.clientY === 0;
    build(event, byKey ? event.target : { x: event.clientX, y: event.clientY });
  });
  const LONG = 550;
  node.addEventListener(
    "touchstart",
    (event) => {
      if (event.touches.length !== 1 || event.target.closest("a,textarea,input,video")) return;
      const { clientX: x, clientY: y } = event.touches[0];
      timer = setTimeout(() => build(event, { x, y }), LONG);
    },
    { passive: true },
  );
  for (const name of ["touchend", "touchmove", "touchcancel"]) {
    node.addEventListener(name, () => clearTimeout(timer), { passive: true });
  }
}
