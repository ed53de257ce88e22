// Threads: the link under the message that one grew from, and starting one.

import * as api from "../state/api.js";
import { h } from "../ui/dom.js";
import { icon } from "../ui/icons.js";
import { plain } from "../content/markdown.js";
import { openChannel, reloadChannels } from "../state/places.js";
import { store } from "../state/store.js";
import { attempt } from "../ui/toasts.js";

export function threadLink(thread) {
  const count = thread.message_count ?? 0;
  return h(
    "button",
    {
      type: "button",
      class: "thread-link",
      dataset: { openChannel: thread.id, testid: "thread-link" },
    },
    icon("thread", 16),
    h("strong", {}, thread.name),
    h("span", { class: "faint" }, `${count} ${count === 1 ? "message" : "messages"}`),
  );
}

export function startThread(message) {
  const name = plain(message.content ?? "").slice(0, 40) || "Thread";
  return attempt(async () => {
    const thread = await api.startThread(store.meId, message.channel_id, {
      name,
      message_id: message.id,
    });
    await reloadChannels();
    await openChannel(thread.id);
  });
}
