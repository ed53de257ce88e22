// A list of suggestions above a field: arrows move, Tab or Enter takes one, Esc closes. Focus stays in the field.

import { freshId, h, replace } from "../ui/dom.js";

export class Completion {
  #items = [];
  #at = 0;
  #input = null;
  #onPick = null;

  constructor(host, onChange = () => undefined) {
    this.title = h("div", { class: "completion-title" });
    this.list = h("div", {
      class: "completion-list",
      role: "listbox",
      id: freshId("completion"),
      dataset: { testid: "completion" },
    });
    this.node = h("div", { class: "completion", hidden: true }, this.title, this.list);
    this.node.addEventListener("pointerdown", (event) => event.preventDefault());
    this.onChange = onChange;
    host.append(this.node);
  }

  get isOpen() {
    return !this.node.hidden;
  }

  /** Items: {label, note?, detail?, picture?}. `empty` is said when there is none. */
  show(input, items, { title, onPick, empty, select = 0 }) {
    if (!items.length && !empty) {
      this.hide();
      return;
    }
    this.#items = items;
    this.#input = input;
    this.#onPick = onPick;
    this.#at = items.length ? select : -1;
    replace(this.title, title);
    this.list.setAttribute("aria-label", title);
    replace(
      this.list,
      items.map((item, index) => this.#row(item, index)),
      items.length === 0 && h("p", { class: "empty-note" }, empty),
    );
    this.node.hidden = false;
    input.setAttribute("aria-controls", this.list.id);
    if (input.getAttribute("role") === "combobox") input.setAttribute("aria-expanded", "true");
    this.#mark();
  }

  hide() {
    if (this.node.hidden) return;
    this.node.hidden = true;
    this.#items = [];
    this.#input?.removeAttribute("aria-activedescendant");
    this.#input?.removeAttribute("aria-controls");
    if (this.#input?.getAttribute("role") === "combobox")
      this.#input.setAttribute("aria-expanded", "false");
    this.onChange();
  }

  /** Whether the key was meant for the list. */
  handleKey(event) {
    if (!this.isOpen || event.isComposing) return false;
    if (event.key === "Escape") {
      this.hide();
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      this.#move(event.key === "ArrowDown" ? 1 : -1);
    } else if ((event.key === "Enter" || event.key === "Tab") && !event.shiftKey && this.#at >= 0) {
      this.#pick(this.#at, event.key);
    } else {
      return false;
    }
    event.preventDefault();
    event.stopPropagation();
    return true;
  }

  #row(item, index) {
    return h(
      "div",
      {
        class: "completion-item",
        role: "option",
        id: freshId("option"),
        "aria-selected": "false",
        dataset: { testid: "completion-item", value: item.key ?? item.label },
        on: {
          click: () => this.#pick(index, "click"),
          pointermove: () => {
            this.#at = index;
            this.#mark({ scroll: false });
          },
        },
      },
      item.picture?.(),
      h(
        "div",
        { class: "option-words" },
        h(
          "span",
          { class: "completion-label" },
          item.label,
          item.detail && h("span", { class: "faint detail" }, item.detail),
        ),
        item.note && h("span", { class: "faint" }, item.note),
      ),
    );
  }

  #move(step) {
    if (!this.#items.length) return;
    this.#at = (this.#at + step + this.#items.length) % this.#items.length;
    this.#mark();
  }

  #mark({ scroll = true } = {}) {
    [...this.list.querySelectorAll("[role=option]")].forEach((node, index) => {
      const isHere = index === this.#at;
      node.setAttribute("aria-selected", String(isHere));
      if (!isHere) return;
      this.#input?.setAttribute("aria-activedescendant", node.id);
      if (scroll) node.scrollIntoView({ block: "nearest" });
    });
  }

  #pick(index, by) {
    const item = this.#items[index];
    const onPick = this.#onPick;
    this.hide();
    onPick(item, by);
  }
}
