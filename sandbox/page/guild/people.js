// Who we are (and becoming someone else), and the list of members by role.

import { byId, h, replace } from "../ui/dom.js";
import { openMenu } from "../ui/contextmenu.js";
import { icon } from "../ui/icons.js";
import { appTag, avatar, nameNode, nameStyle, rolesOf, userName } from "../content/names.js";
import { openProfile } from "./profile.js";
import { become } from "./session.js";
import { store } from "../state/store.js";
import { attempt } from "../ui/toasts.js";

/** The control at the foot of the channels: "You are Ada". */
export function switcher(place) {
  const draw = () => {
    const me = store.me;
    if (!me) return;
    replace(
      place,
      h(
        "button",
        {
          type: "button",
          class: "me",
          "aria-haspopup": "menu",
          title: "Act as another member",
          "aria-label": `You are ${userName(me.user)}. Act as another member`,
          dataset: { testid: "who-am-i", userId: me.user.id },
          on: { click: (event) => openSwitcher(event.currentTarget) },
        },
        avatar(me.user, 36),
        h(
          "span",
          { class: "me-words" },
          h("span", { class: "me-label" }, "You are ", nameNode(me.user)),
          h("span", { class: "faint" }, roleNames(me)),
        ),
        icon("chevron", 18),
      ),
    );
  };
  for (const name of ["me", "world", "channel", "channels"]) store.on(name, draw);
}

function openSwitcher(anchor) {
  const people = store.guild.members.filter((member) => !member.user.bot);
  const entries = people.map((member) => ({
    label: h("span", { class: "name", style: nameStyle(member.user.id) }, userName(member.user)),
    note: roleNames(member),
    picture: avatar(member.user, 32),
    checked: member.user.id === store.meId,
    testid: `be-${member.user.username}`,
    action: () => attempt(() => become(member.user.id)),
  }));
  openMenu([{ title: "Act as" }, ...entries], { anchor, label: "Act as", side: "above" });
}

/** In a few words what the member is: roles, or none. */
function roleNames(member) {
  const roles = rolesOf(member)
    .filter((role) => !role.managed)
    .map((role) => role.name);
  if (member.user.id === store.guild.owner_id) roles.unshift("Owner");
  if (isTimedOut(member)) roles.unshift("Timed out");
  return roles.join(", ") || "Member";
}

export const isTimedOut = (member) =>
  Boolean(member.communication_disabled_until) &&
  new Date(member.communication_disabled_until) > Date.now();

export function mountMembers() {
  const aside = byId("members");
  const draw = () => replace(aside, h("h2", { class: "side-title" }, "Members"), sections());
  for (const name of ["world", "presence", "me", "channels"]) store.on(name, draw);
}

function sections() {
  const groups = new Map();
  for (const member of store.guild.members) {
    const name = groupOf(member);
    groups.set(name, [...(groups.get(name) ?? []), member]);
  }
  const rank = (name) =>
    [...store.roles.values()].find((role) => role.name === name)?.position ??
    { Members: 0, Apps: -1 }[name];
  return [...groups.keys()]
    .sort((a, b) => rank(b) - rank(a))
    .map((name) =>
      h(
        "section",
        { class: "member-group" },
        h("h3", {}, `${name} — ${groups.get(name).length}`),
        h(
          "ul",
          {},
          groups.get(name).map((member) => h("li", {}, memberRow(member))),
        ),
      ),
    );
}

function groupOf(member) {
  if (member.user.bot) return "Apps";
  return rolesOf(member).find((role) => role.hoist)?.name ?? "Members";
}

function memberRow(member) {
  const { user } = member;
  const online = user.id === store.application.bot.id ? store.application.online : !user.bot;
  return h(
    "button",
    {
      type: "button",
      class: `member${online ? "" : " away"}`,
      "aria-haspopup": "dialog",
      dataset: { testid: "member", userId: user.id },
      title: user.bot ? `${online ? "Online" : "Offline"}` : null,
      on: { click: (event) => openProfile(user, event.currentTarget, "left") },
    },
    h(
      "span",
      { class: "avatar-place" },
      avatar(user, 32),
      h("span", { class: `dot ${online ? "online" : "offline"}` }),
    ),
    h(
      "span",
      { class: "member-words" },
      h(
        "span",
        { class: "member-name" },
        nameNode(user),
        user.bot && appTag(),
        user.id === store.guild.owner_id &&
          h("span", { class: "owner", title: "Owner of the server" }, icon("crown", 14)),
      ),
      user.id === store.meId
        ? h("span", { class: "faint" }, "this is you")
        : user.bot && h("span", { class: "faint" }, online ? "online" : "offline"),
    ),
  );
}
