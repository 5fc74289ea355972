/** Asks for the number of a user, in the open mode. */

import { html } from "../vendor/lit-html/lit-html.js";

/** Asks for the number of a user, in the open mode. */
export class UserChooser {
  /** @param {import("../app.js").App} app */
  constructor(app) {
    this.app = app;
  }

  render() {
    return html``;
  }
}
