// The small words around the field: why one may not write here, what Enter will do.

import { matchLeaf, usage } from "./commandline.js";
import { nearest } from "./nearest.js";
import { isTimedOut } from "../guild/people.js";
import { store } from "../state/store.js";
import { ourLeaves } from "./suggestions.js";

export function refusalWords() {
  if (store.me && isTimedOut(store.me)) return "You are timed out and can only read.";
  if (store.place?.channel.thread_metadata?.locked) return "This thread is locked.";
  return "You can read this channel, but not send messages.";
}

/** For `/video prompt: …` as plain text: that Enter runs it. */
export function commandHint(text) {
  if (!text.startsWith("/")) return "";
  const match = matchLeaf(text, ourLeaves());
  if (!match) return "";
  if (!match.rest) return `/${match.leaf.path} ${usage(match.leaf)}`;
  return `Enter runs /${match.leaf.path}`;
}

export function unknownWords(text) {
  const name = text.split(/\s/)[0];
  if (!store.application.online)
    return `${store.application.name} is offline, so ${name} cannot be run now.`;
  const paths = ourLeaves().map((leaf) => leaf.path);
  const names = new Set(paths.map((path) => path.split(" ")[0]));
  if (names.has(name.slice(1)) && !paths.includes(name.slice(1)))
    return partWords(name, text.split(/\s+/)[1] ?? "", paths);
  const meant = nearest(name.slice(1).toLowerCase(), [...names]);
  const hint = meant ? ` Did you mean /${meant}?` : "";
  return `There is no command ${name} that you can use here.${hint} To send it as text, put a space first.`;
}

/** Of a command with parts, such as `/quota pool`: which of them there are. */
function partWords(name, part, paths) {
  const parts = paths.filter((path) => path.startsWith(`${name.slice(1)} `));
  const meant = nearest(part.toLowerCase(), parts.map((path) => path.split(" ")[1]));
  const hint = meant ? ` Did you mean ${name} ${meant}?` : ` Choose one of its ${parts.length} parts from the list.`;
  return part ? `There is no command ${name} ${part}.${hint}` : `${name} is not complete.${hint}`;
}

/** Words that stand where no option takes them. */
export function strayWords(leaf, stray) {
  const names = leaf.options.map((option) => option.name);
  if (!names.length) return `/${leaf.path} takes no words, so “${stray}” has no place.`;
  return `“${stray}” belongs to no option. Write it behind one of: ${names.join(", ")}.`;
}
