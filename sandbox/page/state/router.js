// The page's address says who looks and at what: `/?as=fern#videos`.

import { store } from "./store.js";

export function readAddress() {
  const hash = decodeURIComponent(location.hash.slice(1));
  return {
    as: new URLSearchParams(location.search).get("as") ?? undefined,
    channel: hash === "composer" ? undefined : hash || undefined,
  };
}

/** Write who and where we are into the address bar; each channel is a step in the history. */
export function writeAddress() {
  const name = store.me?.user.username;
  const address = `?${new URLSearchParams({ as: name })}${channelHash(store.place?.channel)}`;
  if (address === location.search + location.hash) return;
  const isSameChannel = location.hash === channelHash(store.place?.channel);
  history[isSameChannel || !location.hash ? "replaceState" : "pushState"](null, "", address);
}

/** `#videos`, or the id where the name is not the only one of its kind. */
export function channelHash(channel) {
  if (!channel) return "";
  const same = [...store.channels.values()].filter((item) => item.channel.name === channel.name);
  return `#${encodeURIComponent(same.length === 1 ? channel.name : channel.id)}`;
}
