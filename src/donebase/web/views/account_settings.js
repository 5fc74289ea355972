/** The name and the password of the account, and its end. */

import { t } from "../texts.js";
import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { field, generalFailure, passwordField } from "./form.js";
import { Sending } from "./sending.js";

/** Three forms, each of which sends on its own. */
export class AccountSettings {
  #name;
  #password;
  #deletion;
  /** @type {string | null} what was done last */
  #done = null;

  /** @param {import("../app.js").App} app */
  constructor(app) {
    this.app = app;
    const changed = () => app.changed();
    this.#name = new Sending(changed);
    this.#password = new Sending(changed);
    this.#deletion = new Sending(changed);
  }

  /** Forget what went wrong, and what was done. */
  close() {
    this.#done = null;
    for (const sending of [this.#name, this.#password, this.#deletion]) sending.failure = null;
  }

  render() {
    const { account } = /** @type {import("../data/session.js").Session} */ (this.app.session);
    return html`
      <p role="status">${this.#done ?? nothing}</p>
      ${this.#nameForm(account?.name ?? "")} ${this.#passwordForm(account?.email ?? "")} ${this.#deletionForm()}
    `;
  }

  /** @param {string} value */
  #nameForm(value) {
    const { failure } = this.#name;
    const name = { form: "settings", name: "name", label: t("your_name"), autocomplete: "name", value };
    return html`
      <form class="stack" novalidate @submit=${(/** @type {SubmitEvent} */ event) => this.#changeName(event)}>
        ${field(name, failure)} ${generalFailure(failure)}
        <div><button>${t("change_name")}</button></div>
      </form>
    `;
  }

  /** @param {string} email tells a password manager whose password it is */
  #passwordForm(email) {
    const { failure } = this.#password;
    const submit = (/** @type {SubmitEvent} */ event) => this.#changePassword(event);
    const current = { name: "current_password", label: t("current_password") };
    const wanted = { name: "password", label: t("new_password"), hint: t("new_password_hint") };
    return html`
      <form class="stack" method="post" novalidate @submit=${submit}>
        <h3>${t("change_password")}</h3>
        <input name="email" type="text" autocomplete="username" value=${email} readonly hidden />
        ${passwordField({ form: "settings", ...current, autocomplete: "current-password" }, failure)}
        ${passwordField({ form: "settings", ...wanted, autocomplete: "new-password" }, failure)}
        ${generalFailure(failure)}
        <div><button>${t("change_password")}</button></div>
      </form>
    `;
  }

  #deletionForm() {
    const { failure } = this.#deletion;
    const submit = (/** @type {SubmitEvent} */ event) => this.#delete(event);
    const password = { name: "password", label: t("current_password") };
    return html`
      <form class="stack" method="post" novalidate @submit=${submit}>
        <h3>${t("delete_account")}</h3>
        <p class="banner error">${t("delete_account_what")}</p>
        ${passwordField({ form: "deletion", ...password, autocomplete: "current-password" }, failure)}
        ${generalFailure(failure)}
        <div><button class="danger">${t("delete_account")}</button></div>
      </form>
    `;
  }

  /** @param {SubmitEvent} event */
  async #changeName(event) {
    const send = async (/** @type {Record<string, string>} */ { name }) =>
      this.app.session?.changeName(name.trim() || null);
    if (await this.#name.submit(event, send)) this.#say(t("name_changed"));
  }

  /** @param {SubmitEvent} event */
  async #changePassword(event) {
    const known = { 403: { fields: { current_password: t("wrong_password") } } };
    const changed = await this.#password.submit(
      event,
      async ({ current_password: current, password }, form) => {
        await this.app.session?.changePassword(current, password);
        form.reset();
      },
      known,
    );
    if (changed) this.#say(t("password_changed"));
  }

  /** @param {SubmitEvent} event */
  async #delete(event) {
    const known = { 403: { fields: { password: t("wrong_password") } } };
    await this.#deletion.submit(event, async ({ password }) => this.app.session?.deleteAccount(password), known);
  }

  /** @param {string} text */
  #say(text) {
    this.#done = text;
    this.app.changed();
  }
}
