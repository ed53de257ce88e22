// What can be done with a message: quick reactions, reply, forward, edit, delete, apps. By hover, menu or key.

import * as api from "../state/api.js";
import { openMenu } from "../ui/contextmenu.js";
import { h } from "../ui/dom.js";
import { emojiNode, QUICK } from "../content/emoji.js";
import { openEmojiPicker } from "../content/emojiPicker.js";
import { openForward } from "./forward.js";
import { icon } from "../ui/icons.js";
import { runContextMenu } from "../interactions/interactions.js";
import { closePopover } from "../ui/popover.js";
import { toggleReaction } from "./reactions.js";
import { BIT, FLAG, store } from "../state/store.js";
import { startThread } from "./threads.js";
import { attempt, copy } from "../ui/toasts.js";

const MESSAGE_COMMAND = 3;
let editingId = null;

const isMine = (message) => message.author.id === store.meId;
const isPrivate = (message) => Boolean(message.flags & FLAG.EPHEMERAL);
const mayReact = (message) =>
  !isPrivate(message) && (store.may(BIT.ADD_REACTIONS) || message.reactions?.length > 0);
const mayDelete = (message) =>
  !isPrivate(message) && (isMine(message) || store.may(BIT.MANAGE_MESSAGES));
const current = (message) => store.find(message.channel_id, message.id) ?? message;

/** The buttons that appear on a message while it is pointed at or in focus. */
export function toolbar(message) {
  const tool = (label, content, action, testid) =>
    h(
      "button",
      {
        type: "button",
        class: "tool",
        tabindex: "-1",
        "aria-label": label,
        title: label,
        dataset: { testid },
        on: { click: action },
      },
      content,
    );
  return h(
    "div",
    { class: "toolbar", role: "toolbar", "aria-label": "Message actions" },
    mayReact(message) &&
      QUICK.map((name) =>
        tool(
          `React with ${name}`,
          emojiNode({ name }, "1.15rem"),
          () => toggleReaction(message, { name }),
          name === "🎬" ? "react-clapper" : "react-quick",
        ),
      ),
    mayReact(message) &&
      tool(
        "Add a reaction",
        icon("smile", 18),
        (event) => pickReaction(message, event.currentTarget),
        "react-other",
      ),
    !isPrivate(message) &&
      store.maySend &&
      tool("Reply", icon("reply", 18), () => store.emit("reply", message), "reply"),
    isMine(message) &&
      !isPrivate(message) &&
      tool("Edit", icon("edit", 18), () => edit(message), "edit"),
    tool(
      "More",
      icon("more", 18),
      (event) => openMessageMenu(message, event.currentTarget),
      "more",
    ),
  );
}

const pickReaction = (message, anchor) =>
  openEmojiPicker(anchor, (emoji) => toggleReaction(message, emoji));

export function openMessageMenu(message, anchor) {
  const now = current(message);
  const commands = (store.commands.get(store.channelId) ?? []).filter(
    (item) => item.type === MESSAGE_COMMAND,
  );
  const hasFeeling = mayReact(now);
  openMenu(
    [
      hasFeeling && { node: quickRow(now, anchor) },
      store.maySend &&
        !isPrivate(now) && {
          label: "Reply",
          icon: "reply",
          action: () => store.emit("reply", now),
        },
      !isPrivate(now) && { label: "Forward", icon: "forward", action: () => openForward(now) },
      isMine(now) &&
        !isPrivate(now) && { label: "Edit message", icon: "edit", action: () => edit(now) },
      store.may(BIT.CREATE_PUBLIC_THREADS) &&
        !now.thread &&
        !isPrivate(now) &&
        [0, 5].includes(store.place?.channel.type) && {
          label: "Start a thread",
          icon: "thread",
          action: () => startThread(now),
        },
      commands.length > 0 && !isPrivate(now) && { separator: true },
      commands.length > 0 && !isPrivate(now) && { title: "Apps" },
      ...(isPrivate(now) ? [] : commands).map((command) => ({
        label: command.name,
        icon: "apps",
        testid: "message-command",
        dataset: { command: command.name },
        action: () => runContextMenu(command, now),
      })),
      { separator: true },
      { label: "Copy text", icon: "copy", action: () => copy(now.content, "Text") },
      { label: "Copy ID", icon: "copy", action: () => copy(now.id, "ID") },
      isPrivate(now) && { label: "Dismiss message", icon: "close", action: () => dismiss(now) },
      mayDelete(now) && {
        label: "Delete message",
        icon: "trash",
        danger: true,
        testid: "delete",
        action: () => remove(now),
      },
    ],
    { anchor, label: "Message menu" },
  );
}

/** Reactions as the menu's first row, 🎬 foremost. */
function quickRow(message, anchor) {
  const item = (label, content, action) =>
    h(
      "button",
      {
        type: "button",
        class: "quick",
        role: "menuitem",
        tabindex: "-1",
        "aria-label": label,
        title: label,
        on: {
          click: () => {
            closePopover();
            action();
          },
        },
      },
      content,
    );
  return h(
    "div",
    { class: "quick-row" },
    QUICK.map((name) =>
      item(`React with ${name}`, emojiNode({ name }, "1.4rem"), () =>
        toggleReaction(message, { name }),
      ),
    ),
    item("Another reaction", icon("smile", 22), () => pickReaction(message, anchor)),
  );
}

export const dismiss = (message) => attempt(() => api.remove(store.meId, message));
const remove = (message) => attempt(() => api.remove(store.meId, message));

export const isEditing = (id) => editingId === id;

export function edit(message) {
  const before = editingId;
  editingId = message.id;
  if (before) store.emit("messages", message.channel_id);
  store.emit("messages", message.channel_id);
  document.querySelector(`[data-message-id="${message.id}"] .editor textarea`)?.focus();
}

/** The message's text as a field; Enter saves, Esc leaves it as it was. */
export function editor(message) {
  const finish = () => {
    editingId = null;
    store.emit("messages", message.channel_id);
    store.emit("focus-composer");
  };
  const save = () =>
    attempt(async () => {
      const content = input.value.trim();
      if (content && content !== message.content)
        store.putMessage(await api.edit(store.meId, message, content));
      finish();
    });
  const input = h("textarea", {
    class: "field",
    rows: 2,
    value: message.content,
    "aria-label": "Edit message",
    on: {
      keydown(event) {
        event.stopPropagation();
        if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
          event.preventDefault();
          save();
        }
        if (event.key === "Escape") finish();
      },
    },
  });
  return h(
    "div",
    { class: "editor" },
    input,
    h(
      "div",
      { class: "faint" },
      "Enter saves, Esc cancels ",
      h("button", { type: "button", class: "link", on: { click: save } }, "Save"),
      " ",
      h("button", { type: "button", class: "link", on: { click: finish } }, "Cancel"),
    ),
  );
}
