/** The dialog that shows both versions of a task and lets the person choose. */

import { html } from "../vendor/lit-html/lit-html.js";

/** The dialog that shows both versions of a task and lets the person choose. */
export class Conflict {
  /** @param {import("../app.js").App} app */
  constructor(app) {
    this.app = app;
  }

  render() {
    return html``;
  }
}
