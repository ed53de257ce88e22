// Channels as the page opens them: their list, history and commands, and what has been read.

import * as api from "./api.js";
import { memory } from "./memory.js";
import { writeAddress } from "./router.js";
import { store } from "./store.js";

export const PAGE = 50;

export async function reloadChannels() {
  const list = await api.channels(store.meId, store.guild.id);
  store.setChannels(list);
  for (const { channel } of list) {
    const seen = memory.get(`seen:${store.meId}:${channel.id}`);
    const isNewer =
      seen && channel.last_message_id && BigInt(channel.last_message_id) > BigInt(seen);
    if (isNewer && !store.unread.has(channel.id)) store.unread.set(channel.id, 1);
  }
  if (store.channelId && !store.place) await openOrClose(firstChannel());
}

/** Open this channel; without one, as for who sees none, show none. */
export async function openOrClose(channel) {
  if (channel) return openChannel(channel.id);
  store.channelId = null;
  store.emit("channel");
}

export async function openChannel(channelId) {
  store.channelId = channelId;
  writeAddress();
  store.emit("channel");
  const opened = channelId;
  const [messages] = await Promise.all([
    api.history(store.meId, channelId, { limit: PAGE }),
    reloadCommands(channelId),
  ]);
  const known = store.messages.get(channelId);
  const overlaps = known?.list.some((message) => messages.some((item) => item.id === message.id));
  store.putMessages(channelId, messages, {
    fresh: !overlaps,
    complete: messages.length < PAGE || (overlaps && known.complete),
  });
  if (opened === store.channelId) markRead(channelId);
}

/** Open a channel at a message, loading what is older until it is there. Throws what to tell. */
export async function openPlace(channelId, messageId) {
  if (!store.channels.has(channelId) && !store.directs.has(channelId))
    throw new Error("That message is in a channel you cannot see.");
  if (channelId !== store.channelId) await openChannel(channelId);
  if (!messageId) return;
  while (!store.find(channelId, messageId) && store.messages.get(channelId)?.complete === false)
    await loadOlder(channelId);
  if (!store.find(channelId, messageId)) throw new Error("That message is no longer there.");
  if (channelId === store.channelId) store.emit("jump", messageId);
}

export async function reloadCommands(channelId) {
  store.commands.set(channelId, await api.commands(store.meId, channelId).catch(() => []));
  store.emit("commands");
}

/** Load what is older than what we have. */
export async function loadOlder(channelId) {
  const known = store.messages.get(channelId);
  if (!known || known.complete || !known.list.length) return;
  const older = await api.history(store.meId, channelId, {
    before: known.list[0].id,
    limit: PAGE,
  });
  store.putMessages(channelId, older, { complete: older.length < PAGE });
}

export function markRead(channelId) {
  const last = store.history(channelId).at(-1) ?? store.channels.get(channelId)?.channel;
  const id = last?.channel_id ? last.id : last?.last_message_id;
  if (id) memory.set(`seen:${store.meId}:${channelId}`, id);
  if (store.unread.delete(channelId)) store.emit("unread");
}

/** By id or by name; undefined if we see no such channel. */
export function findChannel(wanted) {
  if (!wanted) return undefined;
  const all = [...store.channels.values()].map((place) => place.channel);
  return all.find((channel) => channel.id === wanted || channel.name === wanted);
}

export function firstChannel() {
  const all = [...store.channels.values()].map((place) => place.channel);
  const rooms = all.filter((channel) => [0, 5].includes(channel.type));
  return rooms.sort((a, b) => a.position - b.position)[0] ?? all[0];
}
