// What each event of the stream does to the store.

import { settled } from "../interactions/interactions.js";
import { emojiKey } from "../content/emoji.js";
import { markRead, reloadChannels, reloadCommands } from "../state/places.js";
import { store } from "../state/store.js";

const TYPING_SECONDS = 10;
const timers = new Map();

/** Do it a little later and once, however often it is asked for. */
function soon(name, work) {
  clearTimeout(timers.get(name));
  timers.set(
    name,
    setTimeout(() => work().catch(() => undefined), 60),
  );
}

/** `reloadWorld` is the session's: it may have to act as someone else afterwards. */
export function applyEvent({ type, data }, reloadWorld) {
  HANDLERS[type]?.(data);
  if (/^(GUILD_|CHANNEL_|THREAD_)/.test(type)) {
    if (!type.startsWith("THREAD_")) soon("world", reloadWorld);
    soon("channels", reloadChannels);
    if (type.startsWith("GUILD_")) soon("commands", () => reloadCommands(store.channelId));
  }
}

const HANDLERS = {
  MESSAGE_CREATE(message) {
    stopTyping(message.channel_id, message.author.id);
    noticeDirect(message);
    store.putMessage(message);
    if (isWatched(message.channel_id)) markRead(message.channel_id);
    else if (message.author.id !== store.meId) countUnread(message.channel_id);
    store.emit("arrived", message);
  },
  MESSAGE_UPDATE(message) {
    if (store.find(message.channel_id, message.id)) store.putMessage(message);
  },
  MESSAGE_DELETE: ({ channel_id, id }) => store.dropMessages(channel_id, [id]),
  MESSAGE_DELETE_BULK: ({ channel_id, ids }) => store.dropMessages(channel_id, ids),
  MESSAGE_REACTION_ADD: (data) => countReaction(data, +1),
  MESSAGE_REACTION_REMOVE: (data) => countReaction(data, -1),
  MESSAGE_REACTION_REMOVE_ALL: ({ channel_id, message_id }) =>
    store.patchMessage(channel_id, message_id, () => ({ reactions: [] })),
  MESSAGE_REACTION_REMOVE_EMOJI: ({ channel_id, message_id, emoji }) =>
    store.patchMessage(channel_id, message_id, ({ reactions = [] }) => ({
      reactions: reactions.filter((item) => emojiKey(item.emoji) !== emojiKey(emoji)),
    })),
  TYPING_START({ channel_id, user_id }) {
    if (user_id === store.meId) return;
    const typing = store.typing.get(channel_id) ?? new Map();
    store.typing.set(channel_id, typing.set(user_id, Date.now() + TYPING_SECONDS * 1000));
    store.emit("typing");
  },
  INTERACTION_RECORD: (record) => settled(record),
  BOT_PRESENCE({ online }) {
    store.application.online = online;
    store.emit("presence");
    soon("commands", () => reloadCommands(store.channelId));
  },
  COMMANDS_CHANGED: () => soon("commands", () => reloadCommands(store.channelId)),
};

/** Reactions come as single steps; ours are counted once, whether we or an event were first. */
function countReaction({ channel_id, message_id, user_id, emoji }, step) {
  const isMine = user_id === store.meId;
  store.patchMessage(channel_id, message_id, ({ reactions = [] }) => {
    const found = reactions.find((item) => emojiKey(item.emoji) === emojiKey(emoji));
    if (isMine && Boolean(found?.me) === step > 0) return {};
    if (!found)
      return step > 0 ? { reactions: [...reactions, { emoji, count: 1, me: isMine }] } : {};
    const changed = { ...found, count: found.count + step, me: isMine ? step > 0 : found.me };
    return {
      reactions: reactions
        .map((item) => (item === found ? changed : item))
        .filter((item) => item.count > 0),
    };
  });
}

function isWatched(channelId) {
  return channelId === store.channelId && !document.hidden;
}

function countUnread(channelId) {
  store.unread.set(channelId, (store.unread.get(channelId) ?? 0) + 1);
  store.emit("unread");
}

function stopTyping(channelId, userId) {
  if (store.typing.get(channelId)?.delete(userId)) store.emit("typing");
}

/** A direct message: its channel is in no list, so it is made from the message. */
function noticeDirect(message) {
  if (message.guild_id || store.channels.has(message.channel_id)) return;
  if (message.channel_type !== 1 || store.directs.has(message.channel_id)) return;
  const name = message.author.global_name ?? message.author.username;
  store.directs.set(message.channel_id, { id: message.channel_id, type: 1, name });
  store.emit("channels");
}
