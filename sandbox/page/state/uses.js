// Which commands this browser has used how often: the most used ones stand first, as in Discord's client.

import { memory } from "./memory.js";

const KEY = "uses";
const SUGGESTED = "video"; // what the page suggests to newcomers counts as used once

function read() {
  try {
    return { [SUGGESTED]: 1, ...JSON.parse(memory.get(KEY) ?? "{}") };
  } catch {
    return { [SUGGESTED]: 1 };
  }
}

export function noteUse(path) {
  const uses = read();
  memory.set(KEY, JSON.stringify({ ...uses, [path]: (uses[path] ?? 0) + 1 }));
}

/** The leaves by use, then those of one word, then by name. */
export function byUse(leaves) {
  const uses = read();
  const words = (leaf) => leaf.path.split(" ").length;
  return [...leaves].sort(
    (a, b) =>
      (uses[b.path] ?? 0) - (uses[a.path] ?? 0) ||
      Number(words(a) > 1) - Number(words(b) > 1) ||
      a.path.localeCompare(b.path),
  );
}
