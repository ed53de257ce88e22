// Above the timeline: which channel this is, and the buttons for the side lists. Also the window's title.

import { byId, h, replace } from "../ui/dom.js";
import { toggleDrawer } from "../ui/drawers.js";
import { icon } from "../ui/icons.js";
import { inline } from "../content/inline.js";
import { memory } from "../state/memory.js";
import { channelIcon, channelLabel } from "../content/names.js";
import { openChannel } from "../state/places.js";
import { isThread, store } from "../state/store.js";
import { attempt } from "../ui/toasts.js";

export function mountHeading() {
  for (const name of ["channel", "channels", "world", "unread"]) store.on(name, draw);
  const theme = memory.get("theme");
  if (theme) document.documentElement.dataset.theme = theme;
}

function draw() {
  const channel = store.place?.channel;
  if (!channel) return;
  const parent = isThread(channel) && store.channels.get(channel.parent_id)?.channel;
  const button = (name, label, action, className = "") =>
    h(
      "button",
      {
        type: "button",
        class: `icon-button ${className}`,
        "aria-label": label,
        title: label,
        on: { click: action },
      },
      icon(name, 22),
    );
  replace(
    byId("heading"),
    h(
      "span",
      { class: "heading-menu" },
      button("menu", "Channels", () => toggleDrawer("channels")),
      unreadElsewhere(),
    ),
    h(
      "div",
      { class: "heading-words" },
      parent &&
        h(
          "button",
          {
            type: "button",
            class: "link parent",
            on: { click: () => attempt(() => openChannel(parent.id)) },
          },
          channelLabel(parent),
          " ›",
        ),
      h(
        "h2",
        { dataset: { testid: "channel-title" } },
        icon(channelIcon(channel), 20),
        channel.name,
        channel.nsfw && h("span", { class: "nsfw" }, "18+"),
      ),
      channel.topic && h("span", { class: "topic", title: channel.topic }, inline(channel.topic)),
    ),
    button("moon", "Light or dark", turnTheme),
    button("people", "Members", () => toggleDrawer("members")),
  );
  const count = [...store.unread.values()].reduce((sum, some) => sum + some, 0);
  document.title = `${count ? `(${count}) ` : ""}${channelLabel(channel)} · ${store.guild.name}`;
}

function unreadElsewhere() {
  return (
    store.unread.size > 0 &&
    h("span", {
      class: "unread-dot",
      role: "img",
      "aria-label": "Unread messages in other channels",
    })
  );
}

function turnTheme() {
  const root = document.documentElement;
  const isLight = root.dataset.theme
    ? root.dataset.theme === "light"
    : matchMedia("(prefers-color-scheme: light)").matches;
  root.dataset.theme = isLight ? "dark" : "light";
  memory.set("theme", root.dataset.theme);
}
