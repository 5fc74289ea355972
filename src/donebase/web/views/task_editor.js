/** The members of one task, to be changed. */

import { html } from "../vendor/lit-html/lit-html.js";

/** The members of one task, to be changed. */
export class TaskEditor {
  /** @param {import("../app.js").App} app */
  constructor(app) {
    this.app = app;
  }

  render() {
    return html``;
  }
}
