// How people, roles and channels are called, coloured and pictured.

import { h } from "../ui/dom.js";
import { store } from "../state/store.js";

export function userName(user) {
  const member = store.members?.get(user.id);
  return member?.nick ?? user.global_name ?? user.username;
}

function avatarAddress(user) {
  return user.avatar
    ? `/cdn/avatars/${user.id}/${user.avatar}.png`
    : `/cdn/embed/avatars/${Number(BigInt(user.id) >> 22n) % 6}.png`;
}

/** A round picture. It says nothing to screen readers: the name stands beside it. */
export function avatar(user, size = 40) {
  return h("img", {
    class: "avatar",
    src: avatarAddress(user),
    width: size,
    height: size,
    alt: "",
    loading: "lazy",
  });
}

/** The member's roles, highest first, without @everyone. */
export function rolesOf(member) {
  return (member?.roles ?? [])
    .map((id) => store.roles.get(id))
    .filter(Boolean)
    .sort((a, b) => b.position - a.position);
}

export const cssColor = (number) => `#${number.toString(16).padStart(6, "0")}`;

/** A style that colours the name by the highest role that has a colour. */
export function nameStyle(userId) {
  const role = rolesOf(store.members?.get(userId)).find((item) => item.color);
  return role ? { "--role": cssColor(role.color) } : {};
}

export function nameNode(user, props = {}) {
  return h("span", { class: "name", style: nameStyle(user.id), ...props }, userName(user));
}

/** The mark of a bot. */
export const appTag = () => h("span", { class: "tag-app" }, "App");

export function channelIcon(channel) {
  if ([10, 11, 12].includes(channel.type)) return "thread";
  return { 1: "at", 5: "news" }[channel.type] ?? "hash";
}

export const channelLabel = (channel) =>
  [1, 10, 11, 12].includes(channel.type) ? channel.name : `#${channel.name}`;
