/** One task in the list. */

import * as icons from "../icons.js";
import { t } from "../texts.js";
import { live } from "../vendor/lit-html/directives/live.js";
import { html } from "../vendor/lit-html/lit-html.js";

/**
 * @param {import("../app.js").App} app
 * @param {import("../data/writes.js").Task} task
 */
export function taskRow(app, task) {
  const toggle = () => app.tasks?.change(task.key, { completed: !task.completed });
  return html`<li class="task ${task.completed ? "done" : ""}" data-key=${task.key}>
    <label class="task-check">
      <input
        type="checkbox"
        aria-label=${t("done_of", { title: task.title })}
        .checked=${live(task.completed)}
        @change=${toggle}
      />
    </label>
    <div class="task-body">
      <span class="task-title" dir="auto">${task.title}</span>
    </div>
    <div class="task-actions">
      <button
        class="quiet icon-only"
        title=${t("delete")}
        aria-label=${t("delete_of", { title: task.title })}
        @click=${() => app.tasks?.remove(task.key)}
      >
        ${icons.trash}
      </button>
    </div>
  </li>`;
}
