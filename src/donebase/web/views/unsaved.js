/** What has not been saved of tasks that are or were being edited, kept in the browser. */

import { Editing } from "./editing.js";

/** The editings of one owner. */
export class Unsaved {
  /** @type {import("../data/tasks.js").TaskStore | null} */
  #tasks = null;
  /** @type {Map<number, Editing>} by the key of the task */
  #editings = new Map();

  /** @param {import("../data/drafts.js").Drafts} drafts */
  constructor(drafts) {
    this.drafts = drafts;
  }

  /** @returns {Editing[]} those with something that was typed */
  get all() {
    return [...this.#editings.values()].filter((editing) => editing.isTouched);
  }

  /** @param {number | null} key */
  known(key) {
    return key === null ? undefined : this.#editings.get(key);
  }

  /** @param {import("../data/writes.js").Task} task @returns {Editing} */
  of({ key, id }) {
    const editing = this.known(key) ?? new Editing(key);
    if (editing.id !== id && editing.isTouched) {
      const { place } = editing;
      editing.id = id;
      void this.keep(editing);
      this.#store(place, undefined);
    }
    editing.id = id;
    this.#editings.set(key, editing);
    return editing;
  }

  /** @param {Editing} editing */
  put(editing) {
    this.#editings.set(editing.key, editing);
  }

  /** Keep what it says now: nothing, where everything is saved. @param {Editing} editing */
  keep(editing) {
    return this.#store(editing.place, editing.draft);
  }

  /** Return the name of its draft, as `Drafts.nameOf`. @param {Editing} editing */
  nameOf(editing) {
    return this.#tasks && this.drafts.nameOf(this.#tasks.owner, editing.place);
  }

  /** @param {Editing} editing whose text was saved or given up */
  forget(editing) {
    editing.forget();
    void this.keep(editing);
    this.#editings.delete(editing.key);
  }

  /**
   * Take up what was typed before the page was loaded.
   *
   * @param {import("../data/tasks.js").TaskStore | null} tasks those that are shown now
   * @returns {Promise<Editing | null>} one of them; null if there is none or the tasks are the same
   */
  async belongTo(tasks) {
    if (tasks === this.#tasks) return null;
    this.#tasks = tasks;
    this.#editings.clear();
    if (!tasks) return null;
    // Before all is loaded, a task that was made here is not there, or by another key.
    const [found] = await Promise.all([this.drafts.found(tasks.owner), tasks.loaded]);
    if (tasks !== this.#tasks) return null;
    let first = null;
    for (const [place, draft] of found) {
      if (!place.startsWith("task ")) continue;
      // Of a task that was made by a window that is gone, and sent by another one.
      const made = draft.seen?.madeBy && (await tasks.storage.answerTo(tasks.owner, draft.seen.madeBy));
      const making = tasks.writes.find(({ key }) => key === draft.seen?.madeBy);
      const key = making ? making.task : tasks.keyOf(made ? made.id : draft.id);
      if (this.known(key)?.isTouched) continue;
      const editing = Object.assign(new Editing(key), draft);
      this.put(editing);
      first ??= editing;
    }
    return first;
  }

  /** @param {string} place @param {unknown} draft */
  #store(place, draft) {
    return this.#tasks ? this.drafts.keep(this.#tasks.owner, place, draft) : undefined;
  }
}
