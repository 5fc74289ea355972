/** The dialog that shows both versions of a task and lets the person choose. */

import { html } from "../vendor/lit-html/lit-html.js";

/** The dialog that shows both versions of a task and lets the person choose. */
export class Conflict {
  /** @param {import("../app.js").App} app */
  constructor(app) {
    this.app = app;
  }

  /** Show a write that is in conflict, or was refused. @param {import("../data/writes.js").Write} _write */
  open(_write) {}

  render() {
    return html``;
  }
}
