// For the first visit: what can be tried here, one press each. Gone for good once it is put away.

import * as api from "../state/api.js";
import { h, replace } from "../ui/dom.js";
import { emojiNode } from "../content/emoji.js";
import { icon } from "../ui/icons.js";
import { memory } from "../state/memory.js";
import { openChannel } from "../state/places.js";
import { store } from "../state/store.js";
import { attempt } from "../ui/toasts.js";

const CLAPPER = "🎬";
const PICTURES = "pictures"; // the channel with a picture to begin with
const EVENTS = ["own-message", "commands", "presence", "channel", "channels", "messages", "world"];
const TRY = "/video prompt: a fox running through snow";

export function mountHints(composer) {
  const node = h("div", {
    class: "hints",
    role: "region",
    "aria-label": "What to try",
    dataset: { testid: "hints" },
  });
  const close = () => {
    memory.set("hints", "seen");
    node.hidden = true;
    composer.focus();
  };
  const hasVideo = () =>
    (store.commands.get(store.channelId) ?? []).some((command) => command.name === "video");
  const draw = () => {
    node.hidden = memory.get("hints") === "seen" || !store.maySend;
    const offline = store.application && !store.application.online;
    replace(
      node,
      h("span", { class: "hints-title" }, "New here?"),
      h(
        "button",
        {
          type: "button",
          class: "hint",
          disabled: !hasVideo(),
          title: hasVideo() ? "Fills it in; Enter sends it" : "The bot is offline",
          dataset: { testid: "hint-video" },
          on: { click: () => composer.begin(TRY) },
        },
        "Try ",
        h("code", {}, TRY),
      ),
      pictureHint(composer),
      offline &&
        h(
          "span",
          { class: "faint" },
          `${store.application.name} is offline. It joins when the bot is started.`,
        ),
      h(
        "button",
        {
          type: "button",
          class: "icon-button",
          "aria-label": "Hide the hints",
          on: { click: close },
        },
        icon("close", 16),
      ),
    );
  };
  store.on("own-message", () => memory.set("hints", "seen"));
  for (const name of EVENTS) store.on(name, draw);
  draw();
  return node;
}

/** A press on a picture that is there already: here, or in #pictures. Only without one, post one. */
function pictureHint(composer) {
  const here = latestPicture();
  const elsewhere = [...store.channels.values()]
    .map(({ channel }) => channel)
    .find((channel) => channel.name === PICTURES && channel.id !== store.channelId);
  const clapper = emojiNode({ name: CLAPPER }, "1.2rem");
  const react = () => attempt(() => api.react(store.meId, here, CLAPPER));
  const open = () => attempt(() => openChannel(elsewhere.id));
  const [act, words] = here
    ? [react, ["Press", clapper, "on the picture here"]]
    : elsewhere
      ? [open, ["Press", clapper, `on the picture in #${PICTURES}`]]
      : [() => composer.attach.click(), ["Post a picture and press", clapper]];
  return h(
    "button",
    { type: "button", class: "hint", dataset: { testid: "hint-picture" }, on: { click: act } },
    icon("picture", 16),
    ...words,
  );
}

const isPicture = (file) => file.content_type?.startsWith("image/");

const latestPicture = () =>
  store.history().findLast((message) => message.attachments?.some(isPicture));
