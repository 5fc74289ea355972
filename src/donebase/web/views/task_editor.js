/** The members of one task, to be changed in its row. */

import { faultsOf } from "../rules.js";
import { t } from "../texts.js";
import { nothing } from "../vendor/lit-html/lit-html.js";
import { isDueIncomplete } from "./due_field.js";
import { Editing, typedFrom } from "./editing.js";
import { editorForm, focusFault, focusField, taskButtons } from "./editor_form.js";
import { mostUsed } from "./tags_field.js";
import { offer, orphan, refused } from "./unsaved_notice.js";
import { Unsaved } from "./unsaved.js";

/** @typedef {import("../data/writes.js").Task} Task */
/** @typedef {import("../data/writes.js").Write} Write */

/** Edits one task at a time. What is typed outlives the window, and what others change meanwhile does not touch it. */
export class TaskEditor {
  /** @type {number | null} the key of the task */
  #open = null;
  #unsaved;

  /** @param {import("../app.js").App} app */
  constructor(app) {
    this.app = app;
    this.#unsaved = new Unsaved(app.drafts);
  }

  /**
   * Open it in the row of a task. What was typed of another task is saved; where it cannot be, that one stays open.
   *
   * @param {number} key @param {"title" | "details"} [part] what has the focus then
   */
  open(key, part = "title") {
    const before = this.#unsaved.known(this.#open);
    if (before && before.key !== key && !this.#save(before)) return focusField(idOf(before.key), "title");
    this.#open = key;
    this.app.changed();
    this.app.list.draw();
    focusField(idOf(key), part === "title" ? "title" : "description");
  }

  /** @param {number} key */
  isOpen(key) {
    return this.#open === key;
  }

  /** What is in the row of a task in place of its title. @param {Task} task */
  render(task) {
    const editing = this.#unsaved.of(task);
    const buttons = taskButtons({
      history: () => this.app.history.open(task.key),
      remove: () => this.#remove(editing),
    });
    return editorForm({
      ...this.#form(editing, task),
      save: () => (this.#save(editing) ? this.#close(editing) : focusFault(idOf(task.key))),
      leave: () => this.#left(editing),
      buttons,
      saveLabel: t("edit_save"),
      cancelLabel: t("cancel"),
    });
  }

  /** What is unsaved and in no row: of tasks that are gone or were refused, and from before the page was loaded. */
  notice() {
    const { tasks } = this.app;
    void this.#belong();
    if (!tasks?.isKnown) return nothing;
    if (this.#open !== null && !tasks.get(this.#open)) this.#open = null;
    const unsaved = this.#unsaved.all.filter(({ key }) => !this.isOpen(key));
    return [
      ...tasks.writes.filter(({ state }) => state === "refused").map((write) => this.#refused(write)),
      ...unsaved.map((editing) => (tasks.get(editing.key) ? this.#offer(editing) : this.#orphan(editing))),
    ];
  }

  /** Edit again what the service has refused; that write is given up. @param {Write} write */
  async again(write) {
    const { tasks } = this.app;
    const task = tasks?.all().find(({ key, id }) => key === write.task || id === write.task);
    const editing = new Editing(task?.key ?? write.task, task?.id ?? write.task);
    Object.assign(editing, typedFrom(write, task && tasks ? tasks.seen(task.key) : null));
    this.#unsaved.put(editing);
    await this.#unsaved.keep(editing);
    await tasks?.discard(write);
    if (task) this.open(task.key);
    else this.app.changed();
  }

  /** Show what whoever is asking now was typing. */
  async #belong() {
    const first = await this.#unsaved.belongTo(this.app.tasks);
    if (!first) return;
    if (this.#open === null) {
      this.#open = first.key;
      this.app.list.follow(first.key);
    }
    this.app.changed();
  }

  /** @param {Editing} editing @param {Partial<Task>} task */
  #form(editing, task) {
    return {
      id: idOf(editing.key),
      title: task.title ?? "",
      values: editing.values(task),
      faults: editing.faults,
      type: (/** @type {Partial<import("./editing.js").Values>} */ values) => this.#typed(editing, values),
      cancel: () => this.#cancel(editing),
      tagsInUse: () => mostUsed(this.app.tasks?.all() ?? []),
    };
  }

  /** @param {Editing} editing */
  #offer(editing) {
    const continued = () => this.open(editing.key);
    return offer(this.app.tasks?.get(editing.key)?.title ?? "", { continued, cancel: () => this.#cancel(editing) });
  }

  /** @param {Write} write */
  #refused(write) {
    const { tasks } = this.app;
    const title = write.members.title ?? tasks?.all().find(({ id }) => id === write.task)?.title ?? "";
    return refused(write, title, { again: () => this.again(write), discard: () => tasks?.discard(write) });
  }

  /** @param {Editing} editing */
  #orphan(editing) {
    const save = () => this.#save(editing) || focusFault(idOf(editing.key));
    return orphan(editing, { ...this.#form(editing, editing.seen?.before ?? {}), save });
  }

  /** @param {Editing} editing @param {Partial<import("./editing.js").Values>} values */
  #typed(editing, values) {
    const { tasks, list } = this.app;
    const task = tasks?.get(editing.key);
    editing.type(values, task && tasks ? tasks.seen(task.key) : null);
    void this.#unsaved.keep(editing);
    if (task) list.draw();
    else this.app.changed();
  }

  /**
   * Save what was typed, or say why not.
   *
   * @param {Editing} editing
   * @returns {boolean} whether nothing is left unsaved
   */
  #save(editing) {
    const { tasks } = this.app;
    const isThere = tasks?.get(editing.key) !== undefined;
    const members = isThere ? editing.changes() : editing.whole();
    editing.faults = faultsOf(members);
    if (isDueIncomplete(idOf(editing.key))) editing.faults.unshift({ field: "due", code: "invalid_date" });
    this.app.changed();
    if (editing.faults.length) return false;
    const { key, seen } = editing;
    const draft = this.#unsaved.nameOf(editing);
    if (!isThere) void tasks?.create(editing.whole(), draft);
    else if (Object.keys(members).length) void tasks?.change(key, members, seen ?? undefined, draft);
    editing.forget();
    void this.#unsaved.keep(editing);
    return true;
  }

  /** @param {Editing} editing */
  #cancel(editing) {
    this.#unsaved.forget(editing);
    if (this.isOpen(editing.key)) this.#close(editing);
    else this.app.changed();
  }

  /** @param {Editing} editing of a row that is to have the focus */
  #close({ key }) {
    this.#open = null;
    this.app.changed();
    this.app.list.focus.to(key);
  }

  /** The focus has left the row. @param {Editing} editing */
  #left(editing) {
    if (!this.isOpen(editing.key) || !this.#save(editing) || document.activeElement?.closest("dialog")) return;
    this.#open = null;
    this.app.changed();
  }

  /** @param {Editing} editing */
  #remove(editing) {
    this.#unsaved.forget(editing);
    this.#open = null;
    void this.app.tasks?.remove(editing.key);
  }
}

/** @param {number} key @returns {string} the id of the form */
const idOf = (key) => `edit${key}`;
