// Files that wait to be sent with a message: previews, spoiler marks, removal.

import { h, replace } from "../ui/dom.js";
import { icon } from "../ui/icons.js";
import { inBytes } from "../content/media.js";

const MOST = 10;
const SPOILER = "SPOILER_";

export class Tray {
  #files = [];
  #addresses = new Map();

  constructor(onChange) {
    this.node = h("ul", {
      class: "tray",
      "aria-label": "Files to send",
      hidden: true,
      dataset: { testid: "tray" },
    });
    this.onChange = onChange;
  }

  get files() {
    return [...this.#files];
  }

  /** Add files; says in words if there are too many. */
  add(files) {
    const room = MOST - this.#files.length;
    this.#set([...this.#files, ...[...files].slice(0, room)]);
    return files.length > room
      ? `A message can have at most ${MOST} files; the others were not added.`
      : "";
  }

  clear() {
    this.#set([]);
  }

  #set(files) {
    for (const [file, address] of this.#addresses) {
      if (files.includes(file)) continue;
      URL.revokeObjectURL(address);
      this.#addresses.delete(file);
    }
    this.#files = files;
    this.node.hidden = !files.length;
    replace(
      this.node,
      files.map((file) => this.#card(file)),
    );
    this.onChange();
  }

  #card(file) {
    const hidden = file.name.startsWith(SPOILER);
    const remove = () => this.#set(this.#files.filter((other) => other !== file));
    const turn = () =>
      this.#set(this.#files.map((other) => (other === file ? renamed(file, hidden) : other)));
    return h(
      "li",
      { class: `tray-card${hidden ? " hidden-one" : ""}` },
      h(
        "div",
        { class: "tray-tools" },
        h(
          "button",
          {
            type: "button",
            class: "tool",
            "aria-pressed": String(hidden),
            "aria-label": `Mark ${file.name} as a spoiler`,
            title: "Mark as a spoiler",
            on: { click: turn },
          },
          icon("spoiler", 16),
        ),
        h(
          "button",
          {
            type: "button",
            class: "tool",
            "aria-label": `Remove ${file.name}`,
            title: "Remove",
            on: { click: remove },
          },
          icon("trash", 16),
        ),
      ),
      h("div", { class: "tray-picture" }, this.#preview(file)),
      h("div", { class: "tray-name", title: file.name }, file.name.replace(SPOILER, "")),
      h("div", { class: "faint" }, inBytes(file.size)),
    );
  }

  #preview(file) {
    if (!/^(image|video)\//.test(file.type)) return icon("file", 36);
    const address = this.#addresses.get(file) ?? URL.createObjectURL(file);
    this.#addresses.set(file, address);
    if (file.type.startsWith("video/"))
      return h("video", { src: address, muted: true, preload: "metadata", "aria-hidden": "true" });
    return h("img", { src: address, alt: "" });
  }
}

function renamed(file, wasHidden) {
  const name = wasHidden ? file.name.slice(SPOILER.length) : SPOILER + file.name;
  return new File([file], name, { type: file.type });
}

/** Files that were pasted or dropped; pasted pictures get a name. */
function filesOf(transfer) {
  return [...(transfer?.files ?? [])].map((file, index) =>
    file.name ? file : new File([file], `pasted-${index + 1}.png`, { type: file.type }),
  );
}

/** Take files that are pasted into the place or dropped on it. */
export function acceptFiles(place, take) {
  const settle = () => place.classList.remove("dropping");
  place.addEventListener("paste", (event) => {
    const files = filesOf(event.clipboardData);
    if (!files.length) return;
    event.preventDefault();
    take(files);
  });
  place.addEventListener("dragover", (event) => {
    event.preventDefault();
    place.classList.add("dropping");
  });
  place.addEventListener("dragleave", (event) => {
    if (!place.contains(event.relatedTarget)) settle();
  });
  place.addEventListener("drop", (event) => {
    event.preventDefault();
    settle();
    take(filesOf(event.dataTransfer));
  });
}
