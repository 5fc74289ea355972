/** Moves tasks without a pointer: by a key, or by buttons that the handle of a task opens. */

import { t } from "../texts.js";
import { html, nothing } from "../vendor/lit-html/lit-html.js";

/** @typedef {import("../data/writes.js").Task} Task */
/** @typedef {"first" | "up" | "down" | "last"} Step */

/** @type {readonly Step[]} */
const STEPS = ["first", "up", "down", "last"];

/** Moves a task to another place of the list that is shown, next to its neighbour there, and says so. */
export class Moving {
  /** @type {number | null} the task whose buttons are shown */
  #open = null;

  /** @param {import("../app.js").App} app */
  constructor(app) {
    this.app = app;
  }

  /** Whether the order of the list is the one that a person has made. */
  get isPossible() {
    return this.app.address.filter.sort === "order";
  }

  /** @param {number} key */
  isOpen(key) {
    return this.#open === key && this.isPossible;
  }

  /** Show or hide the buttons. @param {number} key */
  toggle(key) {
    this.#open = this.isOpen(key) ? null : key;
    this.app.changed();
  }

  /** @returns {boolean} whether there were buttons to hide */
  close() {
    const wasOpen = this.#open !== null;
    if (wasOpen) this.toggle(/** @type {number} */ (this.#open));
    return wasOpen;
  }

  /** @param {Task} task @param {Step} step */
  step(task, step) {
    const { tasks } = this.app.list;
    const at = tasks.findIndex(({ key }) => key === task.key);
    const to = { first: 0, up: Math.max(at - 1, 0), down: Math.min(at + 1, tasks.length - 1), last: tasks.length - 1 }[
      step
    ];
    if (!this.isPossible) this.app.announcer.say(t("row_not_movable"));
    else this.to(task, to);
  }

  /** @param {Task} task @param {number} place in the list that is shown, from 0 */
  to(task, place) {
    const { tasks } = this.app.list;
    const at = tasks.findIndex(({ key }) => key === task.key);
    if (at < 0) return;
    if (place !== at) {
      const neighbour = tasks[place].key;
      void this.app.tasks?.move(task.key, place < at ? { before: neighbour } : { after: neighbour });
      this.app.list.follow(task.key);
    }
    this.app.announcer.say(t("row_moved", { title: task.title, place: place + 1, count: tasks.length }));
  }

  /** Return the buttons, where they are shown. @param {Task} task */
  menu(task) {
    if (!this.isOpen(task.key)) return nothing;
    const button = (/** @type {Step} */ step) =>
      html`<button type="button" data-control=${step} @click=${() => this.step(task, step)}>
        ${t(`move_${step}`)}
      </button>`;
    return html`<div class="cluster task-moves" role="group" aria-label=${t("row_move_of", { title: task.title })}>
      ${STEPS.map(button)}
    </div>`;
  }
}
