/** The tasks as the person sees them: the service's, and on top what was written here and the copy does not contain yet. */

import { applyWrite, clear } from "./effects.js";
import { same } from "./merging.js";

/** @typedef {import("./writes.js").Task} Task */
/** @typedef {import("./writes.js").Write} Write */
/** @typedef {import("./writes.js").Settling} Settling */

/** Puts writes on top of a copy. */
export class Projection {
  #copy;
  /** @type {Map<number, Task> | null} by key; null when it has to be made again */
  #tasks = null;
  /** @type {WeakMap<import("./copy.js").ServerTask, Task>} */
  #withKeys = new WeakMap();
  /** @type {Map<number, number>} the key of a task that was created here, by its id */
  #keys = new Map();
  /** @type {Map<string, Settling>} by the key of the write, in the order of the answers */
  #settling = new Map();

  /** @param {import("./copy.js").Copy} copy */
  constructor(copy) {
    this.#copy = copy;
  }

  /** @param {Write[]} writes @returns {Map<number, Task>} by key; the same map until `outdated` is called */
  tasks(writes) {
    if (this.#tasks) return this.#tasks;
    /** @type {Map<number, Task>} */
    const tasks = new Map();
    for (const task of this.#copy.tasks.values()) tasks.set(this.keyOf(task.id), this.#named(task));
    for (const each of this.#settling.values()) this.#settle(tasks, each);
    for (const write of writes) {
      if (write.state !== "refused" && !this.#isThere(tasks, write)) applyWrite(tasks, write, this.keyOf);
    }
    this.#tasks = tasks;
    return tasks;
  }

  outdated() {
    this.#tasks = null;
  }

  /** @param {number} id @returns {number} the name of the task in this window */
  keyOf = (id) => this.#keys.get(id) ?? id;

  /** @param {number} key @returns {number} the id of the task, also after it was deleted; negative without one */
  idOf(key) {
    return [...this.#keys].find(([, each]) => each === key)?.[0] ?? key;
  }

  /** Show what answers have said, until the copy contains it. @param {Settling[]} settling */
  answered(settling) {
    for (const each of settling) {
      if (each.made) this.#keys.set(each.tasks[0].id, each.made);
      this.#settling.set(each.key, each);
    }
    this.settle();
  }

  /** Forget the answers that the copy contains by now. */
  settle() {
    const reached = this.#copy.change ?? 0;
    for (const { key, until } of [...this.#settling.values()]) if (until <= reached) this.#settling.delete(key);
  }

  /** Forget all answers: the service has begun anew. */
  forget() {
    this.#settling.clear();
  }

  /** @param {Map<number, Task>} tasks @param {Settling} settling */
  #settle(tasks, { tasks: answered, deleted, completedOnly }) {
    for (const task of answered) {
      const key = this.keyOf(task.id);
      if (task.version >= (tasks.get(key)?.version ?? 0)) tasks.set(key, this.#named(task));
    }
    const gone = deleted.map(this.keyOf);
    if (completedOnly) clear(tasks, gone);
    else for (const key of gone) tasks.delete(key);
  }

  /**
   * Whether the copy contains the task that a write creates, although the answer was not received: with the key that it
   * has here, it is not shown twice.
   *
   * @param {Map<number, Task>} tasks @param {Write} write
   */
  #isThere(tasks, { kind, task: key, members, sentAt }) {
    if (kind !== "create" || sentAt === null) return false;
    const wanted = Object.entries(members);
    for (const task of tasks.values()) {
      const values = /** @type {Record<string, unknown>} */ (/** @type {unknown} */ (task));
      if (task.version <= sentAt || task.key !== task.id || !wanted.every(([name, value]) => same(values[name], value)))
        continue;
      tasks.delete(task.key);
      tasks.set(key, { ...task, key });
      return true;
    }
    return false;
  }

  /**
   * Return a task of the copy with its key, the same object while it is the same: filters remember what they have folded.
   *
   * @param {import("./copy.js").ServerTask} task
   */
  #named(task) {
    const key = this.keyOf(task.id);
    let named = this.#withKeys.get(task);
    if (named?.key !== key) this.#withKeys.set(task, (named = { ...task, key }));
    return named;
  }
}
