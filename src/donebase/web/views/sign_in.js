/** Signing in and signing up: the whole page while nobody is signed in, a dialog where a session has ended by itself. */

import { done } from "../icons.js";
import { t } from "../texts.js";
import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { dialog } from "./dialog.js";
import { field, generalFailure, passwordField } from "./form.js";
import { languageChoice } from "./language_choice.js";
import { Sending } from "./sending.js";

/** Shows how to sign in or up. */
export class SignIn {
  #sending;
  #signingUp = false;
  #email = "";
  /** @type {number | null} how many unsent writes would go with the account; null until the person wants it to go */
  #leaving = null;

  /** @param {import("../app.js").App} app */
  constructor(app) {
    this.app = app;
    this.#sending = new Sending(() => app.changed());
  }

  render() {
    const account = this.app.session?.account;
    if (account) return dialog({ title: t("session_ended"), content: this.#again(account.email), closed: null });
    return html`
      <main>
        <section class="card narrow stack">
          <h1 class="brand">${done}${t("donebase")}</h1>
          ${this.#signingUp ? this.#signUp() : this.#signIn(this.#email, true)} ${this.#other()}
          <div>${languageChoice(this.app)}</div>
        </section>
      </main>
    `;
  }

  /** @param {string} email @param {boolean} heading */
  #signIn(email, heading) {
    const { failure } = this.#sending;
    const submit = (/** @type {SubmitEvent} */ event) => this.#enter(event, "signIn");
    return html`
      <form class="stack" method="post" novalidate @submit=${submit} aria-label=${t("sign_in")}>
        ${heading ? html`<h2>${t("sign_in")}</h2>` : nothing} ${field(emailField("sign-in", email), failure)}
        ${passwordField(
          {
            form: "sign-in",
            name: "password",
            label: t("password"),
            autocomplete: "current-password",
            focused: email !== "",
          },
          failure,
        )}
        ${generalFailure(failure)} ${this.#button(t("sign_in"))}
      </form>
    `;
  }

  #signUp() {
    const { failure } = this.#sending;
    const submit = (/** @type {SubmitEvent} */ event) => this.#enter(event, "signUp");
    const password = { name: "password", label: t("password"), hint: t("password_hint") };
    const name = { name: "name", label: t("your_name"), autocomplete: "name", hint: t("optional") };
    return html`
      <form class="stack" method="post" novalidate @submit=${submit} aria-label=${t("sign_up")}>
        <h2>${t("sign_up")}</h2>
        ${field(emailField("sign-up", this.#email), failure)}
        ${passwordField({ form: "sign-up", ...password, autocomplete: "new-password", focused: this.#email !== "" }, failure)}
        ${field({ form: "sign-up", ...name }, failure)} ${generalFailure(failure)} ${this.#button(t("sign_up"))}
      </form>
    `;
  }

  /** Signing in again, after the session of an account has ended. @param {string} email */
  #again(email) {
    return html`
      <p>${t("session_ended_why")}</p>
      ${this.#signIn(email, false)}
      ${
        this.#leaving === null
          ? html`<button type="button" class="link" @click=${() => this.#askToLeave()}>${t("forget_account")}</button>`
          : html`
              <div class="banner warning stack" role="alert">
                <p>${this.#leaving ? t("forget_unsent", { count: this.#leaving }) : t("forget_account_what")}</p>
                <button type="button" class="danger" @click=${() => this.#leave()}>${t("forget_account")}</button>
              </div>
            `
      }
    `;
  }

  /** The way to the other form. */
  #other() {
    if (this.app.service.signUp === "closed") return html`<p class="hint">${t("sign_up_closed")}</p>`;
    return html`
      <p>
        ${t(this.#signingUp ? "have_account" : "have_no_account")}
        <button type="button" class="link" @click=${() => this.#turn()}>
          ${t(this.#signingUp ? "sign_in" : "sign_up")}
        </button>
      </p>
    `;
  }

  /** @param {string} text */
  #button(text) {
    const { busy } = this.#sending;
    return html`<button class="primary" aria-disabled=${busy}>${busy ? t("one_moment") : text}</button>`;
  }

  #turn() {
    const typed = /** @type {HTMLInputElement | null} */ (document.querySelector("form [name=email]"));
    this.#email = typed?.value ?? "";
    this.#signingUp = !this.#signingUp;
    this.#sending.failure = null;
    this.app.changed();
  }

  /** @param {SubmitEvent} event @param {"signIn" | "signUp"} verb */
  async #enter(event, verb) {
    const { session } = this.app;
    const known = {
      401: { general: t("sign_in_failed") },
      403: { general: t("sign_up_closed") },
      409: { fields: { email: t("email_taken") } },
    };
    const send = async (/** @type {Record<string, string>} */ { email, password, name }) =>
      session?.[verb](email.trim(), password, name?.trim());
    if (!(await this.#sending.submit(event, send, known))) return;
    this.#leaving = null;
    this.#signingUp = false; // who signs out has an account
    queueMicrotask(() => {
      // The field that had it is gone; somebody fast is in another one by now.
      if (document.activeElement === document.body) document.querySelector("main")?.focus();
    });
  }

  async #askToLeave() {
    this.#leaving = (await this.app.session?.unsent()) ?? 0;
    this.app.changed();
  }

  async #leave() {
    this.#leaving = null;
    await this.app.session?.signOut();
  }
}

/** @param {string} form @param {string} value */
function emailField(form, value) {
  // No type "email": browsers rewrite addresses with other letters than ASCII there.
  const keyboard = { inputmode: "email", autocomplete: "username" };
  return { form, name: "email", label: t("email"), value, focused: value === "", ...keyboard };
}
