/** The members of one task, to be changed. */

import { html } from "../vendor/lit-html/lit-html.js";

/** The members of one task, to be changed. */
export class TaskEditor {
  /** @param {import("../app.js").App} app */
  constructor(app) {
    this.app = app;
  }

  /** Open it in the row of a task. @param {number} _key @param {"title" | "details"} _part what has the focus then */
  open(_key, _part) {}

  /** @param {number} _key */
  isOpen(_key) {
    return false;
  }

  /** What is in the row of a task in place of its title. @param {import("../data/writes.js").Task} _task */
  render(_task) {
    return html``;
  }
}
