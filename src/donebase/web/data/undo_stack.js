/** What this window can undo and redo: its own writes, the last one first. A redo is the undo of an undo. */

/** @typedef {import("./writes.js").Write} Write */

const LONGEST = 200;

/** Two stacks of writes. One that the service refuses, or that has changed nothing, is on neither. */
export class UndoStack {
  /** @type {Write[]} */
  #done = [];
  /** @type {Write[]} the undos of what can be done again */
  #undone = [];
  #write;
  #giveUp;

  /**
   * @param {object} parts
   * @param {(parts: Partial<Write>, undone: Write) => Promise<Write>} parts.write makes an undo
   * @param {(write: Write) => Promise<void> | null} parts.giveUp removes a write that the service has not taken; null for
   *   any other
   */
  constructor({ write, giveUp }) {
    this.#write = write;
    this.#giveUp = giveUp;
  }

  get canUndo() {
    return this.#done.length > 0;
  }

  get canRedo() {
    return this.#undone.length > 0;
  }

  /** Undo the last write. @returns {Promise<Write | null>} as `takeBack` */
  undo() {
    return this.takeBack(this.#done.at(-1));
  }

  /** Redo what was undone last. @returns {Promise<Write | null>} as `takeBack` */
  redo() {
    return this.takeBack(this.#undone.at(-1));
  }

  /**
   * Undo a write, or redo what it has undone, whatever has been written since.
   *
   * @param {Write | undefined} write
   * @returns {Promise<Write | null>} the undo; the write itself if it was given up; null if there is nothing to undo
   */
  async takeBack(write) {
    if (!write || !this.#has(write.key)) return null;
    const given = this.#giveUp(write);
    if (given) {
      this.forget(write.key);
      await given;
      return write;
    }
    const { key: undoes, inverse: effect, title, task } = write;
    return this.#write({ undoes, effect, title, task }, write);
  }

  /** @param {Write} write a new one @param {Write | null} undone what it takes back */
  written(write, undone) {
    const isUndo = undone !== null && !this.#undone.some(({ key }) => key === undone.key);
    if (undone) this.forget(undone.key);
    else this.#undone = [];
    (isUndo ? this.#undone : this.#done).push(write);
    if (this.#done.length > LONGEST) this.forget(this.#done[0].key);
  }

  /** @param {string} key of a write that cannot be undone any more */
  forget(key) {
    this.#done = this.#done.filter((write) => write.key !== key);
    this.#undone = this.#undone.filter((write) => write.key !== key);
  }

  /** @param {string} key */
  #has(key) {
    return [...this.#done, ...this.#undone].some((write) => write.key === key);
  }
}
