// Markdown by blocks: code, quotes, headings, lists and plain lines. Makes nodes, never markup.

import { h } from "../ui/dom.js";
import { EMOJI_RUN } from "./emoji.js";
import { inline } from "./inline.js";

const FENCE = /```(?:([\w+-]+)\n)?\n?([\s\S]*?)\n?```/;

/** The text as a fragment. */
export function markdown(text) {
  const fragment = document.createDocumentFragment();
  fragment.append(...blocks(text));
  return fragment;
}

/** A block of message text, large when it is nothing but a few emoji. */
export function textBlock(text, className = "text") {
  const alone = new RegExp(`^(?:(?:${EMOJI_RUN.source}|<a?:\\w+:\\d+>)\\s*){1,9}$`, "u");
  const jumbo = alone.test(text.trim()) ? " jumbo" : "";
  return h("div", { class: `${className} markdown${jumbo}`, dir: "auto" }, markdown(text));
}

/** What a text says without its marks: for one-line previews and labels. */
export function plain(text) {
  const words = blocks(text).map((block) => block.textContent);
  return words.join(" ").replaceAll(/\s+/g, " ").trim();
}

function blocks(text) {
  const fence = FENCE.exec(text);
  if (!fence) return lines(text);
  const before = text.slice(0, fence.index).replace(/\n$/, "");
  const after = text.slice(fence.index + fence[0].length).replace(/^\n/, "");
  return [
    ...lines(before),
    h(
      "pre",
      { tabindex: "0", "aria-label": fence[1] ? `Code, ${fence[1]}` : "Code" },
      h("code", {}, fence[2]),
    ),
    ...blocks(after),
  ];
}

function lines(text) {
  if (!text) return [];
  const nodes = [];
  const waiting = [...text.split("\n")];
  while (waiting.length) {
    const rest = />>> ?/.exec(waiting[0])?.index === 0;
    if (rest) {
      const quoted = [waiting.shift().replace(/^>>> ?/, ""), ...waiting.splice(0)].join("\n");
      nodes.push(h("blockquote", {}, blocks(quoted)));
    } else if (/^> /.test(waiting[0])) {
      const quoted = take(waiting, /^> ?/).map((line) => line.replace(/^> ?/, ""));
      nodes.push(h("blockquote", {}, lines(quoted.join("\n"))));
    } else if (/^#{1,3} \S/.test(waiting[0])) {
      const [, marks, words] = /^(#{1,3}) (.*)$/.exec(waiting.shift());
      nodes.push(
        h(
          "div",
          { class: `heading-${marks.length}`, role: "heading", "aria-level": marks.length + 2 },
          inline(words),
        ),
      );
    } else if (/^-# \S/.test(waiting[0])) {
      nodes.push(h("div", { class: "subtext" }, inline(waiting.shift().slice(3))));
    } else if (/^\s*([-*]|\d+\.) \S/.test(waiting[0])) {
      nodes.push(list(take(waiting, /^\s*([-*]|\d+\.) \S/)));
    } else {
      nodes.push(...paragraph(waiting));
    }
  }
  return nodes;
}

/** Lines up to the next block, joined, so that emphasis may go over line ends. */
function paragraph(waiting) {
  const found = [waiting.shift()];
  while (waiting.length && !/^(> |>>> |#{1,3} \S|-# \S|\s*([-*]|\d+\.) \S)/.test(waiting[0])) {
    found.push(waiting.shift());
  }
  return [h("div", { class: "line" }, inline(found.join("\n")))];
}

function take(waiting, pattern) {
  const found = [];
  while (waiting.length && pattern.test(waiting[0])) found.push(waiting.shift());
  return found;
}

function list(found) {
  const ordered = /^\s*(\d+)\./.exec(found[0]);
  const items = found.map((line) => {
    const [, indent, , words] = /^(\s*)([-*]|\d+\.) (.*)$/.exec(line);
    return h("li", { class: indent.length > 1 ? "deeper" : null }, inline(words));
  });
  return ordered ? h("ol", { start: ordered[1] }, items) : h("ul", {}, items);
}
