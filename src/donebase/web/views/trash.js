/** The dialog with the deleted tasks. */

import { html } from "../vendor/lit-html/lit-html.js";

/** The dialog with the deleted tasks. */
export class Trash {
  /** @param {import("../app.js").App} app */
  constructor(app) {
    this.app = app;
  }

  render() {
    return html``;
  }
}
