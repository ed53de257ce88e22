// One message: a row made of sections, each redrawn only when it changed, so that a video plays on.

import { attachmentsNode } from "../content/attachments.js";
import { componentNode } from "../interactions/componentsV2.js";
import { h, replace } from "../ui/dom.js";
import { embedNode } from "../content/embeds.js";
import { icon } from "../ui/icons.js";
import { dismiss, isEditing, editor, toolbar } from "./messageActions.js";
import { headerNode, referenceNode } from "./messageHead.js";
import { plain, textBlock } from "../content/markdown.js";
import { userName } from "../content/names.js";
import { reactionBar } from "./reactions.js";
import { FLAG, store } from "../state/store.js";
import { clock, longDate } from "../ui/time.js";
import { threadLink } from "./threads.js";

/** Signed addresses are fresh each time; they are no change. */
const signature = (data) => JSON.stringify(data)?.replaceAll(/(\/cdn\/[^"?]+)\?[^"]*/g, "$1");

/** `{node, update(message, isFollowing)}`; following messages of one author have no header. */
export function messageRow() {
  const slots = new Map();
  const node = h("article", { class: "message", tabindex: "-1", dataset: { testid: "message" } });

  function slot(name, data, make) {
    const known = slots.get(name);
    const mark = signature(data);
    if (known && known.mark === mark) return;
    const place = known?.place ?? h("div", { class: `slot ${name}` });
    if (!known) node.append(place);
    slots.set(name, { place, mark });
    const had = place.contains(document.activeElement) && focusMark(document.activeElement);
    const made = make();
    replace(place, made);
    place.hidden = !place.childNodes.length;
    if (had) place.querySelector(had)?.focus();
  }

  function update(message, isFollowing) {
    const me = store.meId;
    const isEphemeral = Boolean(message.flags & FLAG.EPHEMERAL);
    const note = store.notes.get(message.id);
    const thinking = Boolean(message.flags & FLAG.LOADING) && !note;
    const editing = isEditing(message.id);
    Object.assign(node.dataset, { messageId: message.id, authorId: message.author.id });
    node.className = classes(message, { isFollowing, isEphemeral, thinking });
    node.setAttribute("aria-label", spoken(message));
    const {
      author,
      timestamp,
      type,
      interaction_metadata: origin,
      referenced_message: original,
      message_reference: reference,
    } = message;
    slot(
      "above",
      [isFollowing, original, reference, origin, type, store.version],
      () => !isFollowing && referenceNode(message),
    );
    slot("head", [author, timestamp, isFollowing, me, store.version], () =>
      isFollowing ? smallTime(message) : headerNode(message),
    );
    slot(
      "words",
      [
        message.content,
        message.edited_timestamp,
        thinking,
        note && message.flags & FLAG.LOADING,
        editing,
        store.version,
      ],
      () => words(message, { thinking, editing }),
    );
    slot("forwarded", message.message_snapshots ?? null, () => forwarded(message));
    slot(
      "files",
      [message.attachments, message.flags & FLAG.V2],
      () => !(message.flags & FLAG.V2) && attachmentsNode(message.attachments),
    );
    slot("stickers", message.sticker_items ?? null, () => stickers(message.sticker_items ?? []));
    slot("embeds", message.embeds, () => message.embeds?.map(embedNode));
    slot("parts", [message.components, store.version], () =>
      message.components?.map((item) => componentNode(item, message)),
    );
    slot(
      "note",
      [note, thinking],
      () =>
        note &&
        h(
          "p",
          { class: "problem", role: "alert", dataset: { testid: "interaction-failed" } },
          icon("warning", 16),
          note,
        ),
    );
    slot("thread", message.thread ?? null, () => message.thread && threadLink(message.thread));
    slot("reacted", [message.reactions, me], () => reactionBar(message));
    slot("below", isEphemeral, () => isEphemeral && privately(message));
    slot(
      "tools",
      [
        isEphemeral,
        Boolean(message.reactions?.length),
        author.id === me,
        store.channelId,
        store.place?.permissions.toString(),
      ],
      () => toolbar(message),
    );
  }

  return { node, update };
}

function classes(message, { isFollowing, isEphemeral, thinking }) {
  const mentionsMe =
    message.mentions?.some((user) => user.id === store.meId) ||
    message.mention_roles?.some((id) => store.me?.roles.includes(id)) ||
    message.mention_everyone;
  return [
    "message",
    isFollowing ? "following" : "leading",
    isEphemeral && "ephemeral",
    thinking && "thinking",
    mentionsMe && "mentions-me",
  ]
    .filter(Boolean)
    .join(" ");
}

function spoken(message) {
  const files = message.attachments?.length ? `, ${message.attachments.length} files` : "";
  return `${userName(message.author)}, ${clock(new Date(message.timestamp))}: ${plain(message.content ?? "")}${files}`;
}

function smallTime({ timestamp }) {
  const date = new Date(timestamp);
  return h(
    "time",
    { class: "small-time", datetime: timestamp, title: longDate(date) },
    clock(date),
  );
}

function words(message, { thinking, editing }) {
  if (editing) return editor(message);
  if (thinking) {
    return h(
      "div",
      { class: "thinking-words", dataset: { testid: "thinking" } },
      h("span", { class: "dots", "aria-hidden": "true" }, h("i"), h("i"), h("i")),
      `${userName(message.author)} is thinking…`,
    );
  }
  if (SYSTEM[message.type])
    return h("div", { class: "text system" }, SYSTEM[message.type](message));
  const edited =
    message.edited_timestamp &&
    !(message.flags & FLAG.EPHEMERAL) &&
    h("span", { class: "edited", title: longDate(new Date(message.edited_timestamp)) }, "(edited)");
  if (!message.content) return null;
  const block = textBlock(message.content);
  if (edited)
    (block.lastElementChild?.matches(".line") ? block.lastElementChild : block).append(" ", edited);
  return block;
}

const SYSTEM = {
  6: () => "pinned a message",
  7: () => "joined the server",
  18: (message) => `started the thread “${message.content}”`,
  21: () => "This thread was started from a message in the channel.",
};

/** Forwards show what they carry, set off from what the forwarder may have said. */
function forwarded({ message_snapshots: snapshots }) {
  return (snapshots ?? []).map(({ message }) =>
    h(
      "blockquote",
      { class: "forward", dataset: { testid: "forward" } },
      h("div", { class: "faint forward-mark" }, icon("forward", 14), "Forwarded"),
      message.content && textBlock(message.content),
      attachmentsNode(message.attachments ?? []),
      message.embeds?.map(embedNode),
    ),
  );
}

function stickers(items) {
  return items.map((item) =>
    h("img", {
      class: "sticker",
      src: `/cdn/stickers/${item.id}.png`,
      alt: `Sticker: ${item.name}`,
      title: item.name,
      width: 140,
      height: 140,
    }),
  );
}

function privately(message) {
  return h(
    "div",
    { class: "private", dataset: { testid: "ephemeral-mark" } },
    icon("eye", 15),
    "Only you can see this",
    h(
      "button",
      {
        type: "button",
        class: "link",
        dataset: { testid: "dismiss" },
        on: { click: () => dismiss(message) },
      },
      "Dismiss message",
    ),
  );
}

/** How to find the focused control again after its section was redrawn. */
function focusMark(node) {
  const { customId, emoji } = node.dataset;
  if (customId) return `[data-custom-id="${CSS.escape(customId)}"]`;
  if (emoji) return `[data-emoji="${CSS.escape(emoji)}"]`;
  return null;
}
