/** What the page tells a screen reader besides what has the focus. */

import { html } from "../vendor/lit-html/lit-html.js";

/** The one polite live region. It stands in the document from the start: what comes with its text is not announced. */
export class Announcer {
  #text = "";

  /** @param {import("../app.js").App} app */
  constructor(app) {
    this.app = app;
  }

  /** @param {string} text a sentence; the same one twice is announced twice */
  say(text) {
    this.#text = text === this.#text ? `${text}\u00a0` : text;
    this.app.changed();
  }

  render() {
    return html`<p class="visually-hidden" role="status" data-announcer dir="auto">${this.#text}</p>`;
  }
}
