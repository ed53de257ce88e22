// Emoji: the small set of the picker, and how any emoji is drawn, keyed and searched for.

import { h, svg } from "../ui/dom.js";
import { GLYPHS } from "./glyphs.js";
import { store } from "../state/store.js";

/** [emoji, names to find it by], in the picker's order. */
const KNOWN = `
🎬 clapper video movie action|👍 thumbs up yes like|❤️ heart love red|😂 laugh joy tears|🎉 party tada celebrate|🔥 fire hot
👀 eyes look watch|👏 clap applause|😍 love heart eyes|😮 wow open mouth|😢 cry sad|🙏 please thanks pray
😀 grin happy|🙂 smile|😎 cool sunglasses|🤔 thinking hmm|👎 thumbs down no|💛 yellow heart
⭐ star|🌟 glowing star|✨ sparkles magic|🚀 rocket launch|💡 idea bulb|✅ check done yes|❌ cross no cancel
⚠️ warning careful|⏳ hourglass wait|🎥 camera movie|🎞️ video frames strip|🖼️ picture frame image|🦊 fox animal
😃 smiley|😄 smile eyes|😅 sweat|😊 blush|😉 wink|😋 yum|😭 sob|😡 angry|😱 scream|🥳 partying|🤩 star struck|🤯 mind blown
😴 sleep|🤖 robot bot|👻 ghost|💀 skull|👋 wave hello|👌 ok|✌️ peace|🤞 fingers crossed|💪 strong|🙌 raised hands
💙 blue heart|💚 green heart|💜 purple heart|💔 broken heart|💯 hundred|💥 boom|💤 zzz|🎵 music note|🎨 art palette|🎭 theatre masks
📷 camera photo|📽️ projector|📺 tv|🍿 popcorn|🎟️ ticket|🏆 trophy|🥇 gold medal|⏰ alarm|🔒 lock|🔔 bell
🐱 cat|🐶 dog|🐼 panda|🦁 lion|🐸 frog|🦄 unicorn|🐝 bee|🌈 rainbow|☀️ sun|🌙 moon|❄️ snow|🌊 wave sea|🌲 tree|🌸 blossom
☕ coffee|🍕 pizza|🍰 cake|🍎 apple|⚡ lightning|🌍 earth world|🏔️ mountain|🏙️ city|🚗 car|✈️ plane`
  .trim()
  .split(/[|\n]/)
  .map((entry) => {
    const [char, ...names] = entry.trim().split(" ");
    return { name: char, names: names.join(" ") };
  });

export const QUICK = ["🎬", "👍", "❤️"];
const bare = (text) => text.replaceAll("\ufe0f", "");

/** The same for every way to write the same emoji. */
export const emojiKey = (emoji) => (emoji.id ? emoji.id : bare(emoji.name ?? ""));
/** As it stands in a path of the interface. */
export const emojiPath = (emoji) => (emoji.id ? `${emoji.name}:${emoji.id}` : emoji.name);
export const emojiName = (emoji) => (emoji.id ? `:${emoji.name}:` : emoji.name);

/** Draws an emoji. Its character stays in the text, so that it can be copied and read out. */
export function emojiNode(emoji, size = "1.25em") {
  const style = { "--size": size };
  if (emoji.id) {
    const src = `/cdn/emojis/${emoji.id}.${emoji.animated ? "gif" : "png"}`;
    const label = emojiName(emoji);
    return h("img", { class: "emoji", src, alt: label, title: label, style, draggable: "false" });
  }
  const glyph = GLYPHS[bare(emoji.name)];
  if (!glyph) return h("span", { class: "emoji-text", style }, emoji.name);
  return h(
    "span",
    { class: "emoji", style },
    svg("svg", { viewBox: "0 0 32 32", "aria-hidden": "true" }, glyph.map(shape)),
    h("span", { class: "emoji-char" }, emoji.name),
  );
}

function shape([path, fill, stroke, width]) {
  if (fill !== "-") return svg("path", { d: path, fill });
  return svg("path", {
    d: path,
    fill: "none",
    stroke,
    "stroke-width": width,
    "stroke-linecap": "round",
    "stroke-linejoin": "round",
  });
}

/** Emoji whose names contain the text: the server's first, then the built-in ones. */
export function findEmoji(text) {
  const wanted = text.trim().toLowerCase();
  const own = (store.guild?.emojis ?? []).filter((item) =>
    item.name.toLowerCase().includes(wanted),
  );
  return {
    server: own.map(({ id, name, animated }) => ({ id, name, animated })),
    builtIn: KNOWN.filter((item) => item.names.includes(wanted) && isShowable(item.name)),
  };
}

let hasFont;
/** Whether it can be drawn: by us, or by an emoji font of this machine. */
function isShowable(char) {
  hasFont ??= detectFont();
  return hasFont || bare(char) in GLYPHS;
}

function detectFont() {
  const context = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  if (!context) return true;
  context.font = "16px sans-serif";
  context.fillText("😀", 0, 16);
  const { data } = context.getImageData(0, 0, 24, 24);
  for (let at = 0; at < data.length; at += 4) {
    if (data[at + 3] && data[at] !== data[at + 2]) return true; // something is not grey
  }
  return false;
}

const PATTERN = /\p{Emoji_Presentation}|\p{Extended_Pictographic}\ufe0f|[❤⚠✅❌⭐✨]/u;
export const EMOJI_RUN = new RegExp(
  `(?:${PATTERN.source})(?:[\\u{1F3FB}-\\u{1F3FF}]|\\ufe0f|\\u200d\\p{Extended_Pictographic})*`,
  "u",
);
