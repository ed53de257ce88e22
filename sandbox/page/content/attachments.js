// The files of a message: pictures in a grid, videos and sounds that play, everything else as a card.

import { h } from "../ui/dom.js";
import { covered, fileCard, video, kindOf, picture, sound } from "./media.js";

const SPOILER_FLAG = 1 << 3;
const isSpoiler = (item) =>
  item.filename.startsWith("SPOILER_") || Boolean((item.flags ?? 0) & SPOILER_FLAG);

export function attachmentsNode(items) {
  if (!items?.length) return null;
  const pictures = items.filter((item) => kindOf(item) === "picture");
  const others = items.filter((item) => kindOf(item) !== "picture");
  return [
    pictures.length > 0 &&
      h(
        "div",
        { class: `pictures of-${Math.min(pictures.length, 4)}` },
        pictures.map((item) => covered(picture(item, pictures), isSpoiler(item))),
      ),
    others.map((item) => covered(other(item), isSpoiler(item))),
  ];
}

function other(item) {
  const kind = kindOf(item);
  if (kind === "video") return video(item);
  return kind === "sound" ? sound(item) : fileCard(item);
}
