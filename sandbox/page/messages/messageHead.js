// Above a message: who wrote it and when, what it answers, which command it comes from.

import { h } from "../ui/dom.js";
import { icon } from "../ui/icons.js";
import { plain } from "../content/markdown.js";
import { appTag, avatar, nameNode } from "../content/names.js";
import { openProfile } from "../guild/profile.js";
import { longDate, stamp } from "../ui/time.js";

const COMMAND = 2;
const SLASH = 1;

export function headerNode(message) {
  const { author, timestamp } = message;
  const date = new Date(timestamp);
  const open = (event) => openProfile(author, event.currentTarget, "right");
  return [
    h(
      "button",
      {
        type: "button",
        class: "avatar-button",
        tabindex: "-1",
        "aria-label": `Profile of ${author.global_name ?? author.username}`,
        dataset: { testid: "avatar" },
        on: { click: open },
      },
      avatar(author),
    ),
    h(
      "div",
      { class: "head-words" },
      h(
        "button",
        {
          type: "button",
          class: "author",
          tabindex: "-1",
          dataset: { testid: "author" },
          on: { click: open },
        },
        nameNode(author),
      ),
      author.bot && appTag(),
      h("time", { datetime: timestamp, title: longDate(date) }, stamp(date)),
    ),
  ];
}

/** The line above: a command that was used, or the message that is answered. */
export function referenceNode(message) {
  const origin = message.interaction_metadata;
  if (origin?.type === COMMAND && [20, 23].includes(message.type)) return used(origin);
  if (message.type === 19) return answered(message);
  return null;
}

function used({ user, name, command_type: kind }) {
  return h(
    "div",
    { class: "reference" },
    icon("apps", 14),
    avatar(user, 16),
    nameNode(user),
    h("span", {}, "used"),
    h(
      "span",
      { class: "used-command" },
      kind === SLASH || kind === undefined ? `/${name ?? "a command"}` : name,
    ),
  );
}

function answered({ referenced_message: original, message_reference: reference }) {
  if (!original)
    return h(
      "div",
      { class: "reference" },
      icon("reply", 14),
      h("em", {}, "The original message was deleted."),
    );
  const words =
    plain(original.content ?? "") ||
    (original.attachments?.length ? "a file" : original.embeds?.length ? "an embed" : "a message");
  return h(
    "button",
    {
      type: "button",
      class: "reference",
      tabindex: "-1",
      title: "Go to the message",
      dataset: { jump: reference?.message_id ?? original.id },
    },
    icon("reply", 14),
    avatar(original.author, 16),
    nameNode(original.author),
    h("span", { class: "reference-words" }, words),
  );
}
