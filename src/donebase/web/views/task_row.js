/** One task in the list. */

import { isOverdue, isToday } from "../due.js";
import * as icons from "../icons.js";
import { dueWords } from "../locale.js";
import { t } from "../texts.js";
import { live } from "../vendor/lit-html/directives/live.js";
import { html, nothing } from "../vendor/lit-html/lit-html.js";

/** @typedef {import("../data/writes.js").Task} Task */
/** @typedef {import("../data/writes.js").Write} Write */

/**
 * What the list knows of a row besides its task.
 *
 * @typedef {object} Row
 * @property {0 | -1} tab the tabindex of its controls: those of one row can be reached by the Tab key
 * @property {Write | null} write a write to it that was not answered and is to be told of
 * @property {boolean} isMovable
 * @property {Date} now
 * @property {string} zone where the person is
 */

/**
 * Return the inside of a row.
 *
 * @param {import("../app.js").App} app
 * @param {Task} task
 * @param {Row} row
 */
export function taskRow(app, task, row) {
  return html`<label class="task-check">
      <input
        type="checkbox"
        data-control="check"
        tabindex=${row.tab}
        aria-label=${t("done_of", { title: task.title })}
        aria-describedby="about${task.key}"
        .checked=${live(task.completed)}
        @change=${() => app.list.toggle(task)}
      />
    </label>
    <div class="task-body">
      ${app.editor.isOpen(task.key) ? app.editor.render(task) : title(app, task, row)} ${meta(app, task, row)}
      ${app.list.moving.menu(task)}
    </div>
    <div class="task-actions">${row.isMovable ? handle(app, task, row) : nothing} ${actions(app, task, row)}</div>`;
}

/** @param {import("../app.js").App} app @param {Task} task @param {Row} row */
function title(app, task, { tab }) {
  return html`<button
      type="button"
      class="task-title"
      data-control="title"
      dir="auto"
      tabindex=${tab}
      aria-describedby="about${task.key}"
      .textContent=${task.title}
      @click=${() => app.editor.open(task.key, "title")}
    ></button>
    ${task.description ? html`<p class="task-note" dir="auto">${task.description}</p>` : nothing}`;
}

/** @param {import("../app.js").App} app @param {Task} task @param {Row} row */
function meta(app, task, row) {
  const { due, priority, tags } = task;
  if (!due && !priority && !tags.length && !row.write) return nothing;
  // What is in it describes the controls; a tag is one by itself.
  return html`<div class="task-meta">
    <span class="task-about" id="about${task.key}">
      ${due ? dueChip(due, task.completed, row) : nothing} ${priority ? priorityChip(priority) : nothing}
      ${row.write?.state === "waiting" ? html`<span class="chip unsent">${icons.offline}${t("row_unsent")}</span>` : nothing}
    </span>
    ${row.write && row.write.state !== "waiting" ? trouble(app, row.write, row) : nothing}
    ${tags.map((tag) => tagChip(app, tag, row))}
  </div>`;
}

/** @param {import("../due.js").Due} due @param {boolean} isDone @param {Row} row */
function dueChip(due, isDone, { now, zone }) {
  const isLate = !isDone && isOverdue(due, now, zone);
  const kind = isLate ? "overdue" : !isDone && isToday(due, now, zone) ? "today" : "";
  const when = dueWords(due, now, zone);
  return html`<span class="chip due ${kind}"
    >${isLate ? icons.warning : icons.calendar}${
      isLate ? t("row_overdue", { when }) : html`<span class="visually-hidden">${t("row_due")}</span> ${when}`
    }</span
  >`;
}

/** @param {"low" | "medium" | "high"} priority */
function priorityChip(priority) {
  return html`<span class="chip priority-${priority}"
    >${icons.flag}<span class="visually-hidden">${t("row_priority")}</span> ${t(`row_priority_${priority}`)}</span
  >`;
}

/** @param {import("../app.js").App} app @param {Write} write @param {Row} row */
function trouble(app, write, { tab }) {
  return html`<button
    type="button"
    class="chip ${write.state}"
    data-control="trouble"
    tabindex=${tab}
    @click=${() => app.conflict.open(write)}
  >
    ${icons.warning}${t(write.state === "conflict" ? "row_conflict" : "row_refused")}
  </button>`;
}

/** @param {import("../app.js").App} app @param {string} tag @param {Row} row */
function tagChip(app, tag, { tab }) {
  const { filter } = app.address;
  const isPresent = filter.tag === tag;
  return html`<button
    type="button"
    class="chip tag"
    data-control="tag"
    tabindex=${tab}
    aria-pressed=${isPresent}
    aria-label=${t("row_tag", { tag })}
    @click=${() => app.go({ filter: { ...filter, tag: isPresent ? null : tag } })}
  >
    <bdi>${tag}</bdi>
  </button>`;
}

/** @param {import("../app.js").App} app @param {Task} task @param {Row} row */
function handle({ list }, task, { tab }) {
  return html`<button
    type="button"
    class="quiet icon-only grip"
    data-control="grip"
    tabindex=${tab}
    title=${t("row_move")}
    aria-label=${t("row_move_of", { title: task.title })}
    aria-expanded=${list.moving.isOpen(task.key)}
    @pointerdown=${(/** @type {PointerEvent} */ event) => list.dragging.grab(event, task)}
    @click=${(/** @type {MouseEvent} */ event) => list.dragging.isClick(event) && list.moving.toggle(task.key)}
  >
    ${icons.grip}
  </button>`;
}

/** @param {import("../app.js").App} app @param {Task} task @param {Row} row */
function actions(app, task, { tab }) {
  const button = (
    /** @type {"details" | "delete"} */ name,
    /** @type {unknown} */ icon,
    /** @type {() => void} */ act,
  ) =>
    html`<button
      type="button"
      class="quiet icon-only"
      data-control=${name}
      tabindex=${tab}
      title=${t(name)}
      aria-label=${t(`${name}_of`, { title: task.title })}
      @click=${act}
    >
      ${icon}
    </button>`;
  return html`${button("details", icons.more, () => app.editor.open(task.key, "details"))}
  ${button("delete", icons.trash, () => app.list.remove(task))}`;
}
