// A message's interactive parts: rows of buttons and selects. The rest of Components V2 is in componentsV2.js.

import { h } from "../ui/dom.js";
import { emojiNode } from "../content/emoji.js";
import { icon } from "../ui/icons.js";
import { useComponent } from "./interactions.js";
import { linkNode } from "../content/links.js";
import { selectControl } from "./selects.js";

const STYLES = { 1: "primary", 2: "secondary", 3: "success", 4: "danger", 5: "link", 6: "premium" };
const LINK = 5;
const PREMIUM = 6;

export function actionRow(row, message) {
  return h(
    "div",
    { class: "action-row" },
    row.components.map((item) => control(item, message)),
  );
}

export function control(item, message) {
  return item.type === 2 ? button(item, message) : select(item, message);
}

export function button(item, message) {
  const look = `button ${STYLES[item.style] ?? "secondary"}`;
  const words = [
    item.emoji && emojiNode(item.emoji, "1.2em"),
    item.label && h("span", {}, item.label),
  ];
  const label = item.label ? null : item.emoji?.name;
  if (item.style === LINK) {
    return linkNode(item.url, [words, icon("link", 14)], {
      class: look,
      "aria-label": label,
      "aria-disabled": item.disabled ? "true" : null,
    });
  }
  const press = () => useComponent(message, item.custom_id, null, busy);
  const node = h(
    "button",
    {
      type: "button",
      class: look,
      disabled: item.disabled || item.style === PREMIUM,
      "aria-label": label,
      dataset: { testid: "component-button", customId: item.custom_id },
      on: { click: press },
    },
    words,
  );
  function busy(is) {
    node.classList.toggle("busy", is);
    node.setAttribute("aria-busy", String(is));
    node.disabled = is || Boolean(item.disabled);
  }
  return node;
}

function select(item, message) {
  const chooser = selectControl(item, {
    label: item.placeholder ?? "Make a choice",
    onChoose: (values) => useComponent(message, item.custom_id, values, chooser.busy),
  });
  return chooser.node;
}
