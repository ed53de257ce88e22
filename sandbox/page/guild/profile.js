// The card of a person: roles, what they may do here, user commands, and acting as them.

import { h } from "../ui/dom.js";
import { icon } from "../ui/icons.js";
import { runContextMenu } from "../interactions/interactions.js";
import { appTag, avatar, cssColor, nameNode, rolesOf, userName } from "../content/names.js";
import { openPopover } from "../ui/popover.js";
import { become } from "./session.js";
import { BIT, store } from "../state/store.js";
import { attempt, copy } from "../ui/toasts.js";

const USER_COMMAND = 2;

export function openProfile(user, anchor, side) {
  const card = openPopover(
    content(user, () => card.close()),
    {
      anchor,
      side,
      label: `Profile of ${userName(user)}`,
      className: "profile",
    },
  );
}

function content(user, close) {
  const member = store.members.get(user.id);
  const isMe = user.id === store.meId;
  const commands = (store.commands.get(store.channelId) ?? []).filter(
    (item) => item.type === USER_COMMAND,
  );
  const button = (name, label, action, testid) =>
    h(
      "button",
      {
        type: "button",
        class: "quiet",
        dataset: { testid },
        on: {
          click: () => {
            close();
            action();
          },
        },
      },
      icon(name, 16),
      label,
    );
  return [
    h(
      "div",
      { class: "profile-head" },
      avatar(user, 72),
      h(
        "div",
        {},
        h("div", { class: "profile-name" }, nameNode(user), user.bot && appTag()),
        h("div", { class: "faint" }, `@${user.username}`),
      ),
    ),
    member && roleChips(member),
    isMe && whatIMay(),
    commands.length > 0 &&
      h(
        "div",
        { class: "profile-part" },
        h("h4", {}, "Apps"),
        commands.map((command) =>
          button(
            "apps",
            command.name,
            () => runContextMenu(command, { id: user.id, name: userName(user) }),
            "user-command",
          ),
        ),
      ),
    h(
      "div",
      { class: "profile-buttons" },
      !isMe &&
        !user.bot &&
        member &&
        button(
          "people",
          `Act as ${userName(user)}`,
          () => attempt(() => become(user.id)),
          "act-as",
        ),
      button("at", "Mention", () => store.emit("insert", `@${user.username} `), "mention"),
      button("copy", "Copy ID", () => copy(user.id, "ID"), "copy-id"),
    ),
  ];
}

function roleChips(member) {
  const roles = rolesOf(member);
  return h(
    "div",
    { class: "profile-part" },
    h("h4", {}, "Roles"),
    roles.length === 0 && h("span", { class: "faint" }, "None"),
    h(
      "div",
      { class: "chips" },
      roles.map((role) =>
        h(
          "span",
          { class: "role-chip", style: role.color ? { "--role": cssColor(role.color) } : {} },
          role.name,
        ),
      ),
    ),
  );
}

function whatIMay() {
  const { can, cannot } = abilities();
  return h(
    "div",
    { class: "profile-part" },
    h("h4", {}, "In this channel you"),
    h("p", {}, can.length ? `can ${can.join(", ")}` : "can only read"),
    cannot.length > 0 && h("p", { class: "faint" }, `cannot ${cannot.join(", ")}`),
  );
}

/** What we may do in the open channel, in words. */
function abilities() {
  const list = [
    [store.maySend, "write"],
    [store.may(BIT.ATTACH_FILES), "send files"],
    [store.may(BIT.ADD_REACTIONS), "react"],
    [store.may(BIT.USE_COMMANDS), "use commands"],
    [store.may(BIT.MANAGE_MESSAGES), "delete others’ messages"],
    [store.may(BIT.ADMINISTRATOR), "administer"],
  ];
  return {
    can: list.filter(([may]) => may).map(([, what]) => what),
    cannot: list.filter(([may]) => !may).map(([, what]) => what),
  };
}
