// The composer while a command is filled in: its name, a pill for each option, and the options still offered.

import { commandField } from "./commandFields.js";
import { asText, segments, TYPE } from "./commandline.js";
import { h, replace } from "../ui/dom.js";
import { avatar } from "../content/names.js";
import { store } from "../state/store.js";

export class CommandBar {
  #fields = [];

  /** `host`: {completion, changed(), run(), leave(text)}. */
  constructor(leaf, host) {
    this.leaf = leaf;
    this.host = host;
    this.path = leaf.path;
    this.completion = host.completion;
    this.pills = h("div", { class: "pills" });
    this.offers = h("div", { class: "offers", role: "group", "aria-label": "More options" });
    this.name = h(
      "button",
      {
        type: "button",
        class: "pill command-name",
        "aria-label": `Run /${leaf.path}`,
        on: { click: () => host.run() },
      },
      avatar(store.application.bot, 20),
      `/${leaf.path}`,
    );
    this.node = h(
      "div",
      {
        class: "command-bar",
        dataset: { testid: "command-bar", command: leaf.path },
        on: { keydown: (event) => this.#key(event) },
      },
      this.name,
      this.pills,
      this.offers,
    );
    for (const option of leaf.options) if (option.required) this.#add(option);
    this.#drawOffers();
  }

  /** Fill in what was typed as text: `prompt: a fox`. */
  fill(rest, files = []) {
    const { texts, stray } = segments(this.leaf, rest);
    for (const option of this.leaf.options) {
      if (option.type === TYPE.ATTACHMENT && files.length) this.#field(option).take(files.shift());
      else if (texts[option.name]) this.#field(option).set(texts[option.name]);
    }
    return stray;
  }

  /** The same values again, after something went wrong. */
  restore(entries) {
    for (const { option, text, file } of entries) {
      const field = this.#field(option);
      if (file) field.take(file);
      else field.set(text);
    }
  }

  entries() {
    return this.#fields.map((field) => ({
      option: field.option,
      text: field.text(),
      file: field.file?.(),
    }));
  }

  /** {options, files} or {problem, field}: everything that is missing or wrong, the first one first. */
  read() {
    const [options, files, problems] = [{}, [], []];
    for (const field of this.#fields) {
      const found = field.read(files);
      const problem = found
        ? found.problem
        : field.option.required &&
          `${field.option.name} is needed: ${lower(field.option.description)}.`;
      field.input.setAttribute("aria-invalid", String(Boolean(problem)));
      field.node.classList.toggle("wrong", Boolean(problem));
      if (problem) problems.push({ problem, field });
      else if (found) options[field.option.name] = found.value;
    }
    return problems[0]
      ? { problem: problems.map((item) => item.problem).join(" "), field: problems[0].field }
      : { options, files };
  }

  asText() {
    return asText(
      this.path,
      Object.fromEntries(this.#fields.map((field) => [field.option.name, field.text()])),
    );
  }

  files() {
    return this.#fields.map((field) => field.file?.()).filter(Boolean);
  }

  /** Take a file into the next option that wants one. False if there is none. */
  takeFile(file) {
    const wants = this.leaf.options.filter((option) => option.type === TYPE.ATTACHMENT);
    const free = wants.find(
      (option) => !this.#fields.find((field) => field.option === option)?.has(),
    );
    if (!free) return false;
    this.#field(free).take(file);
    return true;
  }

  focus() {
    const empty = this.#fields.find(
      (field) => field.option.required && !field.text() && !field.has?.(),
    );
    (empty ?? this.#fields.at(-1) ?? this.name).focus();
  }

  // What fields ask of the bar.
  changed() {
    this.host.changed();
  }

  others(except) {
    const found = {};
    for (const field of this.#fields) {
      if (field.option === except || field.isFile) continue;
      const value = field.read([])?.value;
      if (value !== undefined) found[field.option.name] = value;
    }
    return found;
  }

  /** After a choice: on to the next required field that is empty. */
  advance(option) {
    const next = this.#fields.find(
      (field) =>
        field.option !== option && field.option.required && !field.text() && !field.has?.(),
    );
    next?.focus();
  }

  #field(option) {
    return this.#fields.find((field) => field.option === option) ?? this.#add(option);
  }

  #add(option) {
    const field = commandField(option, this);
    this.#fields.push(field);
    this.pills.append(field.node);
    this.#drawOffers();
    return field;
  }

  #remove(field) {
    this.#fields = this.#fields.filter((other) => other !== field);
    field.node.remove();
    this.completion.hide();
    this.#drawOffers();
    this.host.changed();
    (this.#fields.at(-1) ?? this.name).focus();
  }

  #drawOffers() {
    const open = this.leaf.options.filter(
      (option) => !this.#fields.some((field) => field.option === option),
    );
    replace(
      this.offers,
      open.map((option) =>
        h(
          "button",
          {
            type: "button",
            class: "offer",
            title: option.description,
            "aria-label": `Add ${option.name}: ${option.description}`,
            dataset: { testid: "offer", option: option.name },
            on: { click: () => this.#add(option).focus() },
          },
          `+ ${option.name}`,
        ),
      ),
    );
    this.offers.hidden = !open.length;
  }

  #key(event) {
    if (event.isComposing || this.completion.handleKey(event)) return;
    const field = this.#fields.find((item) => item.node.contains(event.target));
    if (event.key === "Enter" && !event.target.matches(".offer,.pill-file")) {
      event.preventDefault();
      this.host.run();
    } else if (event.key === "Escape") {
      event.preventDefault();
      this.host.leave(this.asText(), this.files());
    } else if (["Backspace", "Delete"].includes(event.key) && field && !event.target.value) {
      event.preventDefault();
      if (field.option.required) this.host.leave(this.asText(), this.files());
      else this.#remove(field);
    }
  }
}

const lower = (text) =>
  (text ?? "").replace(/^[A-Z](?=[a-z ])/, (letter) => letter.toLowerCase()).replace(/\.$/, "");
