/** The tasks as the person sees them: the service's, and on top what was written here and the copy does not contain yet. */

import { applyWrite } from "./effects.js";

/** @typedef {import("./writes.js").Task} Task */
/** @typedef {import("./writes.js").Write} Write */

/** Puts writes on top of a copy. */
export class Projection {
  #copy;
  /** @type {Map<number, Task> | null} by key; null when it has to be made again */
  #tasks = null;
  /** @type {WeakMap<import("./copy.js").ServerTask, Task>} */
  #withKeys = new WeakMap();
  /** @type {Map<number, number>} the key of a task that was created here, by its id */
  #keys = new Map();
  /** @type {{ write: Write, change: number }[]} answered writes to many tasks, until the copy contains them */
  #settling = [];

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
    const answered = this.#settling.map(({ write }) => write);
    const shown = [...answered, ...writes].filter((write) => write.state !== "refused");
    for (const write of shown) applyWrite(tasks, write, this.keyOf);
    this.#tasks = tasks;
    return tasks;
  }

  outdated() {
    this.#tasks = null;
  }

  /** @param {number} id @returns {number} the name of the task in this window */
  keyOf = (id) => this.#keys.get(id) ?? id;

  /**
   * Take what an answer shows, before the write is removed: nothing flickers.
   *
   * @param {Write} write @param {import("./api.js").Answer | null} answer
   */
  answered(write, answer) {
    const { body, change = null } = answer ?? {};
    if (write.kind === "create" && body) this.#keys.set(body.id, write.task);
    if (body?.id) this.#copy.put(body);
    else if (write.kind === "remove" && change) this.#copy.remove(this.idOf(write.task), change);
    else if (write.kind === "undo" && body) {
      for (const task of body.tasks) this.#copy.put(task);
      for (const id of body.deleted) this.#copy.remove(id, change ?? 0);
    } else if (change) this.#settling.push({ write, change });
  }

  /** Forget the answered writes that the copy contains by now. */
  settle() {
    const reached = this.#copy.change ?? 0;
    this.#settling = this.#settling.filter(({ change }) => change > reached);
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

  /** @param {number} key @returns {number} the id of the task, also after it was deleted; negative without one */
  idOf(key) {
    return [...this.#keys].find(([, each]) => each === key)?.[0] ?? key;
  }
}
