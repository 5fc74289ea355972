/** What the page tells a screen reader besides what has the focus. */

import { html } from "../vendor/lit-html/lit-html.js";

const LONGEST = 300; // characters that somebody wants to hear of a hundred tasks

/** The one polite live region. It stands in the document from the start: what comes with its text is not announced. */
export class Announcer {
  #text = "";
  #isDrawn = true;

  /** @param {import("../app.js").App} app */
  constructor(app) {
    this.app = app;
  }

  /** @param {string} text a sentence; the same one twice is announced twice, and two in one turn follow each other */
  say(text) {
    if (!this.#isDrawn && this.#text.length < LONGEST) this.#text = `${this.#text} ${text}`;
    else this.#text = text === this.#text ? `${text}\u00a0` : text;
    this.#isDrawn = false;
    this.app.changed();
  }

  /** Forget what was said: a dialog that opens begins with nothing. */
  forget() {
    this.#text = "";
  }

  render() {
    this.#isDrawn = true;
    return html`<p class="visually-hidden" role="status" data-announcer dir="auto">${this.#text}</p>`;
  }

  /** Return the same for the inside of a modal dialog, to be seen as well: all else is hidden while it is open. */
  inDialog() {
    return html`<p class="hint" role="status" dir="auto">${this.#text}</p>`;
  }
}
