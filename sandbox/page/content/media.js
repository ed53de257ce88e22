// Pictures, videos and sounds: how large they are shown, and the elements for them.

import { isLocal, localAddress } from "./addresses.js";
import { h, replace } from "../ui/dom.js";
import { icon } from "../ui/icons.js";
import { openLightbox } from "./lightbox.js";

const WIDEST = 440;
const HIGHEST = 340;

export function kindOf({ content_type: type = "", filename = "", url = "" }) {
  const name = (filename || new URL(url, location.href).pathname).toLowerCase();
  if (type.startsWith("image/") || /\.(png|jpe?g|gif|webp|avif)$/.test(name)) return "picture";
  if (type.startsWith("video/") || /\.(mp4|mov|webm|m4v)$/.test(name)) return "video";
  if (type.startsWith("audio/") || /\.(mp3|ogg|wav|flac|m4a)$/.test(name)) return "sound";
  return "file";
}

/** Kept free before the bytes are there, so that nothing jumps. */
function box({ width, height }, widest = WIDEST, highest = HIGHEST) {
  if (!width || !height) return {};
  const scale = Math.min(1, widest / width, highest / height);
  return { "--width": `${Math.round(width * scale)}px`, "--ratio": `${width} / ${height}` };
}

/** A picture that opens large; `all` are those to leaf through. */
export function picture(item, all = [item], limits = []) {
  if (!isLocal(item.url)) return elsewhere(item.url, "Picture on another site");
  const label = item.description || item.filename || "Picture";
  const image = h("img", {
    src: localAddress(item.url),
    alt: label,
    loading: "lazy",
    decoding: "async",
    draggable: "false",
  });
  const open = () =>
    openLightbox(
      all.filter((other) => isLocal(other.url)),
      item,
    );
  return h(
    "button",
    {
      type: "button",
      class: "picture",
      title: item.description,
      "aria-label": `Open picture: ${label}`,
      style: box(item, ...limits),
      dataset: { testid: "picture" },
      on: { click: open },
    },
    image,
  );
}

export function video(item, { loop = false } = {}) {
  if (!isLocal(item.url)) return elsewhere(item.url, "Video on another site");
  const label = item.description || item.filename || "Video";
  const video = h("video", {
    controls: true,
    playsinline: true,
    preload: "metadata",
    loop,
    src: localAddress(item.url),
    "aria-label": label,
    title: item.description,
    dataset: { testid: "video" },
  });
  const wrapper = h("div", { class: "video", style: box(item) }, video);
  video.addEventListener("loadedmetadata", () => {
    const size = { width: video.videoWidth, height: video.videoHeight };
    for (const [name, value] of Object.entries(box(size))) wrapper.style.setProperty(name, value);
  });
  video.addEventListener("error", () => {
    replace(wrapper, fileCard(item, "This video cannot be played here."));
    wrapper.classList.add("broken");
  });
  return wrapper;
}

export function sound(item) {
  return h(
    "div",
    { class: "sound" },
    h("div", { class: "sound-name" }, icon("sound", 18), item.filename ?? "Sound"),
    h("audio", {
      controls: true,
      preload: "metadata",
      src: localAddress(item.url),
      "aria-label": item.filename ?? "Sound",
    }),
  );
}

export function fileCard(item, note) {
  const name = item.filename ?? item.name ?? "File";
  return h(
    "div",
    { class: "file-card", dataset: { testid: "file" } },
    icon("file", 28),
    h(
      "div",
      { class: "file-words" },
      h(
        "a",
        { href: localAddress(item.url), target: "_blank", rel: "noopener", download: name },
        name,
      ),
      h(
        "div",
        { class: "faint" },
        note ??
          [item.size ? inBytes(item.size) : null, item.description].filter(Boolean).join(" · "),
      ),
    ),
  );
}

/** Hides what is under it until it is pressed. */
export function covered(node, isSpoiler) {
  if (!isSpoiler) return node;
  const wrapper = h("div", { class: "covered" });
  const show = () => {
    wrapper.classList.add("shown");
    cover.remove();
    node.removeAttribute("inert");
    (node.matches("button,video") ? node : node.querySelector("button,video,a"))?.focus();
  };
  const cover = h("button", { type: "button", class: "cover", on: { click: show } }, "Spoiler");
  node.setAttribute("inert", "");
  wrapper.append(node, cover);
  return wrapper;
}

/** What lies outside is a link: the page fetches nothing from elsewhere. */
function elsewhere(address, label) {
  return h(
    "a",
    {
      class: "elsewhere",
      href: localAddress(address),
      target: "_blank",
      rel: "noopener noreferrer",
    },
    icon("link", 16),
    label,
  );
}

export function inBytes(size) {
  if (size < 1024) return `${size} B`;
  const [unit, power] = size < 1024 ** 2 ? ["KB", 1] : ["MB", 2];
  const amount = size / 1024 ** power;
  return `${amount < 10 ? amount.toFixed(1) : Math.round(amount)} ${unit}`;
}
