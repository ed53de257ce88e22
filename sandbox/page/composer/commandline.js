// Slash commands as data: the paths that can be run, reading `/video prompt: a fox` and judging values. No DOM.

export const TYPE = {
  SUB: 1,
  GROUP: 2,
  STRING: 3,
  INTEGER: 4,
  BOOLEAN: 5,
  USER: 6,
  CHANNEL: 7,
  ROLE: 8,
  MENTIONABLE: 9,
  NUMBER: 10,
  ATTACHMENT: 11,
};
const SLASH = 1;
const YES = new Set(["true", "yes", "on", "1"]);
const NO = new Set(["false", "no", "off", "0"]);

/** Everything that can be run: {path, description, options, id}, subcommands one by one. */
export function leaves(commands) {
  return commands
    .filter((command) => command.type === SLASH)
    .flatMap((command) => below(command, command.name, command.id))
    .sort((a, b) => a.path.localeCompare(b.path));
}

function below(node, path, id) {
  const nested = (node.options ?? []).filter((option) => option.type <= TYPE.GROUP);
  if (nested.length) return nested.flatMap((option) => below(option, `${path} ${option.name}`, id));
  return [{ path, id, description: node.description, options: ordered(node.options ?? []) }];
}

const ordered = (options) =>
  [...options].sort((a, b) => Number(Boolean(b.required)) - Number(Boolean(a.required)));

/** The command that the text begins with, the longest path first: {leaf, rest}, or null. */
export function matchLeaf(text, all) {
  const typed = text.trimStart();
  if (!typed.startsWith("/")) return null;
  const words = typed.slice(1);
  const byLength = [...all].sort((a, b) => b.path.length - a.path.length);
  for (const leaf of byLength) {
    const pattern = new RegExp(`^${escape(leaf.path).replaceAll(" ", "\\s+")}(?=\\s|$)`, "i");
    const found = pattern.exec(words);
    if (found) return { leaf, rest: words.slice(found[0].length).trim() };
  }
  return null;
}

/**
 * `name: value` segments. Words before the first name belong to the first required text option that is
 * not named. The answer: {texts: {name: text}, stray}, where `stray` found no place.
 */
export function segments(leaf, rest) {
  const names = leaf.options.map((option) => escape(option.name));
  const texts = {};
  if (!names.length) return { texts, stray: rest };
  const pattern = new RegExp(`(^|\\s)(${names.join("|")})\\s*:\\s*`, "gi");
  const marks = [];
  for (const found of rest.matchAll(pattern)) {
    const name = found[2].toLowerCase();
    if (!marks.some((mark) => mark.name === name)) {
      marks.push({ name, at: found.index, end: found.index + found[0].length });
    }
  }
  const lead = rest.slice(0, marks[0]?.at ?? rest.length).trim();
  marks.forEach((mark, index) => {
    texts[mark.name] = rest.slice(mark.end, marks[index + 1]?.at ?? rest.length).trim();
  });
  if (!lead) return { texts, stray: "" };
  const home = leaf.options.find(
    (option) => option.type === TYPE.STRING && option.required && !(option.name in texts),
  );
  if (!home) return { texts, stray: lead };
  return { texts: { [home.name]: lead, ...texts }, stray: "" };
}

/** As it could be typed: `/video prompt: a fox`. */
export function asText(path, values) {
  const given = Object.entries(values).filter(([, text]) => text);
  return [`/${path}`, ...given.map(([name, text]) => `${name}: ${text}`)].join(" ");
}

/** How it is used, for the hint below the field. */
export function usage(leaf) {
  return leaf.options
    .map((option) => (option.required ? `${option.name}: …` : `[${option.name}: …]`))
    .join(" ");
}

/**
 * A typed text as the option's value: {value} or {problem}. `find(option, text)` looks up people, roles
 * and channels; files are no texts.
 */
export function readValue(option, text, find = () => undefined) {
  const { name } = option;
  if (option.choices?.length) return chosen(option, text);
  switch (option.type) {
    case TYPE.STRING:
      return ofLength(option, text);
    case TYPE.INTEGER:
    case TYPE.NUMBER:
      return number(option, text);
    case TYPE.BOOLEAN:
      if (YES.has(text.toLowerCase())) return { value: true };
      if (NO.has(text.toLowerCase())) return { value: false };
      return { problem: `${name} must be True or False.` };
    case TYPE.ATTACHMENT:
      return { problem: `${name} takes a file: add one with the + button.` };
    default: {
      const value = find(option, text);
      const kind =
        { 6: "person", 7: "channel", 8: "role", 9: "person or role" }[option.type] ?? "thing";
      return value ? { value } : { problem: `${name}: there is no ${kind} called “${text}”.` };
    }
  }
}

function chosen(option, text) {
  const same = (other) => String(other).toLowerCase() === text.toLowerCase();
  const found = option.choices.find((choice) => same(choice.name) || same(choice.value));
  if (found) return { value: found.value };
  const offered = option.choices.map((choice) => choice.name).join(", ");
  return { problem: `${option.name} must be one of: ${offered}.` };
}

function ofLength(option, text) {
  const { min_length: least = 1, max_length: most = 6000, name } = option;
  if (text.length < least) return { problem: `${name} needs at least ${least} characters.` };
  if (text.length > most)
    return { problem: `${name} may have at most ${most} characters; it has ${text.length}.` };
  return { value: text };
}

function number(option, text) {
  const { name, min_value: least, max_value: most } = option;
  const value = Number(text.replace(",", "."));
  const whole = option.type === TYPE.INTEGER;
  if (!text || Number.isNaN(value) || (whole && !Number.isInteger(value))) {
    return { problem: `${name} must be a ${whole ? "whole number" : "number"}.` };
  }
  if (least !== undefined && value < least)
    return { problem: `${name} must be at least ${least}.` };
  if (most !== undefined && value > most) return { problem: `${name} must be at most ${most}.` };
  return { value };
}

const escape = (text) => text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
