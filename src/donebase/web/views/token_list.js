/** The personal tokens of the account: what there is, and revoking them. */

import { instantWords } from "../locale.js";
import { t } from "../texts.js";
import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { failureOf } from "./failure.js";
import { generalFailure } from "./form.js";
import { NewToken, SCOPES } from "./new_token.js";

/** @typedef {import("../data/personal_tokens.js").PersonalToken} PersonalToken */

/** Shows the tokens for scripts. */
export class TokenList {
  /** @type {PersonalToken[] | null} null while they are being loaded */
  #tokens = null;
  /** @type {number | null} the token that is about to be revoked */
  #revoking = null;
  /** @type {import("./failure.js").Failure | null} of loading or revoking */
  #failure = null;
  /** How many lists were asked for, and which of them is shown. */
  #asked = 0;
  #shown = 0;

  /** @param {import("../app.js").App} app */
  constructor(app) {
    this.app = app;
    this.newToken = new NewToken(app, () => this.load());
  }

  /** Load the list. */
  async load() {
    await this.#ask((tokens) => this.#read(tokens));
  }

  /** Forget what was shown. */
  close() {
    this.#tokens = this.#revoking = this.#failure = null;
    this.newToken.close();
  }

  render() {
    return html`
      <p>${t("tokens_what")}</p>
      ${this.newToken.made()} ${generalFailure(this.#failure)} ${this.#list()} ${this.newToken.form()}
    `;
  }

  #list() {
    if (this.#tokens === null) return this.#failure ? nothing : html`<p>${t("one_moment")}</p>`;
    if (this.#tokens.length === 0) return html`<p class="hint">${t("no_tokens")}</p>`;
    return html`<ul class="entries" aria-label=${t("tokens")}>
      ${this.#tokens.map((token) => html`<li>${this.#entry(token)}</li>`)}
    </ul>`;
  }

  /** @param {PersonalToken} token */
  #entry({ id, name, scopes, created_at: created, last_used_at: used, expires_at: expires }) {
    const allowed = SCOPES.filter(([scope]) => scopes.includes(scope)).map(([, text]) => t(text));
    const isOver = expires !== null && Date.parse(expires) < Date.now();
    const end =
      expires === null
        ? t("token_without_end")
        : t(isOver ? "token_ended" : "token_ends", { when: instantWords(expires) });
    return html`
      <div class="cluster">
        <strong dir="auto">${name}</strong>
        <button
          type="button"
          class="danger push"
          aria-label=${t("revoke_of", { name })}
          @click=${() => this.#ready(id)}
        >
          ${t("revoke")}
        </button>
      </div>
      <p class="hint">
        ${allowed.join(" · ")}<br />
        ${t("token_made", { when: instantWords(created) })} ·
        ${used ? t("token_used", { when: instantWords(used) }) : t("token_unused")} · ${end}
      </p>
      ${this.#revoking === id ? this.#confirmation(id, name) : nothing}
    `;
  }

  /** @param {number} id @param {string} name */
  #confirmation(id, name) {
    return html`
      <div class="banner warning" role="group" aria-label=${t("revoke_of", { name })}>
        <p role="alert">${t("revoke_what")}</p>
        <button type="button" class="danger" @click=${() => this.#revoke(id)}>${t("revoke_now")}</button>
        <button type="button" @click=${() => this.#ready(null)}>${t("cancel")}</button>
      </div>
    `;
  }

  /** @param {number | null} id */
  #ready(id) {
    this.#revoking = id;
    this.app.changed();
  }

  /** @param {number} id */
  async #revoke(id) {
    this.#revoking = null;
    await this.#ask(async (tokens) => {
      await tokens.revoke(id);
      await this.#read(tokens);
    });
  }

  /** Read the list; one that was asked for later and came earlier stays. @param {import("../data/personal_tokens.js").PersonalTokens} tokens */
  async #read(tokens) {
    const number = (this.#asked += 1);
    const list = await tokens.list();
    if (number < this.#shown) return;
    this.#shown = number;
    this.#tokens = list;
  }

  /** @param {(tokens: import("../data/personal_tokens.js").PersonalTokens) => Promise<void>} question */
  async #ask(question) {
    try {
      await question(this.#personalTokens);
      this.#failure = null;
    } catch (error) {
      this.#failure = failureOf(error);
    }
    this.app.changed();
  }

  get #personalTokens() {
    return /** @type {import("../data/session.js").Session} */ (this.app.session).personalTokens;
  }
}
