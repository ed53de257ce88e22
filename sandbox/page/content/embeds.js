// Embeds: author, title, description, fields, pictures, video, footer, with their colour at the side.

import { isLocal, localAddress } from "./addresses.js";
import { h } from "../ui/dom.js";
import { icon } from "../ui/icons.js";
import { inline } from "./inline.js";
import { linkNode } from "./links.js";
import { markdown } from "./markdown.js";
import { video, picture } from "./media.js";
import { cssColor } from "./names.js";
import { stamp } from "../ui/time.js";

export function embedNode(embed) {
  if (["image", "gifv", "video"].includes(embed.type) && !embed.description && !embed.title) {
    return bareMedia(embed);
  }
  const style =
    embed.color !== undefined && embed.color !== null ? { "--bar": cssColor(embed.color) } : {};
  return h(
    "article",
    {
      class: "embed",
      style,
      "aria-label": embed.title ? `Embed: ${embed.title}` : "Embed",
      dataset: { testid: "embed" },
    },
    h(
      "div",
      { class: "embed-words" },
      embed.provider?.name && h("div", { class: "embed-provider" }, embed.provider.name),
      embed.author && author(embed.author),
      embed.title && h("div", { class: "embed-title markdown" }, titled(embed)),
      embed.description && h("div", { class: "embed-text markdown" }, markdown(embed.description)),
      embed.fields?.length > 0 && fields(embed.fields),
    ),
    embed.thumbnail?.url &&
      h("div", { class: "embed-thumbnail" }, picture(embed.thumbnail, undefined, [96, 96])),
    embed.image?.url && h("div", { class: "embed-image" }, picture(embed.image)),
    embed.video?.url && h("div", { class: "embed-image" }, video(embed.video)),
    (embed.footer || embed.timestamp) && footer(embed),
  );
}

function bareMedia(embed) {
  if (embed.video?.url) return video(embed.video, { loop: embed.type === "gifv" });
  const item = embed.image ?? embed.thumbnail ?? { url: embed.url };
  return item.url ? picture(item) : null;
}

function titled({ title, url }) {
  return url ? linkNode(url, inline(title)) : inline(title);
}

function author({ name, url, icon_url: address }) {
  const words = url ? linkNode(url, name) : name;
  return h("div", { class: "embed-author" }, small(address), words);
}

function small(address) {
  return address && isLocal(address)
    ? h("img", { src: localAddress(address), alt: "", width: 22, height: 22 })
    : null;
}

function fields(list) {
  return h(
    "dl",
    { class: "embed-fields" },
    list.map((field, index) =>
      h(
        "div",
        { class: `of-${inItsRow(list, index)}` },
        h("dt", { class: "markdown" }, inline(field.name)),
        h("dd", { class: "markdown" }, markdown(field.value)),
      ),
    ),
  );
}

/** How many fields share this one's row: up to three inline ones that follow each other. */
function inItsRow(list, index) {
  if (!list[index].inline) return 1;
  let first = index;
  while (list[first - 1]?.inline) first -= 1;
  first = index - ((index - first) % 3);
  const row = list.slice(first, first + 3);
  const end = row.findIndex((field) => !field.inline);
  return end < 0 ? row.length : end;
}

function footer({ footer: words, timestamp }) {
  const date = timestamp ? new Date(timestamp) : null;
  const text = [words?.text, date && stamp(date)].filter(Boolean).join(" · ");
  return h("div", { class: "embed-footer" }, small(words?.icon_url), text || icon("more", 12));
}
