// A select: a button that opens a list to choose from, with a search where the list is long.

import { freshId, h, replace } from "../ui/dom.js";
import { emojiNode } from "../content/emoji.js";
import { icon } from "../ui/icons.js";
import { avatar, channelIcon, nameNode, nameStyle, userName } from "../content/names.js";
import { openPopover } from "../ui/popover.js";
import { store } from "../state/store.js";

const SEARCH_FROM = 9;
const NOUNS = {
  5: "Choose a person",
  6: "Choose a role",
  7: "Choose a person or role",
  8: "Choose a channel",
};

/** `{node, busy(is), values()}`. `onChoose` gets the values each time the choice is finished. */
export function selectControl(item, { label, onChoose, id, field = false }) {
  const least = item.min_values ?? 1;
  const most = Math.max(item.max_values ?? 1, 1);
  const clearable = least === 0 || (field && item.required === false);
  let chosen = preset(item);
  const words = h("span", { class: "select-words" });
  const node = h(
    "button",
    {
      type: "button",
      class: "select",
      id,
      disabled: item.disabled,
      "aria-haspopup": "listbox",
      "aria-label": field ? null : label,
      dataset: { testid: "component-select", customId: item.custom_id },
      on: { click: open },
    },
    words,
    icon("chevron", 18),
  );
  drawWords();
  return { node, busy, values: () => chosen };

  function drawWords() {
    const found = choices(item).filter((choice) => chosen.includes(choice.value));
    const empty = h(
      "span",
      { class: "placeholder" },
      item.placeholder ?? NOUNS[item.type] ?? "Make a choice",
    );
    replace(
      words,
      found.length
        ? found.map((choice) => h("span", { class: "select-chip" }, choice.text))
        : empty,
    );
  }

  function busy(is) {
    node.classList.toggle("busy", is);
    node.setAttribute("aria-busy", String(is));
  }

  function open() {
    const before = chosen.join();
    const list = h("div", {
      class: "select-list",
      role: "listbox",
      id: freshId("list"),
      "aria-label": label,
      "aria-multiselectable": most > 1 ? "true" : null,
    });
    const search = h("input", {
      type: "search",
      class: "field",
      placeholder: "Search",
      "aria-label": "Search",
      on: { input: draw, keydown: fromSearch },
    });
    const all = choices(item);
    const popover = openPopover([all.length >= SEARCH_FROM && search, list], {
      anchor: node,
      label,
      className: "select-popover",
      onClose: () => {
        drawWords();
        if (chosen.join() !== before && chosen.length >= Math.min(least, clearable ? 0 : least))
          onChoose?.(chosen);
      },
    });
    popover.panel.style.setProperty("--wide", `${Math.max(node.offsetWidth, 240)}px`);
    draw();
    popover.place();
    (
      list.querySelector("[aria-selected=true]") ??
      (search.isConnected ? search : list.querySelector("[role=option]"))
    )?.focus();
    list.addEventListener("keydown", (event) => move(event, list, search));

    function draw() {
      const wanted = search.value.trim().toLowerCase();
      const found = all.filter((choice) => choice.text.toLowerCase().includes(wanted));
      replace(
        list,
        found.map(row),
        found.length === 0 && h("p", { class: "empty-note" }, "Nothing found."),
      );
    }

    function row(choice) {
      const selected = chosen.includes(choice.value);
      return h(
        "button",
        {
          type: "button",
          class: "option",
          role: "option",
          tabindex: "-1",
          "aria-selected": String(selected),
          dataset: { value: choice.value },
          on: { click: () => choose(choice.value) },
        },
        choice.picture?.(),
        h(
          "span",
          { class: "option-words" },
          h(
            "span",
            { style: choice.style ?? {}, class: choice.style ? "name" : null },
            choice.text,
          ),
          choice.note && h("span", { class: "faint" }, choice.note),
        ),
        most > 1 &&
          h("span", { class: `tick${selected ? " on" : ""}` }, selected && icon("check", 14)),
      );
    }

    function choose(value) {
      if (most === 1) {
        const again = chosen[0] === value;
        chosen = again && clearable ? [] : [value];
        popover.close();
        if (again && !clearable && !field) onChoose?.(chosen);
        return;
      }
      const has = chosen.includes(value);
      if (has) chosen = chosen.filter((other) => other !== value);
      else if (chosen.length < most) chosen = [...chosen, value];
      const at = [...list.querySelectorAll("[role=option]")].indexOf(document.activeElement);
      draw();
      list.querySelectorAll("[role=option]")[at]?.focus();
    }

    function fromSearch(event) {
      if (event.key === "ArrowDown") list.querySelector("[role=option]")?.focus();
      if (event.key === "Enter") list.querySelector("[role=option]")?.click();
    }
  }
}

function move(event, list, search) {
  const options = [...list.querySelectorAll("[role=option]")];
  const at = options.indexOf(document.activeElement);
  const target = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: options.length - 1 }[
    event.key
  ];
  if (target === undefined) return;
  event.preventDefault();
  if (target < 0 && search.isConnected) search.focus();
  else options[(target + options.length) % options.length]?.focus();
}

function preset(item) {
  if (item.options)
    return item.options.filter((option) => option.default).map((option) => option.value);
  return (item.default_values ?? []).map((value) => value.id);
}

/** What can be chosen: {value, text, note?, picture?, style?}. */
function choices(item) {
  if (item.type === 3) {
    return item.options.map((option) => ({
      value: option.value,
      text: option.label,
      note: option.description,
      picture: option.emoji && (() => emojiNode(option.emoji, "1.3rem")),
    }));
  }
  if (item.type === 8) return channelChoices(item.channel_types);
  return [...(item.type === 6 ? [] : userChoices()), ...(item.type === 5 ? [] : roleChoices())];
}

export function userChoices() {
  return store.guild.members.map(({ user }) => ({
    value: user.id,
    text: userName(user),
    note: `@${user.username}`,
    picture: () => avatar(user, 24),
    style: nameStyle(user.id),
    node: nameNode,
  }));
}

export function roleChoices() {
  return store.guild.roles
    .filter((role) => role.id !== store.guild.id)
    .map((role) => ({
      value: role.id,
      text: role.name,
      note: "role",
      picture: () => icon("at", 18),
    }));
}

export function channelChoices(types) {
  return [...store.channels.values()]
    .map((place) => place.channel)
    .filter((channel) => !types?.length || types.includes(channel.type))
    .map((channel) => ({
      value: channel.id,
      text: channel.name,
      picture: () => icon(channelIcon(channel), 18),
    }));
}
