/** The form with the members of one task. */

import * as icons from "../icons.js";
import { t } from "../texts.js";
import { live } from "../vendor/lit-html/directives/live.js";
import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { dueField } from "./due_field.js";
import { faultBeside } from "./faults.js";
import { priorityField } from "./priority_field.js";
import { tagsField } from "./tags_field.js";

/** @typedef {import("./editing.js").Values} Values */
/** @typedef {import("../rules.js").Fault} Fault */

/**
 * What the fields of the form share.
 *
 * @typedef {object} Form
 * @property {string} id the beginning of their ids
 * @property {string} title of the task
 * @property {Values} values
 * @property {Fault[]} faults
 * @property {(values: Partial<Values>) => void} type is called with what somebody types
 * @property {() => unknown} save
 * @property {() => void} cancel
 * @property {() => void} leave is called when the focus has left the form
 * @property {() => string[]} tagsInUse
 * @property {unknown} buttons besides those that save and cancel
 * @property {string} saveLabel
 * @property {string} cancelLabel
 */

/** @param {Form} form */
export function editorForm(form) {
  return html`
    <form
      class="editor"
      id=${form.id}
      tabindex="-1"
      novalidate
      aria-label=${t("edit_of", { title: form.title })}
      @submit=${(/** @type {Event} */ event) => (event.preventDefault(), form.save())}
      @keydown=${(/** @type {KeyboardEvent} */ event) => pressed(event, form)}
      @focusout=${(/** @type {FocusEvent} */ event) => focusLeft(event, form)}
    >
      ${textField(form, "title", t("edit_title"))} ${textField(form, "description", t("edit_description"))}
      ${dueField(form)} ${priorityField(form)} ${tagsField(form)} ${faultBeside(`${form.id}-fault`, generalFault(form))}
      <div class="cluster">
        <button class="primary">${form.saveLabel}</button>
        <button type="button" @click=${form.cancel}>${form.cancelLabel}</button>
        ${form.buttons}
      </div>
    </form>
  `;
}

/** @param {Form} form */
function generalFault({ faults }) {
  return faults.find(({ field }) => !/^(?:title|description|due|tags)\b/.test(field));
}

/** @param {Form} form @param {"title" | "description"} name @param {string} label */
function textField({ id, values, faults, type }, name, label) {
  const fault = faults.find(({ field }) => field === name);
  return html`
    <div class="field">
      <label for="${id}-${name}">${label}</label>
      <textarea
        id="${id}-${name}"
        class=${name}
        rows=${name === "title" ? 1 : 3}
        enterkeyhint=${name === "title" ? "done" : "enter"}
        dir="auto"
        aria-invalid=${fault ? "true" : nothing}
        aria-describedby=${fault ? `${id}-${name}-fault` : nothing}
        .value=${live(values[name])}
        @input=${(/** @type {InputEvent} */ { target }) =>
          type({ [name]: /** @type {HTMLTextAreaElement} */ (target).value })}
      ></textarea>
      ${faultBeside(`${id}-${name}-fault`, fault)}
    </div>
  `;
}

/** @param {KeyboardEvent} event @param {Form} form */
function pressed(event, { save, cancel }) {
  const { key, target } = event;
  const isTitle = /** @type {HTMLElement} */ (target).classList.contains("title");
  const saves = key === "Enter" && (event.ctrlKey || event.metaKey || isTitle);
  if (event.isComposing || event.keyCode === 229 || event.defaultPrevented) return;
  if (!saves && key !== "Escape") return;
  event.preventDefault();
  if (saves) save();
  else cancel();
}

/** @param {FocusEvent} event @param {Form} form */
function focusLeft({ currentTarget, relatedTarget }, { leave }) {
  const form = /** @type {HTMLFormElement} */ (currentTarget);
  if (form.contains(/** @type {Node | null} */ (relatedTarget))) return;
  // Not when another window comes to the front, or the row is taken out of the document.
  const left = () => form.isConnected && document.hasFocus() && !form.contains(document.activeElement) && leave();
  // What is pressed with the mouse is clicked if it is in its place, and under no message, until it is released.
  if (document.querySelector(":active")) window.addEventListener("mouseup", () => setTimeout(left), { once: true });
  else queueMicrotask(left);
}

/** The buttons for what else can be done with a task. @param {{ history: () => void, remove: () => void }} does */
export function taskButtons({ history, remove }) {
  return html`
    <button type="button" class="quiet push" @click=${history}>${icons.history}${t("history")}</button>
    <button type="button" class="quiet danger" @click=${remove}>${icons.trash}${t("delete")}</button>
  `;
}

/** Give the focus to a field, with the caret at its end. @param {string} id of the form @param {"title" | "description"} name */
export function focusField(id, name) {
  const field = /** @type {HTMLTextAreaElement | null} */ (document.getElementById(`${id}-${name}`));
  field?.focus();
  field?.setSelectionRange(field.value.length, field.value.length);
}

/** Give the focus to the first field that has to be mended, when that is drawn. @param {string} id of the form */
export function focusFault(id) {
  const faulty = () => /** @type {HTMLElement | null} */ (document.querySelector(`#${id} [aria-invalid=true]`));
  setTimeout(() => faulty()?.focus());
}
