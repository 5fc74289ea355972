/** The service's tasks of one owner, as they are after the change with a number. */

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

/**
 * What leads from one number to another: the tasks that have changed in between, as they are after it, and the ids of
 * those that are gone.
 *
 * @typedef {object} Step
 * @property {string} line the list that the copy began with
 * @property {number} since
 * @property {number} change
 * @property {ServerTask[]} tasks
 * @property {number[]} deleted
 */

/** A copy that is a list and every step since; answers to writes are not in it before their step is. */
export class Copy {
  /** @type {number | null} the change it is at; null before the list was read */
  change = null;
  /** The list that it began with: steps of one are no steps of another. */
  line = "";
  /** @type {Map<number, ServerTask>} by id */
  tasks = new Map();

  /** @param {{ change: number, line: string, tasks: ServerTask[] }} list */
  replace({ change, line, tasks }) {
    this.change = change;
    this.line = line;
    this.tasks = new Map(tasks.map((task) => [task.id, task]));
  }

  /** Whether a step begins where the copy is, or before, and leads further. @param {Step} step */
  takes({ line, since, change }) {
    return this.change !== null && line === this.line && since <= this.change && change > this.change;
  }

  /** @param {Step} step one that it takes */
  advance({ change, tasks, deleted }) {
    for (const task of tasks) this.tasks.set(task.id, task);
    for (const id of deleted) this.tasks.delete(id);
    this.change = change;
  }
}
