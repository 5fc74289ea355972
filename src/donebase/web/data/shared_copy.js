/** A copy in memory, on the disk, and in the other windows of this browser. */

import { Windows } from "./windows.js";
import { newKey } from "./writes.js";

/** @typedef {import("./copy.js").Step} Step */
/** @typedef {import("./copy.js").ServerTask} ServerTask */

/** What one window has learned, all know. */
export class SharedCopy {
  /**
   * @param {object} parts
   * @param {import("./copy.js").Copy} parts.copy the one in memory
   * @param {import("./storage.js").Storage} parts.storage
   * @param {string} parts.owner
   * @param {() => void} parts.missed is called when another window knows what this one has to ask for
   * @param {() => void} parts.changed is called after each step
   */
  constructor({ copy, storage, owner, missed, changed }) {
    this.copy = copy;
    this.storage = storage;
    this.owner = owner;
    this.missed = missed;
    this.changed = changed;
    /** @type {Windows<Step>} */
    this.windows = new Windows(`${storage.name} ${owner} steps`, async (step) => this.#told(step));
  }

  /** @returns {number | null} the change it is at; null before the list was read */
  get change() {
    return this.copy.change;
  }

  /** @returns {ServerTask | null} the task that has changed last; null where there is none, or no list */
  get newest() {
    if (this.change === null) return null;
    return [...this.copy.tasks.values()].reduce(
      (newest, task) => (newest && newest.version > task.version ? newest : task),
      /** @type {ServerTask | null} */ (null),
    );
  }

  /** @param {number} id */
  taskOf(id) {
    return this.copy.tasks.get(id);
  }

  stop() {
    this.windows.close();
  }

  /** The list has to be read anew. */
  forget() {
    this.copy.change = null;
  }

  /** @param {number} change @param {ServerTask[]} tasks the whole list */
  async replace(change, tasks) {
    const former = this.copy.line;
    this.copy.replace({ change, line: "", tasks }); // no step fits before it is known which list the other windows have
    this.changed();
    this.copy.line = await this.storage.replaceCopy(this.owner, { change, line: newKey(), tasks }, former);
  }

  /** Take a step from where the copy is. @param {number} change @param {{ tasks: ServerTask[], deleted: number[] }} news */
  async advance(change, { tasks, deleted }) {
    const step = { line: this.copy.line, since: this.change ?? 0, change, tasks, deleted };
    if (!this.copy.takes(step)) return;
    this.copy.advance(step);
    this.changed();
    this.windows.tell(step);
    if (!(await this.storage.advanceCopy(this.owner, step))) await this.#repair();
  }

  /** What the disk has is not what this window had before a step. */
  async #repair() {
    const kept = await this.storage.readCopy(this.owner);
    if (!kept) return; // somebody has signed out
    if (kept.line !== this.copy.line) {
      this.copy.replace(kept); // another window has begun anew
      this.missed();
      this.changed();
      return;
    }
    const { change, line, tasks } = this.copy;
    if (change !== null) await this.storage.replaceCopy(this.owner, { change, line, tasks: [...tasks.values()] }, line);
  }

  /** Another window has taken a step. @param {Step} step */
  #told(step) {
    if (this.copy.takes(step)) {
      this.copy.advance(step);
      this.changed();
    } else if (this.copy.line && (step.line !== this.copy.line || step.since > (this.change ?? 0))) this.missed();
  }
}
