// Links: to a message or a channel of this server they lead there in the page, all others to a new tab.

import { h } from "../ui/dom.js";
import { localAddress } from "./addresses.js";
import { store } from "../state/store.js";

const OURS =
  /^https:\/\/(?:(?:ptb|canary)\.)?discord(?:app)?\.com\/channels\/(\d+)\/(\d+)(?:\/(\d+))?\/?$/;

/** What this address means here: {channel, message?}, or null for anything outside this server. */
export function placeOf(address) {
  const [, guild, channel, message] = OURS.exec(address) ?? [];
  return guild && guild === store.guild?.id ? { channel, message } : null;
}

/** An `a` with these children; `props` may add a class or a label. */
export function linkNode(address, children, props = {}) {
  const place = placeOf(address);
  if (!place) {
    const elsewhere = { target: "_blank", rel: "noopener noreferrer" };
    return h("a", { href: localAddress(address), ...elsewhere, ...props }, children);
  }
  const dataset = { openChannel: place.channel, openMessage: place.message };
  return h("a", { href: `#${place.channel}`, dataset, ...props }, children);
}
