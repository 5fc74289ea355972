/** The menu in the header. */

import * as icons from "../icons.js";
import { t } from "../texts.js";
import { html } from "../vendor/lit-html/lit-html.js";

const MENU = "page-menu";

/** Leads to what is not about one task, and lets undo who has no keyboard. */
export class Menu {
  /** @param {import("../app.js").App} app */
  constructor(app) {
    this.app = app;
  }

  render() {
    const { tasks, toasts, trash, shortcuts } = this.app;
    return html`
      <button type="button" class="quiet icon-only" aria-label=${t("menu")} title=${t("menu")} popovertarget=${MENU}>
        ${icons.menu}
      </button>
      <div id=${MENU} class="menu header-menu" popover role="group" aria-label=${t("menu")}>
        ${this.#item(html`${icons.undo} ${t("undo")}`, () => void toasts.undo(), !tasks?.canUndo)}
        ${this.#item(html`${icons.redo} ${t("redo")}`, () => void toasts.redo(), !tasks?.canRedo)}
        ${this.#item(html`${icons.trash} ${t("trash")}`, () => trash.open())}
        ${this.#item(html`${icons.keyboard} ${t("shortcuts")}`, () => shortcuts.open())}
        <a class="button" href="docs">${icons.code} ${t("api_documentation")}</a>
      </div>
    `;
  }

  /** @param {unknown} text @param {() => void} chosen @param {boolean} [isDisabled] */
  #item(text, chosen, isDisabled = false) {
    const choose = () => {
      document.getElementById(MENU)?.hidePopover(); // gives the focus back, for a dialog to give it back later
      chosen();
    };
    return html`<button type="button" ?disabled=${isDisabled} @click=${choose}>${text}</button>`;
  }
}
