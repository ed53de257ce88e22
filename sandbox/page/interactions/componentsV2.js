// Components V2: containers, sections, text, galleries, thumbnails, files and separators.

import { actionRow, button } from "./components.js";
import { h } from "../ui/dom.js";
import { textBlock } from "../content/markdown.js";
import { covered, fileCard, video, kindOf, picture } from "../content/media.js";
import { cssColor } from "../content/names.js";

const MAKERS = {
  1: actionRow,
  2: button,
  9: section,
  10: (item) => textBlock(item.content),
  11: thumbnail,
  12: gallery,
  13: file,
  14: separator,
  17: container,
};

/** Any component of a message; unknown kinds are said to be so. */
export function componentNode(item, message) {
  const make = MAKERS[item.type];
  return make
    ? make(item, message)
    : h("p", { class: "faint" }, `(a component of kind ${item.type})`);
}

function container(item, message) {
  const accent = item.accent_color;
  const style = accent !== undefined && accent !== null ? { "--bar": cssColor(accent) } : {};
  const inside = item.components.map((child) => componentNode(child, message));
  return covered(
    h("div", { class: "container", style, dataset: { testid: "container" } }, inside),
    item.spoiler,
  );
}

function section(item, message) {
  const texts = item.components.map((child) => componentNode(child, message));
  return h(
    "div",
    { class: "section" },
    h("div", { class: "section-texts" }, texts),
    item.accessory && h("div", { class: "section-side" }, componentNode(item.accessory, message)),
  );
}

const named = (item) => ({ ...item.media, description: item.description });

function thumbnail(item) {
  return covered(picture(named(item), undefined, [96, 96]), item.spoiler);
}

function gallery({ items }) {
  const all = items.map(named);
  const pictures = all.filter((item) => kindOf(item) !== "video");
  return h(
    "div",
    {
      class: `gallery of-${Math.min(items.length, 4)}`,
      role: "group",
      "aria-label": "Pictures and videos",
    },
    all.map((item, index) =>
      covered(kindOf(item) === "video" ? video(item) : picture(item, pictures), items[index].spoiler),
    ),
  );
}

function file(item) {
  return covered(
    fileCard({ url: item.file.url, filename: item.name, size: item.size }),
    item.spoiler,
  );
}

function separator({ divider = true, spacing = 1 }) {
  return h("div", {
    class: `separator space-${spacing}${divider === false ? " bare" : ""}`,
    role: divider === false ? null : "separator",
  });
}
