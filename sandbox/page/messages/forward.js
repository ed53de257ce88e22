// Forwarding: choose a channel, perhaps say a word with it.

import * as api from "../state/api.js";
import { h, replace } from "../ui/dom.js";
import { icon } from "../ui/icons.js";
import { channelIcon, channelLabel, userName } from "../content/names.js";
import { plain } from "../content/markdown.js";
import { BIT, isThread, store } from "../state/store.js";
import { attempt, toast } from "../ui/toasts.js";

export function openForward(message) {
  const list = h("div", { class: "forward-list" });
  const search = h("input", {
    type: "search",
    class: "field",
    placeholder: "Find a channel",
    "aria-label": "Find a channel",
    on: { input: draw },
  });
  const dialog = h(
    "dialog",
    { class: "modal", "aria-label": "Forward a message", dataset: { testid: "forward-dialog" } },
    h(
      "div",
      { class: "modal-form" },
      h(
        "header",
        { class: "modal-head" },
        h("h2", {}, "Forward to"),
        h(
          "button",
          {
            type: "button",
            class: "icon-button",
            "aria-label": "Close",
            on: { click: () => dialog.close() },
          },
          icon("close", 20),
        ),
      ),
      h(
        "div",
        { class: "modal-body" },
        h(
          "p",
          { class: "forward-preview faint" },
          `${userName(message.author)}: ${plain(message.content ?? "") || "a file"}`,
        ),
        search,
        list,
      ),
    ),
  );
  dialog.addEventListener("close", () => dialog.remove());
  draw();
  document.body.append(dialog);
  dialog.showModal();
  search.focus();

  function draw() {
    const wanted = search.value.trim().toLowerCase();
    const found = [...store.channels.values()].filter(
      (place) =>
        place.channel.name.toLowerCase().includes(wanted) &&
        [0, 5, 10, 11, 12].includes(place.channel.type) &&
        store.may(isThread(place.channel) ? BIT.SEND_IN_THREADS : BIT.SEND_MESSAGES, place),
    );
    replace(
      list,
      found.map(({ channel }) =>
        h(
          "button",
          { type: "button", class: "option", on: { click: () => send(channel) } },
          icon(channelIcon(channel), 18),
          channel.name,
        ),
      ),
      found.length === 0 &&
        h("p", { class: "empty-note" }, "No channel of that name that you can write in."),
    );
  }

  async function send(channel) {
    dialog.close();
    await attempt(async () => {
      const forward = { channel_id: message.channel_id, message_id: message.id };
      store.putMessage(await api.post(store.meId, channel.id, { forward }));
      if (channel.id !== store.channelId) toast(`Forwarded to ${channelLabel(channel)}`);
    });
  }
}
