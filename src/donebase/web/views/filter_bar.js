/** Which tasks are shown. */

import { t } from "../texts.js";
import { html } from "../vendor/lit-html/lit-html.js";

const SHOWS = /** @type {const} */ (["all", "open", "done", "overdue", "today"]);

/** Changes the filter, which is in the address. */
export class FilterBar {
  /** @param {import("../app.js").App} app */
  constructor(app) {
    this.app = app;
  }

  render() {
    const { filter } = this.app.address;
    const show = (/** @type {typeof SHOWS[number]} */ name) =>
      html`<button
        aria-pressed=${filter.show === name}
        @click=${() => this.app.go({ filter: { ...filter, show: name } })}
      >
        ${t(`show_${name}`)}
      </button>`;
    return html`<nav class="filters"><div class="segments">${SHOWS.map(show)}</div></nav>`;
  }
}
