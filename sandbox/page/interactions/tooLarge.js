// Which file was too large and what the limit is here: Discord's own refusal names neither.

import { inBytes } from "../content/media.js";
import { store } from "../state/store.js";

const TOO_LARGE = 40005;
const MB = 1024 ** 2;
const BY_TIER = [20 * MB, 20 * MB, 50 * MB, 100 * MB]; // the better of the two holds
const BY_NITRO = [20 * MB, 50 * MB, 500 * MB];

/** The refusal in words that say what to change; any other error in its own. */
export function refusalOf(error, files) {
  if (error.code !== TOO_LARGE || !files.length) return error.message;
  const limit = Math.max(
    BY_TIER[store.guild.premium_tier] ?? 0,
    BY_NITRO[store.me.user.premium_type] ?? 0,
  );
  const large = files.filter((file) => file.size > limit);
  if (!large.length) {
    const all = files.reduce((sum, file) => sum + file.size, 0);
    return `Together these files have ${inBytes(all)}, too much for one message. Send fewer.`;
  }
  const named = large.map((file) => `${file.name} (${inBytes(file.size)})`).join(", ");
  const are = large.length > 1 ? "are" : "is";
  return `${named} ${are} too large: a file may have at most ${inBytes(limit)} here.`;
}
