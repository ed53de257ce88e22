// For the first visit: what can be tried here, one press each. Gone for good once it is put away.

import { h, replace } from "./dom.js";
import { emojiNode } from "./emoji.js";
import { icon } from "./icons.js";
import { memory } from "./memory.js";
import { store } from "./store.js";

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
          title: hasVideo() ? "Fills it in; Enter sends it" : "The bot is not there yet",
          dataset: { testid: "hint-video" },
          on: { click: () => composer.begin(TRY) },
        },
        "Try ",
        h("code", {}, TRY),
      ),
      h(
        "button",
        {
          type: "button",
          class: "hint",
          dataset: { testid: "hint-picture" },
          on: { click: () => composer.attach.click() },
        },
        icon("picture", 16),
        "Post a picture and press",
        emojiNode({ name: "🎬" }, "1.2rem"),
      ),
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
          "aria-label": "Put the hints away",
          on: { click: close },
        },
        icon("close", 16),
      ),
    );
  };
  store.on("own-message", () => memory.set("hints", "seen"));
  for (const name of ["own-message", "commands", "presence", "channel", "channels", "world"])
    store.on(name, draw);
  draw();
  return node;
}
