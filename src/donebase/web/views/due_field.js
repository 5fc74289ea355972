/** When a task is due: a day, a time wherever the person is, or a time in a time zone. */

import { dateIn, personZone } from "../due.js";
import { t } from "../texts.js";
import { live } from "../vendor/lit-html/directives/live.js";
import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { faultBeside, faultOf } from "./faults.js";

const DAY = 86_400_000;
const NONE = { date: "", time: "", time_zone: "" };
const DAYS = /** @type {const} */ ([
  ["edit_today", 0],
  ["edit_tomorrow", 1],
  ["edit_in_a_week", 7],
]);

/** @typedef {import("./editor_form.js").Form} Form */

/** @param {Form} form */
export function dueField(form) {
  const { id, values, type } = form;
  const due = values.due;
  const fault = faultOf(form, "due");
  const quick = (/** @type {typeof DAYS[number]} */ [name, days]) => html`
    <button type="button" @click=${() => type({ due: { ...due, date: dayIn(days) } })}>${t(name)}</button>
  `;
  return html`
    <fieldset class="stack">
      <legend>${t("edit_due")}</legend>
      <div class="fields">
        ${input(form, "date", t("edit_date"))} ${input(form, "time", t("edit_time"))} ${zones(form)}
      </div>
      ${faultBeside(`${id}-due-fault`, fault)}
      <div class="cluster">
        ${DAYS.map(quick)}
        <button type="button" @click=${() => clear(form)}>${t("edit_no_date")}</button>
      </div>
    </fieldset>
  `;
}

/** Whether a date or time was typed that is none. @param {string} id of the form */
export function isDueIncomplete(id) {
  return document.querySelector(`#${id}-date:invalid, #${id}-time:invalid`) !== null;
}

/** @param {Form} form @param {"date" | "time"} name @param {string} label */
function input(form, name, label) {
  const { id, values, type } = form;
  const fault = faultOf(form, "due");
  return html`
    <div class="field">
      <label for="${id}-${name}">${label}</label>
      <input
        id="${id}-${name}"
        type=${name}
        min=${name === "date" ? "0001-01-01" : nothing}
        max=${name === "date" ? "9999-12-31" : nothing}
        step=${values.due.time.length > 5 ? "1" : nothing}
        aria-invalid=${fault ? "true" : nothing}
        aria-describedby=${fault ? `${id}-due-fault` : nothing}
        .value=${live(values.due[name])}
        @input=${(/** @type {InputEvent} */ { target }) =>
          type({ due: { ...values.due, [name]: /** @type {HTMLInputElement} */ (target).value } })}
      />
    </div>
  `;
}

/** @param {Form} form */
function zones({ id, values, type }) {
  const { time, time_zone: present } = values.due;
  const known = Intl.supportedValuesOf("timeZone");
  const all = [...new Set([personZone(), ...(present ? [present] : []), ...known])];
  return html`
    <div class="field">
      <label for="${id}-zone">${t("edit_time_zone")}</label>
      <select
        id="${id}-zone"
        ?disabled=${!time}
        @change=${(/** @type {Event} */ { target }) =>
          type({ due: { ...values.due, time_zone: /** @type {HTMLSelectElement} */ (target).value } })}
      >
        <option value="" .selected=${!time || !present}>${t("edit_anywhere")}</option>
        ${all.map((zone) => html`<option value=${zone} .selected=${time !== "" && zone === present}>${zone}</option>`)}
      </select>
    </div>
  `;
}

/** @param {Form} form */
function clear({ id, type }) {
  // What is typed of a date that is not whole is in the control alone.
  for (const name of ["date", "time"]) {
    const control = /** @type {HTMLInputElement | null} */ (document.getElementById(`${id}-${name}`));
    if (control) control.value = "";
  }
  type({ due: NONE });
}

/** @param {number} days from today @returns {string} the date, where the person is */
function dayIn(days) {
  const today = Date.parse(dateIn(personZone(), Date.now()));
  return new Date(today + days * DAY).toISOString().slice(0, 10);
}
