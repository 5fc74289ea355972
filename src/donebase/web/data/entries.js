/** The history of tasks, as the service tells it. */

import { entries as shape } from "./shapes.js";

/** @typedef {import("./copy.js").ServerTask} ServerTask */

const ROWS = 100; // most changes are of one task

/**
 * A row of the history: what a change did to one task.
 *
 * @typedef {object} Entry
 * @property {number} change
 * @property {number} task_id
 * @property {"created" | "changed" | "deleted"} action
 * @property {string} at RFC 3339
 * @property {Partial<ServerTask> | null} before the members that moved; of a deleted task all
 * @property {Partial<ServerTask> | null} after the members that moved; of a created task all
 */

/** @typedef {{ entries: Entry[], next: string | null }} Page newest first, and the address of the next page */

/** Reads what has happened. Every method throws as `Api.send` does. */
export class Past {
  #api;
  #idOf;

  /** @param {import("./api.js").Api} api @param {(key: number) => number} idOf the id of a task, deleted or not */
  constructor(api, idOf) {
    this.#api = api;
    this.#idOf = idOf;
  }

  /** Whether the service has, or had, a task. @param {number} key */
  hasHistory(key) {
    return this.#idOf(key) > 0;
  }

  /** @param {number} key of a task that has one @param {string | null} [address] of the next page @returns {Promise<Page>} */
  history(key, address) {
    return this.#page(address ?? `history?task_id=${this.#idOf(key)}`);
  }

  /** @param {string | null} [address] of the next page @returns {Promise<Page>} rows of deleted tasks, of those restored too */
  trash(address) {
    return this.#page(address ?? "history?action=deleted");
  }

  /** @param {number} change @returns {Promise<Entry[]>} all that it did */
  async entriesOf(change) {
    /** @type {Entry[]} */
    const found = [];
    /** @type {string | null} */
    let address = `history?after=${change + 1}&limit=${ROWS}`;
    while (address) {
      const { entries, next } = /** @type {Page} */ (await this.#page(address));
      const own = entries.filter((entry) => entry.change === change);
      found.push(...own);
      address = own.length === entries.length ? next : null;
    }
    return found;
  }

  /**
   * Return the task as it was deleted last, and the number of that change, if it has deleted nothing else.
   *
   * @param {number} id
   * @returns {Promise<{ change: number | null, task: ServerTask }>}
   */
  async deletionOf(id) {
    const [deletion] = (await this.#page(`history?task_id=${id}&action=deleted&limit=1`)).entries;
    if (!deletion) throw new Error("The history does not know the task any more.");
    const { change, before } = deletion;
    const isAlone = (await this.entriesOf(change)).length === 1;
    return { change: isAlone ? change : null, task: /** @type {ServerTask} */ (before) };
  }

  /** @param {string} address @returns {Promise<Page>} */
  async #page(address) {
    const { body, next } = await this.#api.send("GET", address, { shape });
    return { entries: body, next };
  }
}

/** Return what takes a row back. @param {Entry} entry @returns {import("./writes.js").Step} */
export function stepBack({ task_id: task, action, before }) {
  if (action === "created") return { task };
  const was = /** @type {ServerTask} */ (before);
  return action === "deleted" ? { task, put: was } : { task, members: was };
}
