// Starts the page: mounts every part, then loads the world. Retries until the sandbox answers.

import { byId, h, replace } from "./ui/dom.js";
import { mountChannels } from "./guild/channels.js";
import { mountComposer } from "./composer/composer.js";
import { mountDrawers } from "./ui/drawers.js";
import { mountHeading } from "./guild/heading.js";
import { mountMembers } from "./guild/people.js";
import { openProfile } from "./guild/profile.js";
import { readAddress } from "./state/router.js";
import { findChannel, markRead, openChannel, openPlace } from "./state/places.js";
import { become, start } from "./guild/session.js";
import { store } from "./state/store.js";
import { mountTimeline } from "./messages/timeline.js";
import { attempt } from "./ui/toasts.js";

const AGAIN_AFTER = 2000;

function banner(words) {
  const node = byId("banner");
  node.hidden = !words;
  replace(
    node,
    words && [h("span", { class: "dots", "aria-hidden": "true" }, h("i"), h("i"), h("i")), words],
  );
}

/** Mentions and links inside messages are recognised by their data attributes. */
function pressed(event) {
  const target = event.target.closest("[data-profile],[data-open-channel],[data-command].mention");
  if (!target) return;
  const { profile, openChannel: channel, openMessage: message, command } = target.dataset;
  if (profile) openProfile(store.members.get(profile).user, target, "right");
  if (channel) {
    event.preventDefault();
    attempt(() => openPlace(channel, message));
  }
  if (command) store.emit("command", command);
}

/** Back, forward, or an address that was typed. */
function addressChanged() {
  const wanted = readAddress();
  const person = store.guild?.members.find(({ user }) =>
    [user.id, user.username].includes(wanted.as),
  );
  const channel = findChannel(wanted.channel);
  if (person && person.user.id !== store.meId)
    attempt(() => become(person.user.id, wanted.channel));
  else if (channel && channel.id !== store.channelId) attempt(() => openChannel(channel.id));
}

async function begin() {
  try {
    await start();
    banner("");
    document.body.dataset.ready = "true";
  } catch (error) {
    banner(`${error.message} Trying again…`);
    setTimeout(begin, AGAIN_AFTER);
  }
}

mountHeading();
mountChannels();
mountMembers();
mountTimeline();
mountComposer();
mountDrawers();
store.on("connection", () => banner(store.connected ? "" : "Connection lost. Trying again…"));
byId("timeline").addEventListener("click", pressed);
byId("skip").addEventListener("click", (event) => {
  event.preventDefault();
  store.emit("focus-composer");
});
document.addEventListener(
  "visibilitychange",
  () => !document.hidden && store.channelId && markRead(store.channelId),
);
addEventListener("popstate", addressChanged);
addEventListener("dragover", (event) => event.preventDefault());
addEventListener("drop", (event) => event.preventDefault());
begin();
