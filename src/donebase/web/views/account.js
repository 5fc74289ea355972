/** Who is using the page: a menu in its header, and the dialogs that it opens. */

import { rememberUser } from "../data/last_user.js";
import { account as accountIcon, signOut as signOutIcon } from "../icons.js";
import { t } from "../texts.js";
import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { AccountSettings } from "./account_settings.js";
import { closeDialog, dialog } from "./dialog.js";
import { languageChoice } from "./language_choice.js";
import { TokenList } from "./token_list.js";

const MENU = "account-menu";

/** Shows whose tasks these are, and what can be done about it. */
export class Account {
  /** @type {"settings" | "tokens" | "leaving" | null} the dialog that is open */
  #open = null;
  #unsent = 0;

  /** @param {import("../app.js").App} app */
  constructor(app) {
    this.app = app;
    this.settings = new AccountSettings(app);
    this.tokens = new TokenList(app);
  }

  render() {
    const { session } = this.app;
    if (session && !session.account) return nothing;
    return html`
      <button type="button" class="quiet account" popovertarget=${MENU}>
        ${accountIcon}<bdi>${session?.account ? (session.account.name ?? session.account.email) : this.#user()}</bdi>
      </button>
      <div id=${MENU} class="menu account-menu" popover role="group" aria-label=${t("account")}>
        ${session ? this.#ofAccount() : this.#ofUser()}
        <div class="menu-part">${languageChoice(this.app)}</div>
      </div>
      ${this.#dialog()}
    `;
  }

  #user() {
    const { user } = this.app.address;
    if (user) rememberUser(user);
    return t("user_of_number", { number: String(user) });
  }

  #ofUser() {
    return html`
      <p class="menu-part">${this.#user()}</p>
      <p class="menu-part hint">${t("nobody_is_asked")}</p>
      ${this.#item(t("switch_user"), () => this.app.go({ user: null }))}
    `;
  }

  #ofAccount() {
    return html`
      <p class="menu-part hint"><bdi>${this.app.session?.account?.email}</bdi></p>
      ${this.#item(t("account_settings"), () => this.#show("settings"))}
      ${this.#item(t("tokens"), () => this.#show("tokens"))}
      ${this.#item(html`${signOutIcon} ${t("sign_out")}`, () => this.#leave())}
    `;
  }

  /** @param {unknown} text @param {() => void} act */
  #item(text, act) {
    const chosen = () => {
      document.getElementById(MENU)?.hidePopover(); // first: then a dialog gives the focus back to the menu's button
      act();
    };
    return html`<button type="button" @click=${chosen}>${text}</button>`;
  }

  #dialog() {
    const closed = () => this.#show(null);
    switch (this.#open) {
      case "settings":
        return dialog({ title: t("account_settings"), content: this.settings.render(), closed });
      case "tokens":
        return dialog({ title: t("tokens"), content: this.tokens.render(), closed });
      case "leaving":
        return dialog({ title: t("sign_out"), content: this.#leaving(), closed });
      default:
        return nothing;
    }
  }

  #leaving() {
    return html`
      <p>${t("sign_out_unsent", { count: this.#unsent })}</p>
      <div class="cluster">
        <button type="button" class="danger" @click=${() => this.#signOut()}>${t("sign_out_anyway")}</button>
        <button type="button" autofocus @click=${closeDialog}>${t("stay_signed_in")}</button>
      </div>
    `;
  }

  /** @param {"settings" | "tokens" | "leaving" | null} which */
  #show(which) {
    this.#open = which;
    if (which === "tokens") void this.tokens.load();
    if (which === null) this.tokens.close();
    this.settings.close();
    this.app.changed();
  }

  async #leave() {
    this.#unsent = (await this.app.session?.unsent()) ?? 0;
    if (this.#unsent) this.#show("leaving");
    else await this.#signOut();
  }

  async #signOut() {
    this.#show(null);
    await this.app.session?.signOut();
  }
}
