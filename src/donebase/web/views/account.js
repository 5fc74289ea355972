/** Who is asking, and what they can change of themselves. */

import { html } from "../vendor/lit-html/lit-html.js";

/** Who is asking, and what they can change of themselves. */
export class Account {
  /** @param {import("../app.js").App} app */
  constructor(app) {
    this.app = app;
  }

  render() {
    return html``;
  }
}
