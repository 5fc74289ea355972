/** The priority of a task. */

import { t } from "../texts.js";
import { live } from "../vendor/lit-html/directives/live.js";
import { html } from "../vendor/lit-html/lit-html.js";

const PRIORITIES = /** @type {const} */ (["", "low", "medium", "high"]);

/** @param {import("./editor_form.js").Form} form */
export function priorityField({ id, values, type }) {
  const option = (/** @type {typeof PRIORITIES[number]} */ priority) => html`
    <label>
      <input
        type="radio"
        name="${id}-priority"
        .checked=${live(values.priority === priority)}
        @change=${() => type({ priority })}
      />
      ${t(priority ? `row_priority_${priority}` : "edit_no_priority")}
    </label>
  `;
  return html`
    <fieldset>
      <legend>${t("edit_priority")}</legend>
      <div class="segments">${PRIORITIES.map(option)}</div>
    </fieldset>
  `;
}
