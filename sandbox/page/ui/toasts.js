// Short notices at the edge of the page that go by themselves.

import { byId, h } from "./dom.js";
import { icon } from "./icons.js";

const SHOWN_FOR = 6000;

export function toast(text, { kind = "info" } = {}) {
  const close = () => node.remove();
  const node = h(
    "div",
    { class: `toast ${kind}`, dataset: { testid: "toast" } },
    icon(kind === "error" ? "warning" : "check", 18),
    h("span", {}, text),
    h(
      "button",
      { type: "button", "aria-label": "Dismiss", on: { click: close } },
      icon("close", 16),
    ),
  );
  byId("toasts").append(node);
  setTimeout(close, SHOWN_FOR);
}

/** Do it; say in words why it did not work. */
export async function attempt(work) {
  try {
    return await work();
  } catch (error) {
    toast(error.message, { kind: "error" });
    return undefined;
  }
}

export async function copy(text, what) {
  try {
    await navigator.clipboard.writeText(text);
    toast(`${what} copied`);
  } catch {
    toast(`${what}: ${text}`);
  }
}
