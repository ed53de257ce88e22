// The elements of the composer: the field, its buttons, and the places for errors, replies and hints.

import { h } from "../ui/dom.js";
import { icon } from "../ui/icons.js";

/** `on`: {typed, key, clicked, left, chosen, emoji, send}, what each part calls. */
export function composerParts(on) {
  const input = h("textarea", {
    id: "message-input",
    class: "composer-input",
    rows: 1,
    dataset: { testid: "composer-input" },
    "aria-autocomplete": "list",
    "aria-haspopup": "listbox",
    autocomplete: "off",
    enterkeyhint: "send",
    on: { input: on.typed, keydown: on.key, click: on.clicked, blur: on.left },
  });
  const chooser = h("input", {
    type: "file",
    multiple: true,
    class: "visually-hidden",
    tabindex: "-1",
    "aria-label": "Files to send",
    dataset: { testid: "file-input" },
    on: {
      change: () => {
        on.chosen([...chooser.files]);
        chooser.value = "";
      },
    },
  });
  const field = h("div", { class: "composer-field" }, input);
  const attach = button("plus", "Add files", () => chooser.click(), "attach");
  const smile = button("smile", "Emoji and stickers", () => on.emoji(smile), "composer-emoji");
  const send = button("send", "Send", on.send, "send");
  return {
    input,
    field,
    attach,
    send,
    box: h("div", { class: "composer-box" }, attach, chooser, field, smile, send),
    error: place("p", "composer-error", { role: "alert" }),
    reply: place("div", "reply-bar", { hidden: true }),
    hint: h("div", { class: "composer-hint faint", dataset: { testid: "composer-hint" } }),
  };
}

const place = (tag, name, props) => h(tag, { class: name, dataset: { testid: name }, ...props });

function button(name, label, action, testid) {
  const props = { type: "button", class: "icon-button", "aria-label": label, title: label };
  return h("button", { ...props, dataset: { testid }, on: { click: action } }, icon(name, 22));
}
