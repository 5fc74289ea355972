/** What is said of text that is not saved and in no row. */

import { t } from "../texts.js";
import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { editorForm } from "./editor_form.js";

/**
 * @param {string} title
 * @param {{ continued: () => void, cancel: () => void }} choices
 */
export function offer(title, { continued, cancel }) {
  return html`<div class="banner">
    <span>${t("edit_unsaved", { title })}</span>
    <button type="button" @click=${continued}>${t("edit_continue")}</button>
    <button type="button" class="quiet" @click=${cancel}>${t("edit_discard")}</button>
  </div>`;
}

/**
 * @param {import("../data/writes.js").Write} write that the service has refused
 * @param {string} title
 * @param {{ again: () => void, discard: () => void }} choices
 */
export function refused({ reason }, title, { again, discard }) {
  return html`<div class="banner error">
    <span>${t("edit_not_saved", { title, reason: reason ?? "" })}</span>
    <button type="button" @click=${again}>${t("edit_again")}</button>
    <button type="button" class="quiet" @click=${discard}>${t("edit_discard")}</button>
  </div>`;
}

/**
 * The form of a task that is not there: it was deleted elsewhere, or refused.
 *
 * @param {import("./editing.js").Editing} editing
 * @param {Pick<import("./editor_form.js").Form, "id" | "title" | "values" | "faults" | "type" | "save" | "cancel" | "tagsInUse">} form
 */
export function orphan({ seen }, form) {
  return html`<section class="card stack">
    <p role="alert">${seen ? t("edit_gone", { title: form.title }) : t("edit_refused")}</p>
    ${editorForm({
      ...form,
      leave: () => {},
      buttons: nothing,
      saveLabel: t("edit_as_new"),
      cancelLabel: t("edit_discard"),
    })}
  </section>`;
}
