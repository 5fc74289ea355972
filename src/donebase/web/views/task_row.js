/** One task in the list. */

import { t } from "../texts.js";
import { live } from "../vendor/lit-html/directives/live.js";
import { html } from "../vendor/lit-html/lit-html.js";

/**
 * @param {import("../app.js").App} app
 * @param {import("../data/writes.js").Task} task
 */
export function taskRow(app, task) {
  const toggle = () => app.tasks?.change(task.key, { completed: !task.completed });
  return html`<li class="task" data-key=${task.key}>
    <input
      type="checkbox"
      aria-label=${t("done_of", { title: task.title })}
      .checked=${live(task.completed)}
      @change=${toggle}
    />
    <span class="title" dir="auto">${task.title}</span>
    <button aria-label=${t("delete_of", { title: task.title })} @click=${() => app.tasks?.remove(task.key)}>
      ${t("delete")}
    </button>
  </li>`;
}
