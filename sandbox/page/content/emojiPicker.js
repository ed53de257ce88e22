// Choosing an emoji: search, the server's own, the built-in set; arrows move in the grid. Stickers where wanted.

import { h, replace } from "../ui/dom.js";
import { emojiName, emojiNode, findEmoji } from "./emoji.js";
import { openPopover } from "../ui/popover.js";
import { store } from "../state/store.js";

const COLUMNS = 8;

export function openEmojiPicker(anchor, onPick, { onSticker, side } = {}) {
  const grid = h("div", { class: "emoji-grid" });
  const search = h("input", {
    type: "search",
    class: "field",
    placeholder: "Search emoji",
    "aria-label": "Search emoji",
    dataset: { testid: "emoji-search" },
    on: {
      input: () => draw(),
      keydown: (event) => {
        if (event.key === "Enter") grid.querySelector("button")?.click();
        if (event.key === "ArrowDown") grid.querySelector("button")?.focus();
      },
    },
  });
  const popover = openPopover([search, grid], {
    anchor,
    side,
    label: "Choose an emoji",
    className: "emoji-picker",
    focus: () => search,
  });
  grid.addEventListener("keydown", (event) => step(event, grid, search));
  draw();
  popover.place();

  function draw() {
    const { server, builtIn } = findEmoji(search.value);
    const stickers = onSticker && !search.value ? store.guild.stickers : [];
    replace(
      grid,
      server.length > 0 && part(store.guild.name, server),
      builtIn.length > 0 && part("Emoji", builtIn),
      stickers.length > 0 && stickerPart(stickers),
      !server.length &&
        !builtIn.length &&
        h("p", { class: "empty-note" }, "No emoji found."),
    );
  }

  function part(title, emoji) {
    return h(
      "section",
      {},
      h("h4", {}, title),
      h(
        "div",
        { class: "emoji-cells" },
        emoji.map((item) => {
          const name = emojiName(item);
          const label = item.names ? `${name} ${item.names}` : name;
          return h(
            "button",
            {
              type: "button",
              class: "emoji-cell",
              "aria-label": label,
              title: item.names ?? name,
              dataset: { emoji: item.name },
              on: { click: () => pick(item) },
            },
            emojiNode(item, "1.6rem"),
          );
        }),
      ),
    );
  }

  function stickerPart(stickers) {
    return h(
      "section",
      {},
      h("h4", {}, "Stickers"),
      h(
        "div",
        { class: "emoji-cells" },
        stickers.map((item) =>
          h(
            "button",
            {
              type: "button",
              class: "sticker-cell",
              "aria-label": `Sticker ${item.name}`,
              title: item.name,
              on: {
                click: () => {
                  popover.close();
                  onSticker(item);
                },
              },
            },
            h("img", { src: `/cdn/stickers/${item.id}.png`, alt: "", width: 56, height: 56 }),
          ),
        ),
      ),
    );
  }

  function pick({ id, name, animated }) {
    popover.close();
    onPick({ id, name, animated });
  }
}

function step(event, grid, search) {
  const cells = [...grid.querySelectorAll("button")];
  const at = cells.indexOf(document.activeElement);
  const steps = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: COLUMNS, ArrowUp: -COLUMNS };
  const target = at + (steps[event.key] ?? 0);
  if (target === at || at < 0) return;
  event.preventDefault();
  if (target < 0) search.focus();
  else cells[Math.min(target, cells.length - 1)].focus();
}
