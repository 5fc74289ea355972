/** The keyboard of the page, and the dialog that lists its shortcuts. */

import { html } from "../vendor/lit-html/lit-html.js";

/** The keyboard of the page, and the dialog that lists its shortcuts. */
export class Shortcuts {
  /** @param {import("../app.js").App} app */
  constructor(app) {
    this.app = app;
  }

  render() {
    return html``;
  }
}
