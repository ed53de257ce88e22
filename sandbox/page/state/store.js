// Everything the page knows: the world, who we are, channels, messages. Emits what changed; fetches nothing.

import { Emitter } from "./emitter.js";

export const BIT = {
  ADMINISTRATOR: 1n << 3n,
  ADD_REACTIONS: 1n << 6n,
  SEND_MESSAGES: 1n << 11n,
  MANAGE_MESSAGES: 1n << 13n,
  ATTACH_FILES: 1n << 15n,
  USE_COMMANDS: 1n << 31n,
  CREATE_PUBLIC_THREADS: 1n << 35n,
  SEND_IN_THREADS: 1n << 38n,
};
export const FLAG = { EPHEMERAL: 1 << 6, LOADING: 1 << 7, V2: 1 << 15 };
export const isThread = (channel) => [10, 11, 12].includes(channel?.type);

class Store extends Emitter {
  application = null;
  guild = null; // the open one
  guilds = [];
  version = 0; // grows with the world, so that names and colours are redrawn
  meId = null;
  channelId = null;
  connected = true;
  channels = new Map(); // id → {channel, permissions}
  knowsChannels = false; // whether they have come, if only to be none
  directs = new Map(); // id → channel, found by messages that came
  messages = new Map(); // channel id → {list, complete}
  commands = new Map(); // channel id → [Command]
  typing = new Map(); // channel id → Map(user id → until)
  unread = new Map(); // channel id → count
  local = []; // rows that only this page has: what is being run, what failed
  notes = new Map(); // message id → what failed about it

  setWorld(world) {
    this.application = world.application;
    this.guilds = world.guilds;
    this.guild = world.guilds.find((guild) => guild.id === this.guild?.id) ?? world.guilds[0];
    this.members = new Map(this.guild.members.map((member) => [member.user.id, member]));
    this.roles = new Map(this.guild.roles.map((role) => [role.id, role]));
    this.version += 1;
    this.emit("world");
  }

  get me() {
    return this.members?.get(this.meId);
  }

  get place() {
    return this.channels.get(this.channelId) ?? this.#direct(this.channelId);
  }

  #direct(id) {
    const channel = this.directs.get(id);
    return channel && { channel, permissions: ~0n };
  }

  setChannels(list) {
    this.channels = new Map(
      list.map((item) => [item.channel.id, { ...item, permissions: BigInt(item.permissions) }]),
    );
    this.knowsChannels = true;
    this.emit("channels");
  }

  /** Whether we may do this in the channel that is open (or another). */
  may(bit, place = this.place) {
    return Boolean(place && place.permissions & bit);
  }

  get maySend() {
    const place = this.place;
    if (!place || place.channel.thread_metadata?.locked) return false;
    return this.may(isThread(place.channel) ? BIT.SEND_IN_THREADS : BIT.SEND_MESSAGES, place);
  }

  history(channelId = this.channelId) {
    return this.messages.get(channelId)?.list ?? [];
  }

  find(channelId, messageId) {
    return this.history(channelId).find((message) => message.id === messageId);
  }

  /** Take messages in, whatever their order; each id once, the newest state wins. */
  putMessages(channelId, list, { complete, fresh } = {}) {
    const known = (!fresh && this.messages.get(channelId)) || { list: [], complete: false };
    const byId = new Map(known.list.map((message) => [message.id, message]));
    for (const message of list) byId.set(message.id, { ...byId.get(message.id), ...message });
    const sorted = [...byId.values()].sort((a, b) => compareIds(a.id, b.id));
    this.messages.set(channelId, { list: sorted, complete: complete ?? known.complete });
    this.emit("messages", channelId);
  }

  /** A message that came or changed; of channels never opened only what is new is counted. */
  putMessage(message) {
    if (this.messages.has(message.channel_id)) this.putMessages(message.channel_id, [message]);
  }

  patchMessage(channelId, messageId, change) {
    const message = this.find(channelId, messageId);
    if (message) this.putMessages(channelId, [{ ...message, ...change(message) }]);
  }

  dropMessages(channelId, ids) {
    const known = this.messages.get(channelId);
    if (!known) return;
    known.list = known.list.filter((message) => !ids.includes(message.id));
    this.emit("messages", channelId);
  }

  setLocal(row) {
    this.local = [...this.local.filter((item) => item.key !== row.key), row];
    this.emit("messages", row.channelId);
  }

  dropLocal(key) {
    const row = this.local.find((item) => item.key === key);
    this.local = this.local.filter((item) => item.key !== key);
    if (row) this.emit("messages", row.channelId);
  }

  note(message, text) {
    if (text) this.notes.set(message.id, text);
    else this.notes.delete(message.id);
    this.emit("messages", message.channel_id);
  }

  /** Forget what belonged to the person we were. */
  forget() {
    this.knowsChannels = false;
    for (const map of [this.channels, this.directs, this.messages, this.commands, this.typing]) {
      map.clear();
    }
    this.unread.clear();
    this.local = [];
    this.notes.clear();
  }
}

const compareIds = (a, b) => a.length - b.length || (a < b ? -1 : a > b ? 1 : 0);
export const store = new Store();
