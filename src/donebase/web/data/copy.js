/** The service's tasks of one owner, as they are after the change with a number, and what answers have shown since. */

/**
 * A task as the API answers it.
 *
 * @typedef {object} ServerTask
 * @property {number} id
 * @property {string} title
 * @property {string | null} description
 * @property {boolean} completed
 * @property {string | null} completed_at
 * @property {import("../due.js").Due | null} due
 * @property {"low" | "medium" | "high" | null} priority
 * @property {string[]} tags
 * @property {number} order
 * @property {number} version
 * @property {string} created_at
 * @property {string} updated_at
 */

/** A copy that only moves forward: of two states of a task, the one with the higher version stays. */
export class Copy {
  /** @type {number | null} the change it is at; null before the list was read */
  change = null;
  /** @type {Map<number, ServerTask>} by id */
  tasks = new Map();
  /** @type {Map<number, number>} the changes that have deleted tasks, by id */
  #deleted = new Map();

  /** @param {number} change @param {ServerTask[]} tasks the whole list */
  replace(change, tasks) {
    this.change = change;
    this.#deleted.clear();
    this.tasks = new Map(tasks.map((task) => [task.id, task]));
  }

  /** @param {number} change @param {ServerTask[]} tasks @param {number[]} deleted ids */
  advance(change, tasks, deleted) {
    for (const task of tasks) this.put(task);
    for (const id of deleted) this.remove(id, change);
    this.change = Math.max(change, this.change ?? 0);
  }

  /** Take a task from an answer, which may be older than what is known. @param {ServerTask} task */
  put(task) {
    const known = Math.max(this.tasks.get(task.id)?.version ?? 0, this.#deleted.get(task.id) ?? 0);
    if (task.version < known) return;
    this.#deleted.delete(task.id);
    this.tasks.set(task.id, task);
  }

  /** @param {number} id @param {number} change the one that has deleted it */
  remove(id, change) {
    if ((this.tasks.get(id)?.version ?? 0) > change) return;
    this.tasks.delete(id);
    this.#deleted.set(id, change);
  }
}
