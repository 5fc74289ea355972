/** The list of the tasks that the filter names. */

import { shown } from "../filters.js";
import { t } from "../texts.js";
import { repeat } from "../vendor/lit-html/directives/repeat.js";
import { html } from "../vendor/lit-html/lit-html.js";
import { taskRow } from "./task_row.js";

/** Draws the tasks. */
export class TaskList {
  /** @param {import("../app.js").App} app */
  constructor(app) {
    this.app = app;
  }

  render() {
    const tasks = shown(this.app.tasks?.all() ?? [], this.app.address.filter, new Date());
    return html`<ol class="tasks" aria-label=${t("tasks")}>
      ${repeat(
        tasks,
        (task) => task.key,
        (task) => taskRow(this.app, task),
      )}
    </ol>`;
  }
}
