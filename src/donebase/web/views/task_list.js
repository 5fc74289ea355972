/** The list of the tasks that the filter names. */

import { EVERYTHING } from "../address.js";
import { personZone } from "../due.js";
import { shown } from "../filters.js";
import * as icons from "../icons.js";
import { t } from "../texts.js";
import { ref } from "../vendor/lit-html/directives/ref.js";
import { html, nothing, render } from "../vendor/lit-html/lit-html.js";
import { Dragging } from "./dragging.js";
import { Moving } from "./moving.js";
import { RowFocus } from "./row_focus.js";
import { covered } from "./steady.js";
import { taskRow } from "./task_row.js";
import { VirtualWindow } from "./virtual_window.js";

/** @typedef {import("../data/writes.js").Task} Task */
/** @typedef {import("../data/writes.js").Write} Write */

/** Draws the tasks that are seen, and says which there are. */
export class TaskList {
  /** @type {readonly Task[]} those that are shown, in their order */
  tasks = [];
  /** @type {Map<number, number>} */
  #places = new Map();
  /** @type {Map<number, Write>} the last write that is to be told of, by the id of its task */
  #writes = new Map();
  /** @type {HTMLElement | null} */
  #list = null;
  #filter = "";
  #now = new Date();
  #zone = personZone();
  /** @type {number | undefined} */
  #edited = undefined;
  /** @type {number | null} a task that is shown where it goes */
  #followed = null;

  /** @param {import("../app.js").App} app */
  constructor(app) {
    this.app = app;
    this.moving = new Moving(app);
    this.dragging = new Dragging(this);
    this.focus = new RowFocus(this);
    this.window = new VirtualWindow({ drawRow: this.#drawRow, kept: this.#kept });
  }

  render() {
    const before = this.tasks;
    const seen = this.#seen();
    this.focus.remember();
    this.#now = new Date();
    this.#zone = personZone(); // takes too long to be asked for each row
    this.tasks = this.#shown();
    this.#places = new Map(this.tasks.map(({ key }, place) => [key, place]));
    this.#writes = this.#troubles();
    queueMicrotask(() => this.#drawn(before, seen)); // after the page was drawn, before it is seen
    return this.tasks.length ? this.#template() : this.#empty();
  }

  /** Draw nothing any more. */
  stop() {
    this.dragging.stop();
    this.window.stop();
  }

  /** @param {number | null} key @returns {number | undefined} from 0, in what is shown */
  placeOf(key) {
    return key === null ? undefined : this.#places.get(key);
  }

  /** @param {number} key @returns {HTMLElement | undefined} where it is in the document */
  rowOf(key) {
    return this.window.row(key);
  }

  /** @param {Element | null} element @returns {number | null} the key of the row that contains it */
  rowAt(element) {
    const row = this.#list?.contains(element) ? /** @type {HTMLElement | null} */ (element?.closest(".task")) : null;
    return row && Number(row.dataset.key);
  }

  /** Draw the rows again, and nothing else of the page. */
  draw() {
    this.window.draw();
  }

  /** Scroll until a task is seen. @param {number} key */
  reveal(key) {
    this.window.reveal(key);
  }

  /** Show a task where it will be, when the list is drawn next. @param {number} key */
  follow(key) {
    this.#followed = key;
  }

  /** @param {Task} task */
  toggle({ key, completed }) {
    void this.app.tasks?.change(key, { completed: !completed });
  }

  /** @param {Task} task */
  remove({ key }) {
    void this.app.tasks?.remove(key);
  }

  #shown() {
    const { tasks, editor, address } = this.app;
    const all = tasks?.all() ?? [];
    const found = shown(all, address.filter, this.#now);
    const edited = all.find(({ key }) => editor.isOpen(key));
    this.#edited = edited?.key;
    if (!edited || found.includes(edited)) return found;
    // What is being edited stays, until it is closed.
    return shown([...found, edited], { ...EVERYTHING, sort: address.filter.sort });
  }

  /** What is to stay where it is, in the next list. */
  #seen() {
    const filter = JSON.stringify(this.app.address.filter);
    if (filter === this.#filter) return this.window.seen();
    this.#filter = filter;
    const row = this.rowOf(this.rowAt(document.activeElement) ?? NaN);
    if (row) return [{ key: Number(row.dataset.key), top: row.getBoundingClientRect().top }];
    const above = covered() - (this.#list?.getBoundingClientRect().top ?? Infinity);
    if (above > 0) window.scrollBy({ top: -above, behavior: "instant" });
    return [];
  }

  /** @param {readonly Task[]} before @param {import("./steady.js").Seen[]} seen */
  #drawn(before, seen) {
    this.window.show(this.#list, this.tasks, seen);
    this.dragging.drawn();
    this.focus.restore(before);
    const followed = this.#followed;
    this.#followed = null;
    if (followed !== null) this.reveal(followed);
  }

  #troubles() {
    const { writes = [], connection } = this.app.tasks ?? {};
    // While the service is there, nothing waits long enough to be read.
    const told = writes.filter(({ state }) => state !== "waiting" || connection !== "live");
    const inOrder = [
      ...told.filter(({ state }) => state === "waiting"),
      ...told.filter(({ state }) => state !== "waiting"),
    ];
    return new Map(inOrder.map((write) => [write.task, write]));
  }

  #kept = () => [this.focus.key, this.dragging.key, this.#edited].filter((key) => typeof key === "number");

  #drawRow = (/** @type {HTMLElement} */ row, /** @type {Task} */ task, /** @type {number} */ place) => {
    const { key, id, completed } = task;
    row.className = `task ${completed ? "done" : ""} ${this.dragging.classOf(key)}`;
    row.ariaPosInSet = String(place + 1);
    row.ariaSetSize = String(this.tasks.length);
    const write = this.#writes.get(id) ?? this.#writes.get(key) ?? null;
    const tab = this.focus.key === key ? 0 : -1;
    render(
      taskRow(this.app, task, { tab, write, isMovable: this.moving.isPossible, now: this.#now, zone: this.#zone }),
      row,
    );
  };

  #mounted = (/** @type {Element | undefined} */ list) => {
    this.#list = /** @type {HTMLElement | null} */ (list ?? null);
  };

  #template() {
    return html`${this.moving.isPossible ? nothing : html`<p class="hint">${t("row_not_movable")}</p>`}
      <ol
        class="tasks"
        role="list"
        aria-label=${t("tasks")}
        @focusin=${this.focus.focused}
        @keydown=${this.focus.pressed}
        ${ref(this.#mounted)}
      ></ol>`;
  }

  #empty() {
    const { tasks } = this.app;
    if (!tasks?.isKnown)
      return html`<p class="empty">${t(tasks?.connection === "offline" ? "not_loaded" : "loading")}</p>`;
    if (!tasks.all().length) return html`<p class="empty">${icons.done}${t("no_tasks")}</p>`;
    return html`<div class="empty">
      ${icons.search}
      <p>${t("nothing_found")}</p>
      <button type="button" @click=${() => this.app.go({ filter: EVERYTHING })}>${t("show_everything")}</button>
    </div>`;
  }
}
