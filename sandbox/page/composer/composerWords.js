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
  const names = new Set(ourLeaves().map((leaf) => leaf.path.split(" ")[0]));
  const meant = nearest(name.slice(1).toLowerCase(), [...names]);
  const hint = meant ? ` Did you mean /${meant}?` : "";
  return `There is no command ${name} that you can use here.${hint} To send it as text, put a space first.`;
}

/** Words that stand where no option takes them. */
export function strayWords(leaf, stray) {
  const names = leaf.options.map((option) => option.name);
  if (!names.length) return `/${leaf.path} takes no words, so “${stray}” has no place.`;
  return `“${stray}” belongs to no option. Write it behind one of: ${names.join(", ")}.`;
}
