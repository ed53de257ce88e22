// The list of channels, with threads under their parents, and who we are below it.

import { byId, h, replace } from "../ui/dom.js";
import { icon } from "../ui/icons.js";
import { channelIcon } from "../content/names.js";
import { switcher } from "./people.js";
import { channelHash } from "../state/router.js";
import { openChannel } from "../state/places.js";
import { closeDrawers } from "../ui/drawers.js";
import { isThread, store } from "../state/store.js";
import { attempt } from "../ui/toasts.js";

const CATEGORY = 4;
const SHOWN = [0, 5, 15, 16, 2, 13];

export function mountChannels() {
  const nav = byId("channels");
  const list = h("div", { class: "channel-scroll" });
  const head = h("div", { class: "guild" });
  const foot = h("div", { class: "me-place" });
  nav.append(head, list, foot);
  const draw = () => {
    replace(head, guildHead());
    replace(list, groups());
  };
  for (const name of ["channels", "channel", "unread", "world", "presence"]) store.on(name, draw);
  switcher(foot);
}

function guildHead() {
  const { application, guild } = store;
  const state = application.online ? "online" : "offline";
  return [
    h(
      "div",
      { class: "guild-words" },
      h("h1", { class: "guild-name" }, guild.name),
      h(
        "div",
        { class: "guild-bot", dataset: { testid: "bot-state", state } },
        h("span", { class: `dot ${state}` }),
        `${application.name} is ${state}`,
      ),
      h("div", { class: "guild-bot" }, "A sandbox: its dollars are play money"),
    ),
    h("div", { class: "perforation", "aria-hidden": "true" }),
  ];
}

function groups() {
  const all = [...store.channels.values()].map((place) => place.channel);
  const byPosition = (a, b) => (a.position ?? 0) - (b.position ?? 0);
  const rooms = all.filter((item) => SHOWN.includes(item.type)).sort(byPosition);
  const categories = all.filter((item) => item.type === CATEGORY).sort(byPosition);
  const loose = rooms.filter((item) => !categories.some(({ id }) => id === item.parent_id));
  const directs = [...store.directs.values()];
  return [
    group("Channels", loose, all),
    categories.map((category) =>
      group(
        category.name,
        rooms.filter((item) => item.parent_id === category.id),
        all,
      ),
    ),
    directs.length > 0 && group("Direct messages", directs, all),
    rooms.length === 0 && note(),
  ];
}

function note() {
  if (!store.knowsChannels) return h("p", { class: "empty-note", role: "status" }, "Loading…");
  return h("p", { class: "empty-note" }, "You cannot see any channel here.");
}

function group(title, channels, all) {
  if (!channels.length) return null;
  return h(
    "section",
    { class: "channel-group" },
    h("h2", {}, title),
    h(
      "ul",
      {},
      channels.map((channel) => h("li", {}, row(channel), threads(channel, all))),
    ),
  );
}

function threads(channel, all) {
  const found = all.filter(
    (item) =>
      isThread(item) &&
      item.parent_id === channel.id &&
      (!item.thread_metadata?.archived || item.id === store.channelId),
  );
  return (
    found.length > 0 &&
    h(
      "ul",
      { class: "threads" },
      found.map((item) => h("li", {}, row(item))),
    )
  );
}

function row(channel) {
  const unread = store.unread.get(channel.id);
  const isOpen = channel.id === store.channelId;
  const open = (event) => {
    if (event.ctrlKey || event.metaKey || event.button) return;
    event.preventDefault();
    closeDrawers();
    attempt(() => openChannel(channel.id));
  };
  return h(
    "a",
    {
      class: `channel${unread ? " unread" : ""}`,
      href: channelHash(channel),
      on: { click: open },
      "aria-current": isOpen ? "page" : null,
      title: channel.topic,
      dataset: { testid: "channel", channelId: channel.id, channelName: channel.name },
    },
    icon(channelIcon(channel), 18),
    h("span", { class: "channel-name" }, channel.name),
    channel.nsfw && h("span", { class: "nsfw", title: "Only for adults" }, "18+"),
    unread && h("span", { class: "unread-dot", role: "img", "aria-label": `${unread} unread` }),
  );
}
