// Markdown inside a line: emphasis, code, spoilers, links, mentions, emoji and time marks.

import { h } from "../ui/dom.js";
import { EMOJI_RUN, emojiNode } from "./emoji.js";
import { linkNode } from "./links.js";
import { nameStyle, userName, cssColor } from "./names.js";
import { store } from "../state/store.js";
import { timestampNode } from "../ui/time.js";

const URL_TEXT = String.raw`https?://[^\s<>]*[^\s<>.,:;"'\]\)!?*_~|]`;

/** [pattern, what it becomes]; the earliest match wins, and of those the first in this list. */
const RULES = [
  [/\\([^\w\s])/, (found) => found[1]],
  [/(`+)([^`]|[^`][\s\S]*?[^`])\1(?!`)/, (found) => h("code", {}, found[2].trim() || found[2])],
  [/<@!?(\d+)>/, (found) => userMention(found[1])],
  [/<@&(\d+)>/, (found) => roleMention(found[1])],
  [/<#(\d+)>/, (found) => channelMention(found[1])],
  [/<\/([-\w ]{1,100}):(\d+)>/, (found) => commandMention(found[1])],
  [
    /<(a?):(\w+):(\d+)>/,
    (found) => emojiNode({ animated: Boolean(found[1]), name: found[2], id: found[3] }, "1.35em"),
  ],
  [
    /<t:(-?\d+)(?::([tTdDfFR]))?>/,
    (found) => timestampNode(Number(found[1]), found[2]) ?? found[0],
  ],
  [
    new RegExp(String.raw`\[([^\]\n]+)\]\(<?(${URL_TEXT}[)]?)>?(?: "[^"]*")?\)`),
    (found) => linkNode(found[2], inline(found[1])),
  ],
  [/<(https?:\/\/[^\s<>]+)>/, (found) => linkNode(found[1], found[1])],
  [new RegExp(URL_TEXT), (found) => linkNode(found[0], found[0])],
  [/\*\*\*(?=\S)([\s\S]+?)\*\*\*/, (found) => h("strong", {}, h("em", {}, inline(found[1])))],
  [/\*\*(?=\S)([\s\S]+?)\*\*(?!\*)/, (found) => h("strong", {}, inline(found[1]))],
  [/__(?=\S)([\s\S]+?)__(?!_)/, (found) => h("u", {}, inline(found[1]))],
  [/~~(?=\S)([\s\S]+?)~~/, (found) => h("s", {}, inline(found[1]))],
  [/\|\|([\s\S]+?)\|\|/, (found) => spoiler(inline(found[1]))],
  [
    /\*(?=[^\s*])([^*]*(?:\*\*[^*]+\*\*[^*]*)*[^\s*])\*(?!\*)|\*([^\s*])\*(?!\*)/,
    (found) => h("em", {}, inline(found[1] ?? found[2])),
  ],
  [/(?<![\w_])_(?=[^\s_])([\s\S]*?[^\s_])_(?![\w_])/, (found) => h("em", {}, inline(found[1]))],
  [/@(?:everyone|here)\b/, (found) => h("span", { class: "mention" }, found[0])],
  [EMOJI_RUN, (found) => emojiNode({ name: found[0] }, "1.3em")],
];

/** The text as nodes. */
export function inline(text) {
  const nodes = [];
  let rest = text;
  while (rest) {
    const hit = earliest(rest);
    if (!hit) {
      nodes.push(rest);
      break;
    }
    if (hit.found.index) nodes.push(rest.slice(0, hit.found.index));
    nodes.push(hit.make(hit.found));
    rest = rest.slice(hit.found.index + hit.found[0].length);
  }
  return nodes.flat(Infinity);
}

function earliest(text) {
  let best = null;
  for (const [pattern, make] of RULES) {
    const found = pattern.exec(text);
    if (found && (!best || found.index < best.found.index)) best = { found, make };
    if (best?.found.index === 0) break;
  }
  return best;
}

export function spoiler(nodes) {
  const show = (event) => {
    if (event.type === "keydown" && !["Enter", " "].includes(event.key)) return;
    const node = event.currentTarget;
    if (node.classList.contains("shown")) return;
    event.preventDefault();
    event.stopPropagation();
    node.classList.add("shown");
    node.removeAttribute("role");
    node.removeAttribute("aria-label");
    node.removeAttribute("tabindex");
  };
  const props = {
    class: "spoiler",
    role: "button",
    tabindex: "0",
    "aria-label": "Spoiler: press to show",
  };
  return h("span", { ...props, on: { click: show, keydown: show } }, h("span", {}, nodes));
}

/** A press on it opens the profile; the page hears it by its data. */
function userMention(id) {
  const user = store.members?.get(id)?.user;
  if (!user) return h("span", { class: "mention" }, "@unknown");
  const mine = id === store.meId ? " mine" : "";
  const props = {
    type: "button",
    class: `mention${mine}`,
    dataset: { profile: id },
    style: nameStyle(id),
  };
  return h("button", props, `@${userName(user)}`);
}

function roleMention(id) {
  const role = store.roles?.get(id);
  const style = role?.color ? { "--role": cssColor(role.color) } : {};
  const mine = store.me?.roles.includes(id) ? " mine" : "";
  return h("span", { class: `mention role${mine}`, style }, `@${role?.name ?? "unknown role"}`);
}

function channelMention(id) {
  const channel = store.channels.get(id)?.channel;
  if (!channel) return h("span", { class: "mention" }, "#no access");
  return h(
    "button",
    { type: "button", class: "mention", dataset: { openChannel: id } },
    `#${channel.name}`,
  );
}

function commandMention(path) {
  return h("button", { type: "button", class: "mention", dataset: { command: path } }, `/${path}`);
}
