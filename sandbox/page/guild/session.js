// The session as a whole: load the world, act as a member, catch up after a lost connection.

import * as api from "../state/api.js";
import { applyEvent } from "./applying.js";
import { EventStream } from "../state/events.js";
import { memory } from "../state/memory.js";
import {
  findChannel,
  firstChannel,
  openOrClose,
  PAGE,
  reloadChannels,
  reloadCommands,
} from "../state/places.js";
import { readAddress } from "../state/router.js";
import { store } from "../state/store.js";

const stream = new EventStream({
  onEvent: (event) => applyEvent(event, reloadWorld),
  onConnected: (again) => (again ? catchUp() : undefined),
  onChange: (connected) => {
    store.connected = connected;
    store.emit("connection");
  },
});

export async function start() {
  store.setWorld(await api.world());
  const wanted = readAddress();
  const people = store.guild.members.filter((member) => !member.user.bot);
  const chosen = people.find(({ user }) => [user.id, user.username].includes(wanted.as));
  const remembered = people.find(({ user }) => user.id === memory.get("me"));
  await become((chosen ?? remembered ?? people[0]).user.id, wanted.channel);
}

/** Act as this member from now on. */
export async function become(userId, wanted) {
  const was = store.place?.channel;
  store.forget();
  store.meId = userId;
  memory.set("me", userId);
  stream.open(userId);
  await reloadChannels();
  store.emit("me");
  const before = store.channels.get(was?.id)?.channel;
  await openOrClose(findChannel(wanted) ?? before ?? firstChannel());
}

async function reloadWorld() {
  store.setWorld(await api.world());
  if (!store.me) await become(store.guild.members.find((member) => !member.user.bot).user.id);
}

/** After a lost connection: everything may have changed. What was read here is read again. */
async function catchUp() {
  const open = store.channelId;
  for (const id of [...store.messages.keys()]) if (id !== open) store.messages.delete(id);
  store.setWorld(await api.world());
  await reloadChannels();
  if (!open) return;
  const messages = await api.history(store.meId, open, { limit: PAGE });
  store.putMessages(open, messages, { fresh: true, complete: messages.length < PAGE });
  await reloadCommands(open);
}
