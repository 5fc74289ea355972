/** The choice of the page's language. */

import { language as icon } from "../icons.js";
import { language, languages, t } from "../texts.js";
import { html } from "../vendor/lit-html/lit-html.js";

/** @param {import("../app.js").App} app */
export function languageChoice(app) {
  const chosen = (/** @type {Event} */ { target }) =>
    app.go({ lang: /** @type {HTMLSelectElement} */ (target).value }, { replace: true });
  return html`
    <label class="cluster">
      ${icon}
      <span class="visually-hidden">${t("language")}</span>
      <select class="narrow-control" @change=${chosen}>
        ${languages.map(
          ({ tag, name, direction }) =>
            html`<option value=${tag} lang=${tag} dir=${direction} .selected=${tag === language()}>${name}</option>`,
        )}
      </select>
    </label>
  `;
}
