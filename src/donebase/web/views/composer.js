/** The field for a new task. */

import { t } from "../texts.js";
import { live } from "../vendor/lit-html/directives/live.js";
import { html } from "../vendor/lit-html/lit-html.js";

/** Adds a task with Enter. */
export class Composer {
  title = "";

  /** @param {import("../app.js").App} app */
  constructor(app) {
    this.app = app;
  }

  render() {
    return html`
      <form class="composer" @submit=${this.#add}>
        <input
          id="new-task"
          dir="auto"
          autocomplete="off"
          maxlength="500"
          aria-label=${t("new_task")}
          placeholder=${t("new_task")}
          .value=${live(this.title)}
          @input=${(/** @type {any} */ { target }) => (this.title = target.value)}
        />
        <button class="primary">${t("add")}</button>
      </form>
    `;
  }

  #add = (/** @type {Event} */ event) => {
    event.preventDefault();
    const title = this.title.trim();
    if (!title) return;
    this.title = "";
    void this.app.tasks?.create({ title });
    this.app.changed();
  };
}
