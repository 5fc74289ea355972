/** In the mode that asks nobody: whose tasks are to be shown. */

import { lastUser, rememberUser } from "../data/last_user.js";
import { done } from "../icons.js";
import { t } from "../texts.js";
import { html } from "../vendor/lit-html/lit-html.js";
import { field } from "./form.js";
import { languageChoice } from "./language_choice.js";

/**
 * Return the number of a user, or null for what is none that the page can use. The API knows numbers up to 2^63 - 1, but
 * JavaScript reads those above 2^53 - 1 in JSON as a neighbour: the page would show one user and write to another.
 *
 * @param {string} text
 */
export function userNumber(text) {
  const number = /^[1-9][0-9]{0,15}$/.test(text) ? Number(text) : 0;
  return Number.isSafeInteger(number) && number > 0 ? number : null;
}

/** Asks for the number of a user, which then stands in the address. */
export class UserChooser {
  /** @type {import("./failure.js").Failure | null} */
  #failure = null;

  /** @param {import("../app.js").App} app */
  constructor(app) {
    this.app = app;
  }

  render() {
    const user = { name: "user", label: t("user_number"), hint: t("user_hint"), inputmode: "numeric", focused: true };
    return html`
      <main>
        <section class="card narrow stack">
          <h1 class="brand">${done}${t("donebase")}</h1>
          <form class="stack" novalidate @submit=${(/** @type {SubmitEvent} */ event) => this.#choose(event)}>
            ${field({ form: "chooser", ...user, value: String(lastUser()) }, this.#failure)}
            <button class="primary">${t("show_tasks")}</button>
          </form>
          <p class="banner">${t("nobody_is_asked")}</p>
          <div>${languageChoice(this.app)}</div>
        </section>
      </main>
    `;
  }

  /** @param {SubmitEvent} event */
  #choose(event) {
    event.preventDefault();
    const input = /** @type {HTMLInputElement} */ (document.getElementById("chooser-user"));
    const user = userNumber(input.value.trim());
    this.#failure = user
      ? null
      : { fields: { user: t("no_user_number", { limit: Number.MAX_SAFE_INTEGER }) }, general: null };
    if (user) {
      rememberUser(user);
      this.app.go({ user });
    } else {
      this.app.changed();
      input.focus();
    }
  }
}
