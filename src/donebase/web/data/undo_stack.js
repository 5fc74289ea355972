/** What this window can undo and redo: its own writes, the last one first. */

/** @typedef {import("./writes.js").Write} Write */

/** Two stacks. A redo is the undo of an undo. */
export class UndoStack {
  /** @type {Write[]} */
  #done = [];
  /** @type {Write[]} the undos of what can be done again */
  #undone = [];

  get canUndo() {
    return this.#done.length > 0;
  }

  get canRedo() {
    return this.#undone.length > 0;
  }

  /** The write to undo next. */
  last() {
    return this.#done.at(-1);
  }

  /** The undo to take back next. */
  lastUndo() {
    return this.#undone.at(-1);
  }

  /** @param {Write} write a new one, after which nothing can be done again */
  written(write) {
    this.#done.push(write);
    this.#undone = [];
  }

  /** @param {Write} write @param {Write} undo */
  undone(write, undo) {
    this.forget(write.key);
    this.#undone.push(undo);
  }

  /** @param {Write} undo @param {Write} redo */
  redone(undo, redo) {
    this.forget(undo.key);
    this.#done.push(redo);
  }

  /** @param {string} key of a write that was undone, or given up */
  forget(key) {
    this.#done = this.#done.filter((write) => write.key !== key);
    this.#undone = this.#undone.filter((write) => write.key !== key);
  }
}
