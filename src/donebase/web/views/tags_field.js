/** The tags of a task. */

import { close } from "../icons.js";
import { t } from "../texts.js";
import { live } from "../vendor/lit-html/directives/live.js";
import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { lastComma, tagsIn } from "./editing.js";
import { faultBeside, faultOf } from "./faults.js";

const SUGGESTED = 100;

/** @typedef {import("./editor_form.js").Form} Form */

/** @param {import("../data/writes.js").Task[]} tasks @returns {string[]} the tags that most of them have first */
export function mostUsed(tasks) {
  /** @type {Map<string, number>} */
  const uses = new Map();
  for (const { tags } of tasks) for (const tag of tags) uses.set(tag, (uses.get(tag) ?? 0) + 1);
  const byUse = [...uses].sort(([, one], [, other]) => other - one);
  return byUse.slice(0, SUGGESTED).map(([tag]) => tag);
}

/** @param {Form} form */
export function tagsField(form) {
  const { id, values } = form;
  const fault = faultOf(form, "tags");
  const suggested = form.tagsInUse().filter((tag) => !values.tags.includes(tag));
  return html`
    <div class="field">
      <label for="${id}-tags">${t("edit_tags")}</label>
      ${
        values.tags.length
          ? html`<ul class="cluster" role="list">
              ${values.tags.map((tag) => html`<li class="chip tag"><bdi>${tag}</bdi>${removal(form, tag)}</li>`)}
            </ul>`
          : nothing
      }
      <input
        id="${id}-tags"
        dir="auto"
        autocomplete="off"
        list="${id}-tags-in-use"
        aria-invalid=${fault ? "true" : nothing}
        aria-describedby="${fault ? `${id}-tags-fault ` : ""}${id}-tags-hint"
        .value=${live(values.tag)}
        @input=${(/** @type {InputEvent} */ event) => typed(event, form)}
        @keydown=${(/** @type {KeyboardEvent} */ event) => pressed(event, form)}
      />
      <datalist id="${id}-tags-in-use">${suggested.map((tag) => html`<option value=${tag}></option>`)}</datalist>
      ${faultBeside(`${id}-tags-fault`, fault)}
      <p class="hint" id="${id}-tags-hint">${t("edit_tags_hint")}</p>
    </div>
  `;
}

/** @param {Form} form @param {string} tag */
function removal({ id, values, type }, tag) {
  const remove = () => {
    type({ tags: values.tags.filter((each) => each !== tag) });
    document.getElementById(`${id}-tags`)?.focus();
  };
  return html`<button type="button" aria-label=${t("edit_remove_tag", { tag })} @click=${remove}>${close}</button>`;
}

/** @param {InputEvent} event @param {Form} form */
function typed({ target, inputType, isComposing }, { values, type }) {
  const text = /** @type {HTMLInputElement} */ (target).value;
  const chosen = inputType === "insertReplacementText" || inputType === undefined; // of those in use
  const end = chosen || isComposing ? text.length : lastComma(text);
  if (isComposing || (!chosen && end < 0)) return type({ tag: text });
  const tags = chosen ? [text] : tagsIn(text.slice(0, end));
  type({ tags: [...new Set([...values.tags, ...tags])], tag: text.slice(end + 1).trimStart() });
}

/** @param {KeyboardEvent} event @param {Form} form */
function pressed(event, { values, type }) {
  const { key, isComposing, keyCode } = event;
  if (isComposing || keyCode === 229 || event.ctrlKey || event.metaKey) return;
  if (key === "Enter" && tagsIn(values.tag).length) {
    event.preventDefault();
    type({ tags: [...new Set([...values.tags, ...tagsIn(values.tag)])], tag: "" });
  } else if (key === "Backspace" && values.tag === "" && values.tags.length && !event.repeat) {
    event.preventDefault();
    type({ tags: values.tags.slice(0, -1) });
  }
}
