// The fields of a modal. Each: {customId, id, node, focusTarget, isGroup?, problem() → words, read(files) → value}.

import { freshId, h, replace } from "../ui/dom.js";
import { icon } from "../ui/icons.js";
import { inBytes } from "../content/media.js";
import { selectControl } from "./selects.js";

const MAKERS = { 4: textInput, 19: upload, 21: radioGroup, 22: checkboxGroup, 23: checkbox };
const LONGEST_TEXT = 4000;

export function modalField(item, label) {
  const make = MAKERS[item.type] ?? select;
  return { customId: item.custom_id, ...make(item, label) };
}

const isRequired = (item) => item.required !== false;

/** The least and most that must be chosen. An answer that is not required may stay empty. */
function bounds(item) {
  const least = item.min_values ?? 1;
  return { least: isRequired(item) ? least : 0, most: Math.max(item.max_values ?? 1, least, 1) };
}

function countProblem(count, { least, most }, what) {
  if (count < least) return least === 1 ? `Choose ${what}.` : `Choose at least ${least}.`;
  if (count > most) return `Choose at most ${most}.`;
  return null;
}

function textInput(item) {
  const id = freshId("text");
  const long = item.style === 2;
  const counter = h("span", { class: "counter faint", "aria-hidden": "true" });
  const input = h(long ? "textarea" : "input", {
    id,
    class: "field",
    rows: long ? 4 : null,
    type: long ? null : "text",
    placeholder: item.placeholder,
    value: item.value ?? "",
    "aria-required": String(isRequired(item)),
    on: { input: count },
    dataset: { customId: item.custom_id },
  });
  count();
  function count() {
    const limit = item.max_length ?? LONGEST_TEXT;
    replace(
      counter,
      item.max_length || input.value.length > limit ? `${input.value.length} / ${limit}` : "",
    );
    counter.classList.toggle("over", input.value.length > limit);
  }
  return {
    id,
    node: h("div", { class: "text-field" }, input, counter),
    focusTarget: input,
    problem() {
      const { length } = input.value;
      if (!length) return isRequired(item) ? "Please fill this in." : null;
      if (length < (item.min_length ?? 0))
        return `Please write at least ${item.min_length} characters; it has ${length}.`;
      const most = item.max_length ?? LONGEST_TEXT;
      return length > most ? `Please write at most ${most} characters; it has ${length}.` : null;
    },
    read: () => input.value,
  };
}

function select(item, label) {
  const id = freshId("select");
  const chooser = selectControl(
    { ...item, min_values: bounds(item).least, disabled: false },
    { label, id, field: true },
  );
  return {
    id,
    node: chooser.node,
    focusTarget: chooser.node,
    problem: () => countProblem(chooser.values().length, bounds(item), "something"),
    read: () => chooser.values(),
  };
}

function choiceRow(option, type, name) {
  const input = h("input", { type, name, value: option.value, checked: Boolean(option.default) });
  const row = h(
    "label",
    { class: "choice" },
    input,
    h(
      "span",
      { class: "option-words" },
      option.label,
      option.description && h("span", { class: "faint" }, option.description),
    ),
  );
  return { input, row };
}

function group(item, type) {
  const name = freshId("group");
  const rows = item.options.map((option) => choiceRow(option, type, name));
  const chosen = () => rows.filter(({ input }) => input.checked).map(({ input }) => input.value);
  return {
    isGroup: true,
    node: h(
      "div",
      { class: "choices" },
      rows.map(({ row }) => row),
    ),
    focusTarget: rows[0].input,
    chosen,
  };
}

function radioGroup(item) {
  const made = group(item, "radio");
  return {
    ...made,
    problem: () => (isRequired(item) && !made.chosen().length ? "Choose one." : null),
    read: () => made.chosen()[0],
  };
}

function checkboxGroup(item) {
  const made = group(item, "checkbox");
  const limits = { ...bounds(item), most: item.max_values ?? item.options.length };
  return {
    ...made,
    problem: () => countProblem(made.chosen().length, limits, "at least one"),
    read: () => made.chosen(),
  };
}

function checkbox(item, label) {
  const id = freshId("check");
  const input = h("input", { type: "checkbox", id, checked: Boolean(item.default) });
  return {
    id,
    focusTarget: input,
    node: h("div", { class: "choice" }, input, h("span", { "aria-hidden": "true" }, label)),
    problem: () => null,
    read: () => input.checked,
  };
}

function upload(item) {
  const id = freshId("upload");
  const limits = bounds(item);
  let files = [];
  const list = h("ul", { class: "upload-list" });
  const add = (more) => {
    files = [...files, ...more].slice(-limits.most);
    draw();
  };
  const input = h("input", {
    type: "file",
    id,
    class: "visually-hidden",
    multiple: limits.most > 1,
    dataset: { customId: item.custom_id },
    on: {
      change: () => {
        add(input.files);
        input.value = "";
      },
    },
  });
  const zone = h(
    "label",
    {
      class: "upload-zone",
      for: id,
      on: {
        dragover: (event) => event.preventDefault(),
        drop: (event) => {
          event.preventDefault();
          event.stopPropagation();
          add(event.dataTransfer.files);
        },
      },
    },
    icon("plus", 18),
    limits.most > 1 ? `Choose or drop up to ${limits.most} files` : "Choose or drop a file",
  );
  const drop = (file) => {
    files = files.filter((other) => other !== file);
    draw();
  };
  function draw() {
    replace(
      list,
      files.map((file) =>
        h(
          "li",
          {},
          icon("file", 16),
          h("span", {}, file.name),
          h("span", { class: "faint" }, inBytes(file.size)),
          h(
            "button",
            {
              type: "button",
              class: "icon-button",
              "aria-label": `Remove ${file.name}`,
              on: { click: () => drop(file) },
            },
            icon("close", 14),
          ),
        ),
      ),
    );
  }
  return {
    id,
    focusTarget: input,
    node: h("div", {}, input, zone, list),
    problem: () => countProblem(files.length, limits, "a file"),
    read(sent) {
      return files.map((file) => `attachment://${sent.push(file) - 1}`);
    },
  };
}
