// One option of a command as a pill with its name and a field for its value.

import { freshId, h, replace } from "../ui/dom.js";
import { readValue, TYPE } from "./commandline.js";
import { icon } from "../ui/icons.js";
import { complete } from "../interactions/interactions.js";
import { channelChoices, roleChoices, userChoices } from "../interactions/selects.js";
import { findByName } from "./suggestions.js";

const PAUSE = 180;

/**
 * `{node, option, text(), read(files) → {value}|{problem}|null, focus(), set(text), take(file)}`.
 * `bar`: {completion, path, others(except) → values, changed(), remove(option)}.
 */
export function commandField(option, bar) {
  return option.type === TYPE.ATTACHMENT ? fileField(option, bar) : textField(option, bar);
}

function pill(option, id, ...inside) {
  return h(
    "div",
    {
      class: "pill",
      title: option.description,
      dataset: { testid: "option", option: option.name },
    },
    h("label", { class: "pill-name", for: id }, option.name),
    inside,
  );
}

function textField(option, bar) {
  const id = freshId("option");
  const offers = offersOf(option);
  let picked = null;
  let turn = 0;
  let timer = 0;
  const input = h("textarea", {
    id,
    rows: 1,
    class: "pill-input",
    placeholder: option.required ? option.description : "optional",
    spellcheck: String(option.type === TYPE.STRING),
    role: offers || option.autocomplete ? "combobox" : null,
    autocomplete: "off",
    enterkeyhint: "send",
    "aria-label": `${option.name}: ${option.description}`,
    "aria-autocomplete": offers || option.autocomplete ? "list" : null,
    "aria-expanded": offers || option.autocomplete ? "false" : null,
    "aria-required": option.required ? "true" : null,
    on: { input: typed, focus: offer, blur: () => bar.completion.hide() },
  });
  const node = pill(option, id, input);
  return {
    node,
    option,
    input,
    text: () => input.value.trim(),
    read,
    focus: () => input.focus(),
    set(text) {
      input.value = text;
      picked = null;
    },
    setValue(value, label) {
      input.value = label;
      picked = { value, label };
    },
  };

  function typed() {
    if (/\n/.test(input.value)) input.value = input.value.replaceAll(/\s*\n\s*/g, " ");
    if (picked && input.value !== picked.label) picked = null;
    bar.changed();
    offer();
  }

  /** Suggest; a later keystroke makes an earlier answer stale, and stale answers are dropped. */
  function offer() {
    turn += 1;
    clearTimeout(timer);
    if (offers) show(offers().filter((item) => !input.value || picked || holds(item, input.value)));
    else if (option.autocomplete) timer = setTimeout(() => ask(turn), PAUSE);
    else bar.completion.hide();
  }

  async function ask(mine) {
    const values = { ...bar.others(option), [option.name]: picked ? "" : input.value };
    const record = await complete(bar.path, values, option.name).catch(() => null);
    if (mine !== turn || document.activeElement !== input) return;
    const choices = record?.state === "choices" ? record.choices : [];
    show(
      choices.map((choice) => ({ label: choice.name, value: choice.value })),
      record?.state === "choices" ? "No match." : "No suggestions. Keep typing.",
    );
  }

  function show(items, empty) {
    const onPick = (item) => {
      picked = item;
      input.value = item.label;
      bar.changed();
      bar.advance(option);
    };
    const select = input.value && !picked ? 0 : option.required ? 0 : -1;
    bar.completion.show(input, items, {
      title: `${option.name}: ${option.description}`,
      onPick,
      empty,
      select,
    });
  }

  function read() {
    const text = input.value.trim();
    if (!text) return null;
    if (picked && picked.label === input.value) return { value: picked.value };
    const own = new RegExp(`^${option.name}\\s*:\\s*`, "i");
    return readValue(option, text.replace(own, ""), findByName);
  }
}

const holds = (item, text) =>
  `${item.label} ${item.note ?? ""}`.toLowerCase().includes(text.trim().toLowerCase());

/** What can be chosen at all, for options that are no free text. */
function offersOf(option) {
  const entries = (choices) =>
    choices.map((choice) => ({
      label: choice.text,
      note: choice.note,
      picture: choice.picture,
      value: choice.value,
    }));
  if (option.choices?.length)
    return () => option.choices.map((choice) => ({ label: choice.name, value: choice.value }));
  switch (option.type) {
    case TYPE.BOOLEAN:
      return () => [
        { label: "True", value: true },
        { label: "False", value: false },
      ];
    case TYPE.USER:
      return () => entries(userChoices());
    case TYPE.ROLE:
      return () => entries(roleChoices());
    case TYPE.CHANNEL:
      return () => entries(channelChoices(option.channel_types));
    case TYPE.MENTIONABLE:
      return () => entries([...userChoices(), ...roleChoices()]);
    default:
      return null;
  }
}

function fileField(option, bar) {
  const id = freshId("option");
  let file = null;
  const words = h("span", {});
  const input = h("input", {
    type: "file",
    id,
    class: "visually-hidden",
    tabindex: "-1",
    "aria-label": `${option.name}: ${option.description}`,
    on: { change: () => take(input.files[0]) },
  });
  const button = h(
    "button",
    {
      type: "button",
      class: "pill-file",
      "aria-label": `${option.name}: choose a file`,
      on: { click: () => input.click() },
    },
    icon("file", 16),
    words,
  );
  const node = pill(option, id, button, input);
  draw();
  return {
    node,
    option,
    input: button,
    isFile: true,
    text: () => "",
    read,
    focus: () => button.focus(),
    set: () => undefined,
    take,
    has: () => Boolean(file),
    file: () => file,
  };

  function take(given) {
    if (!given) return;
    file = given;
    draw();
    bar.changed();
  }

  function draw() {
    replace(words, file ? file.name : "Choose, drop or paste a file");
    node.classList.toggle("filled", Boolean(file));
  }

  function read(files) {
    return file ? { value: `attachment://${files.push(file) - 1}` } : null;
  }
}
