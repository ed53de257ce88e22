// What to suggest while a plain message is typed: commands, people, channels, emoji.

import { leaves, matchLeaf } from "./commandline.js";
import { emojiName, emojiNode, findEmoji } from "../content/emoji.js";
import { avatar } from "../content/names.js";
import { channelChoices, roleChoices, userChoices } from "../interactions/selects.js";
import { store } from "../state/store.js";
import { byUse } from "../state/uses.js";

const MOST = 12;

export const ourLeaves = () => leaves(store.commands.get(store.channelId) ?? []);

/** {title, items, empty?} for the text before the caret, or null. An item has `leaf` or `insert`. */
export function suggest(text, caret) {
  if (text.startsWith("/")) return commandSuggestions(text);
  const before = text.slice(0, caret);
  const found = /(?:^|\s)([@#:])([\w-]*)$/u.exec(before);
  if (!found) return null;
  const [, sign, typed] = found;
  if (sign === ":" && typed.length < 2) return null;
  const from = caret - typed.length - 1;
  const items = { "@": people, "#": rooms, ":": emoji }[sign](typed.toLowerCase()).slice(0, MOST);
  return {
    title: { "@": "Members and roles", "#": "Channels", ":": "Emoji" }[sign],
    items: items.map((item) => ({ ...item, from })),
  };
}

function commandSuggestions(text) {
  const all = byUse(ourLeaves());
  const match = matchLeaf(text, all);
  if (match?.rest || text.includes("\n")) return null;
  const typed = text.slice(1).trim().toLowerCase();
  const starts = all.filter((leaf) => leaf.path.startsWith(typed));
  const holds = all.filter(
    (leaf) =>
      !starts.includes(leaf) &&
      (leaf.path.includes(typed) || leaf.description?.toLowerCase().includes(typed)),
  );
  const exactFirst = [...starts].sort(
    (a, b) => Number(b.path === typed) - Number(a.path === typed),
  );
  const items = [...exactFirst, ...holds].map((leaf) => ({
    leaf,
    key: leaf.path,
    label: `/${leaf.path}`,
    note: leaf.description,
    detail: leaf.options
      .filter((option) => option.required)
      .map((option) => option.name)
      .join(" "),
    picture: () => avatar(store.application.bot, 28),
  }));
  return {
    title: typed ? `Commands like “${typed}”` : "Commands",
    items,
    empty: emptyWords(all, typed),
  };
}

function emptyWords(all, typed) {
  if (!store.application.online && !all.length)
    return `${store.application.name} is offline, so there are no commands yet.`;
  if (!all.length) return "There are no commands you can use here.";
  return typed.includes(" ") ? "" : `No command named “/${typed}”.`;
}

const matching = (choices, typed) =>
  choices.filter(
    (choice) =>
      choice.text.toLowerCase().includes(typed) || choice.note?.toLowerCase().includes(typed),
  );

function people(typed) {
  const roles = roleChoices().filter((choice) => store.roles.get(choice.value)?.mentionable);
  return matching([...userChoices(), ...roles], typed).map((choice) => ({
    label: choice.text,
    note: choice.note,
    picture: choice.picture,
    insert: `@${choice.note?.startsWith("@") ? choice.note.slice(1) : choice.text} `,
  }));
}

function rooms(typed) {
  return matching(channelChoices(), typed).map((choice) => ({
    label: choice.text,
    picture: choice.picture,
    insert: `#${choice.text} `,
  }));
}

function emoji(typed) {
  const { server, builtIn } = findEmoji(typed);
  return [...server, ...builtIn].map((item) => ({
    label: item.id ? emojiName(item) : item.names,
    picture: () => emojiNode(item, "1.4rem"),
    insert: `${emojiName(item)} `,
  }));
}

/** `@fern`, `#videos` and `:clapper:` as Discord writes them in a message. */
export function withMentions(text) {
  const people = store.guild.members.flatMap(({ user, nick }) =>
    [user.username, user.global_name, nick]
      .filter(Boolean)
      .map((name) => [`@${name}`, `<@${user.id}>`]),
  );
  const roles = store.guild.roles
    .filter((role) => role.id !== store.guild.id)
    .map((role) => [`@${role.name}`, `<@&${role.id}>`]);
  const rooms = [...store.channels.values()].map(({ channel }) => [
    `#${channel.name}`,
    `<#${channel.id}>`,
  ]);
  const emojis = store.guild.emojis.map((item) => [
    `:${item.name}:`,
    `<${item.animated ? "a" : ""}:${item.name}:${item.id}>`,
  ]);
  const table = [...people, ...roles, ...rooms, ...emojis].sort(
    (a, b) => b[0].length - a[0].length,
  );
  let written = "";
  let rest = text;
  while (rest) {
    const startsWord = !/[\w<]$/.test(written);
    const found = startsWord && table.find(([name]) => begins(rest, name));
    const step = found ? found[0].length : 1;
    written += found ? found[1] : rest[0];
    rest = rest.slice(step);
  }
  return written;
}

function begins(text, name) {
  if (text.slice(0, name.length).toLowerCase() !== name.toLowerCase()) return false;
  return name.endsWith(":") || !/^[\w-]/.test(text.slice(name.length));
}

/** People, roles and channels by what was typed: a name, a mention or an id. */
export function findByName(option, text) {
  const id = /^<(?:@[!&]?|#)(\d+)>$/.exec(text)?.[1] ?? text;
  const name = text.replace(/^[@#]/, "").toLowerCase();
  const sets =
    {
      6: [userChoices()],
      7: [channelChoices(option.channel_types)],
      8: [roleChoices()],
      9: [userChoices(), roleChoices()],
    }[option.type] ?? [];
  return sets
    .flat()
    .find(
      (choice) =>
        choice.value === id ||
        choice.text.toLowerCase() === name ||
        choice.note?.toLowerCase() === `@${name}`,
    )?.value;
}
