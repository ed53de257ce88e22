// The form that a bot opens: title, fields, submit. What was typed stays until it has been accepted.

import { freshId, h, replace } from "../ui/dom.js";
import { icon } from "../ui/icons.js";
import { textBlock } from "../content/markdown.js";
import { modalField } from "./modalFields.js";
import { avatar } from "../content/names.js";
import { store } from "../state/store.js";
import { refusalOf } from "./tooLarge.js";

const ACTION_ROW = 1;
const TEXT_DISPLAY = 10;
const LABEL = 18;

/** `accept(fields, files)` submits the form; it throws a refusal, which the form shows. */
export function openModal(record, accept) {
  const { modal } = record;
  const fields = [];
  const titleId = freshId("modal-title");
  const problem = h("p", { class: "problem", role: "alert", dataset: { testid: "modal-error" } });
  const submit = h(
    "button",
    { type: "submit", class: "button primary", dataset: { testid: "modal-submit" } },
    "Submit",
  );
  const close = () => dialog.close();
  const form = h(
    "form",
    { class: "modal-form", novalidate: true, on: { submit: send } },
    h(
      "header",
      { class: "modal-head" },
      avatar(store.application.bot, 32),
      h("h2", { id: titleId }, modal.title),
      h(
        "button",
        { type: "button", class: "icon-button", "aria-label": "Close", on: { click: close } },
        icon("close", 20),
      ),
    ),
    h(
      "div",
      { class: "modal-body" },
      modal.components.map((item) => part(item, fields)),
    ),
    problem,
    h(
      "footer",
      { class: "modal-foot" },
      h("span", { class: "faint" }, `This form goes to ${store.application.name}.`),
      h("button", { type: "button", class: "button secondary", on: { click: close } }, "Cancel"),
      submit,
    ),
  );
  const dialog = h(
    "dialog",
    { class: "modal", "aria-labelledby": titleId, dataset: { testid: "modal" } },
    form,
  );
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  (fields[0]?.focusTarget ?? submit).focus();

  async function send(event) {
    event.preventDefault();
    replace(problem);
    const wrong = fields.filter((field) => field.check());
    if (wrong.length) {
      wrong[0].focusTarget.focus();
      return;
    }
    const files = [];
    const values = Object.fromEntries(fields.map((field) => [field.customId, field.read(files)]));
    submit.disabled = true;
    try {
      await accept(values, files);
      dialog.close();
    } catch (error) {
      replace(problem, icon("warning", 18), refusalOf(error, files));
    } finally {
      submit.disabled = false;
    }
  }
}

function part(item, fields) {
  if (item.type === TEXT_DISPLAY) return textBlock(item.content);
  if (item.type === ACTION_ROW) {
    return item.components.map((inner) => labelled(inner, inner.label, null, fields));
  }
  if (item.type === LABEL) return labelled(item.component, item.label, item.description, fields);
  return null;
}

/** A field with its name above, what it is for, and what is wrong with it below. */
function labelled(component, label, description, fields) {
  const field = modalField(component, label);
  fields.push(field);
  const [hintId, problemId] = [freshId("hint"), freshId("problem")];
  const wrong = h("p", { class: "problem", id: problemId, role: "alert" });
  field.check = () => {
    const words = field.problem();
    replace(wrong, words && [icon("warning", 16), words]);
    field.focusTarget.setAttribute("aria-invalid", String(Boolean(words)));
    return words;
  };
  field.focusTarget.setAttribute(
    "aria-describedby",
    [description && hintId, problemId].filter(Boolean).join(" "),
  );
  const needed = component.required === false ? h("span", { class: "faint" }, " (optional)") : null;
  const name = field.isGroup
    ? h("legend", { class: "label" }, label, needed)
    : h("label", { class: "label", for: field.id }, label, needed);
  return h(
    field.isGroup ? "fieldset" : "div",
    { class: "modal-field" },
    name,
    description && h("p", { class: "faint", id: hintId }, description),
    field.node,
    wrong,
  );
}
