// Reactions under a message: counts, ours marked, one press toggles.

import * as api from "../state/api.js";
import { h } from "../ui/dom.js";
import { emojiKey, emojiName, emojiNode, emojiPath } from "../content/emoji.js";
import { openEmojiPicker } from "../content/emojiPicker.js";
import { icon } from "../ui/icons.js";
import { store } from "../state/store.js";
import { attempt } from "../ui/toasts.js";

/** React, or take it back if we have already. */
export function toggleReaction(message, emoji) {
  const current = store.find(message.channel_id, message.id) ?? message;
  const mine = current.reactions?.find((item) => emojiKey(item.emoji) === emojiKey(emoji))?.me;
  return attempt(() => (mine ? api.unreact : api.react)(store.meId, message, emojiPath(emoji)));
}

export function reactionBar(message) {
  const reactions = message.reactions ?? [];
  if (!reactions.length) return null;
  return h(
    "div",
    { class: "reactions", role: "group", "aria-label": "Reactions" },
    reactions.map((item) => chip(message, item)),
    adder(message),
  );
}

function chip(message, { emoji, count, me }) {
  const name = emojiName(emoji);
  const words = `${name}, ${count} ${count === 1 ? "reaction" : "reactions"}${me ? ", yours among them" : ""}`;
  return h(
    "button",
    {
      type: "button",
      class: "reaction",
      "aria-pressed": String(Boolean(me)),
      "aria-label": words,
      title: words,
      dataset: { testid: "reaction", emoji: emoji.name },
      on: { click: () => toggleReaction(message, emoji) },
    },
    emojiNode(emoji, "1.1rem"),
    h("span", { class: "count" }, String(count)),
  );
}

function adder(message) {
  const open = (event) =>
    openEmojiPicker(event.currentTarget, (emoji) => toggleReaction(message, emoji));
  return h(
    "button",
    {
      type: "button",
      class: "reaction add",
      "aria-label": "Add a reaction",
      title: "Add a reaction",
      on: { click: open },
    },
    icon("smile", 18),
  );
}
