/** The fields of forms, with their labels, hints and errors. */

import { t } from "../texts.js";
import { ref } from "../vendor/lit-html/directives/ref.js";
import { html, nothing } from "../vendor/lit-html/lit-html.js";

/**
 * Return a field with its label, its hint and its error. Its id is `{form}-{name}`.
 *
 * @param {object} field
 * @param {string} field.form
 * @param {string} field.name
 * @param {string} field.label
 * @param {string} [field.type]
 * @param {string} [field.autocomplete]
 * @param {string} [field.inputmode]
 * @param {string} [field.value] what it contains at first
 * @param {string} [field.hint]
 * @param {string} [field.min]
 * @param {boolean} [field.focused] whether it takes the focus when it comes
 * @param {import("./failure.js").Failure | null} failure
 * @param {unknown} [beside] a control beside it
 */
export function field({ form, name, label, type = "text", hint, focused = false, ...more }, failure, beside = nothing) {
  const id = `${form}-${name}`;
  const error = failure?.fields[name];
  const described = [error && `${id}-error`, hint && `${id}-hint`].filter(Boolean).join(" ");
  return html`
    <div class="field">
      <label for=${id}>${label}</label>
      <div class="control">
        <input
          id=${id}
          name=${name}
          type=${type}
          autocomplete=${more.autocomplete ?? "off"}
          inputmode=${more.inputmode ?? nothing}
          min=${more.min ?? nothing}
          value=${more.value ?? ""}
          autocapitalize="none"
          spellcheck="false"
          dir="auto"
          ${ref(focused ? takeFocus : undefined)}
          aria-invalid=${error ? "true" : nothing}
          aria-describedby=${described || nothing}
        />
        ${beside}
      </div>
      ${error ? html`<p class="error" id="${id}-error">${error}</p>` : nothing}
      ${hint ? html`<p class="hint" id="${id}-hint">${hint}</p>` : nothing}
    </div>
  `;
}

/**
 * Return a field for a password, with a button that shows it.
 *
 * @param {object} parts
 * @param {string} parts.form
 * @param {string} parts.name
 * @param {string} parts.label
 * @param {"current-password" | "new-password"} parts.autocomplete
 * @param {string} [parts.hint]
 * @param {boolean} [parts.focused]
 * @param {import("./failure.js").Failure | null} failure
 */
export function passwordField(parts, failure) {
  const show = html`
    <button
      type="button"
      aria-label=${t("show_of", { field: parts.label })}
      aria-pressed="false"
      aria-controls="${parts.form}-${parts.name}"
      @click=${toggle}
    >
      ${t("show_password")}
    </button>
  `;
  return field({ ...parts, type: "password" }, failure, show);
}

/** @param {Element | undefined} element */
function takeFocus(element) {
  // It is not in the document before the rendering has ended. The attribute autofocus works once for a document.
  queueMicrotask(() => /** @type {HTMLElement | undefined} */ (element)?.focus());
}

/** @param {Event} event */
function toggle({ currentTarget }) {
  const button = /** @type {HTMLButtonElement} */ (currentTarget);
  const input = /** @type {HTMLInputElement} */ (button.previousElementSibling);
  const shown = input.type === "password";
  input.type = shown ? "text" : "password";
  button.setAttribute("aria-pressed", String(shown));
}

/** Return the general part of a failure. It is announced. @param {import("./failure.js").Failure | null} failure */
export function generalFailure(failure) {
  return html`<p role="alert" class="error">${failure?.general ?? nothing}</p>`;
}
