/** Sign in, or sign up. */

import { html } from "../vendor/lit-html/lit-html.js";

/** Sign in, or sign up. */
export class SignIn {
  /** @param {import("../app.js").App} app */
  constructor(app) {
    this.app = app;
  }

  render() {
    return html``;
  }
}
