/** Making a personal token, which is shown once. */

import { t } from "../texts.js";
import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { field, generalFailure } from "./form.js";
import { Sending } from "./sending.js";

/** @type {[string, import("../texts.js").Name][]} what a token can allow */
export const SCOPES = [
  ["tasks:read", "scope_read"],
  ["tasks:write", "scope_write"],
];

/** A form, and what it has made. */
export class NewToken {
  #making;
  /** @type {string | null} */
  #made = null;
  #copied = false;

  /** @param {import("../app.js").App} app @param {() => Promise<void>} changed is called when there is one more */
  constructor(app, changed) {
    this.app = app;
    this.changed = changed;
    this.#making = new Sending(() => app.changed());
  }

  /** Forget the token. */
  close() {
    this.#made = this.#making.failure = null;
  }

  /** Return the token that was made last, until it is closed. */
  made() {
    if (this.#made === null) return nothing;
    return html`
      <div class="banner warning stack">
        <p role="alert">${t("token_once")}</p>
        <div class="control">
          <input
            id="new-token"
            class="code"
            aria-label=${t("new_token")}
            readonly
            autocomplete="off"
            dir="ltr"
            value=${this.#made}
          />
          <button type="button" @click=${() => this.#copy()}>${t(this.#copied ? "copied" : "copy")}</button>
        </div>
      </div>
    `;
  }

  /** Return the form for one more. */
  form() {
    const { failure, busy } = this.#making;
    const name = { form: "token", name: "name", label: t("token_name"), hint: t("token_name_hint") };
    const expiry = {
      form: "token",
      name: "expires_at",
      label: t("token_end"),
      type: "date",
      hint: t("token_end_hint"),
    };
    const scopes = failure?.fields.scopes;
    return html`
      <form class="stack" novalidate @submit=${(/** @type {SubmitEvent} */ event) => this.#make(event)}>
        <h3>${t("make_token")}</h3>
        ${field(name, failure)}
        <fieldset class="stack" aria-describedby=${scopes ? "token-scopes-error" : nothing}>
          <legend>${t("token_scopes")}</legend>
          ${SCOPES.map(
            ([scope, text], index) => html`
              <label class="cluster">
                <input
                  type="checkbox"
                  name="scopes"
                  value=${scope}
                  ?checked=${index === 0}
                  aria-invalid=${scopes ? "true" : nothing}
                />
                ${t(text)}
              </label>
            `,
          )}
          ${scopes ? html`<p class="error" id="token-scopes-error">${scopes}</p>` : nothing}
        </fieldset>
        ${field(expiry, failure)} ${generalFailure(failure)}
        <div><button class="primary" aria-disabled=${busy}>${t("make_token")}</button></div>
      </form>
    `;
  }

  /** @param {SubmitEvent} event */
  async #make(event) {
    await this.#making.submit(event, async (values, form) => {
      const session = /** @type {import("../data/session.js").Session} */ (this.app.session);
      const chosen = /** @type {NodeListOf<HTMLInputElement>} */ (form.querySelectorAll("[name=scopes]:checked"));
      const scopes = [...chosen].map(({ value }) => value);
      const made = await session.personalTokens.make(values.name, scopes, endOfDay(values.expires_at));
      this.#made = made.token;
      this.#copied = false;
      form.reset();
      await this.changed();
      newTokenInput()?.focus();
    });
  }

  async #copy() {
    const input = newTokenInput();
    if (!input) return;
    input.select();
    // Browsers have a clipboard only on https and localhost; the command works everywhere.
    if (navigator.clipboard) await navigator.clipboard.writeText(input.value).catch(() => document.execCommand("copy"));
    else document.execCommand("copy");
    this.#copied = true;
    this.app.changed();
  }
}

const newTokenInput = () => /** @type {HTMLInputElement | null} */ (document.getElementById("new-token"));

/** Return the last second of a day where the person is. @param {string} date such as 2026-12-01; empty for no end */
function endOfDay(date) {
  if (!date) return null;
  const [year, month, day] = date.split("-").map(Number);
  return new Date(year, month - 1, day, 23, 59, 59);
}
