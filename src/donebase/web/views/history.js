/** The dialog with what has happened to a task. */

import { html } from "../vendor/lit-html/lit-html.js";

/** The dialog with what has happened to a task. */
export class History {
  /** @param {import("../app.js").App} app */
  constructor(app) {
    this.app = app;
  }

  render() {
    return html``;
  }
}
