// Using the bot: commands, components and menus. Follows each until it is settled and says when it failed.

import * as api from "../state/api.js";
import { freshId } from "../ui/dom.js";
import { openModal } from "./modal.js";
import { FLAG, store } from "../state/store.js";
import { toast } from "../ui/toasts.js";

const LONGEST_WAIT = 20_000;
const watchers = new Map(); // interaction id → what to do when its record changes

/** A record changed: call its watcher, and mark thinking messages that will not be filled. */
export function settled(record) {
  const { message } = record;
  if (record.state === "failed" && message && message.flags & FLAG.LOADING)
    store.note(message, record.failure);
  watchers.get(record.id)?.(record);
}

/**
 * Run a slash command. Throws ApiError when the sandbox refuses it; what the bot then does is shown in
 * the timeline. `again` puts the command back into the composer.
 */
export function runCommand({ path, options, files, again }) {
  const body = { command: path, options };
  return shown(`/${path}`, again, (place) => api.interact("command", { ...place, ...body }, files));
}

/** A command from the menu of a message or a user. Refusals become notices. */
export async function runContextMenu(command, target) {
  const work = (place) =>
    api.interact("context-menu", { ...place, command: command.name, target_id: target.id });
  const again = () => runContextMenu(command, target);
  await shown(command.name, again, work).catch((error) => toast(error.message, { kind: "error" }));
}

export async function complete(path, options, focused) {
  const body = { ...here(), command: path, options, focused };
  return api.interact("autocomplete", body);
}

const here = () => ({ as: store.meId, channel_id: store.channelId });

/** Do it with a row in the timeline that says what is going on; it goes once the bot has answered. */
async function shown(title, again, work) {
  const row = { key: freshId("local"), channelId: store.channelId, title, at: new Date(), again };
  store.setLocal({ ...row, state: "waiting" });
  let record;
  try {
    record = await work(here());
  } catch (error) {
    store.dropLocal(row.key);
    throw error;
  }
  if (record.state === "failed") store.setLocal({ ...row, state: "failed", text: record.failure });
  else store.dropLocal(row.key);
  follow(record);
  return record;
}

function follow(record) {
  if (record.state !== "modal") return;
  openModal(record, (fields, files) => submitModal(record, fields, files));
}

/** Press a button or choose in a select. `busy(true|false)` shows that it is at work. */
export async function useComponent(message, customId, values, busy) {
  store.note(message, null);
  busy(true);
  const place = { as: store.meId, channel_id: message.channel_id, message_id: message.id };
  const body = { ...place, custom_id: customId, ...(values ? { values } : {}) };
  try {
    const record = await api.interact("component", body);
    if (record.state === "failed") store.note(message, record.failure);
    if (record.state === "deferred" && !record.message) await untilSettled(record, message);
    follow(record);
  } catch (error) {
    store.note(message, error.message);
  } finally {
    busy(false);
  }
}

/** A promised change of the message: wait for it, with a timeout. */
function untilSettled(record, message) {
  return new Promise((resolve) => {
    const end = () => {
      watchers.delete(record.id);
      resolve();
    };
    const timer = setTimeout(end, LONGEST_WAIT);
    watchers.set(record.id, (now) => {
      if (now.state === "deferred") return;
      if (now.state === "failed") store.note(message, now.failure);
      clearTimeout(timer);
      end();
    });
  });
}

/** Submit a modal; throws when it was refused or the bot did not answer. */
async function submitModal(record, fields, files) {
  const body = { as: store.meId, interaction_id: record.id, fields };
  const answer = await api.interact("modal", body, files);
  if (answer.state === "failed") throw new Error(answer.failure);
  follow(answer);
}
