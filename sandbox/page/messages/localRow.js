// Rows that only this page has: a command on its way to the bot, or one that got no answer.

import { h, replace } from "../ui/dom.js";
import { icon } from "../ui/icons.js";
import { avatar } from "../content/names.js";
import { store } from "../state/store.js";

export function localRow() {
  const node = h("div", { class: "local-row" });
  return { node, update: (row) => draw(node, row) };
}

function draw(node, row) {
  const failed = row.state === "failed";
  node.className = `local-row ${row.state}`;
  node.dataset.testid = failed ? "command-failed" : "command-waiting";
  const bot = store.application.bot;
  if (!failed) {
    replace(
      node,
      avatar(bot, 24),
      h("span", { class: "dots", "aria-hidden": "true" }, h("i"), h("i"), h("i")),
      h("span", {}, `Waiting for ${store.application.name}: `, h("strong", {}, row.title)),
    );
    return;
  }
  const again = () => {
    store.dropLocal(row.key);
    row.again();
  };
  replace(
    node,
    avatar(bot, 24),
    icon("warning", 18),
    h("span", { role: "alert" }, h("strong", {}, row.title), ": ", row.text),
    row.again && h("button", { type: "button", class: "link", on: { click: again } }, "Try again"),
    h(
      "button",
      { type: "button", class: "link", on: { click: () => store.dropLocal(row.key) } },
      "Dismiss",
    ),
  );
}
