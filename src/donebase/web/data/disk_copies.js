/** The copies of tasks in IndexedDB. */

import { allOf, ignored, writing } from "./disk_requests.js";

/** @typedef {import("./copy.js").ServerTask} ServerTask */
/** @typedef {import("./copy.js").Step} Step */
/** @typedef {{ change: number, line: string, tasks: ServerTask[] }} KeptCopy */

const AT_ONCE = 200; // tasks that are put without a pause: typing goes on meanwhile

/** Every method is one transaction, and rejects when it fails. */
export class DiskCopies {
  /** @param {import("../vendor/idb/build/index.js").IDBPDatabase} database */
  constructor(database) {
    this.database = database;
  }

  /** @param {string} owner @returns {Promise<KeptCopy | null>} null where there is none */
  async readCopy(owner) {
    const transaction = this.database.transaction(["clocks", "tasks"]);
    const [clock, tasks] = await Promise.all([
      transaction.objectStore("clocks").get(owner),
      transaction.objectStore("tasks").getAll(allOf(owner)),
    ]);
    return clock ? { ...clock, tasks } : null;
  }

  /**
   * Keep a list, unless another window has kept one after the same that was of no use any more: steps continue both.
   *
   * @param {string} owner @param {KeptCopy} copy
   * @param {string} former the line of the copy that it replaces; "" for none
   * @returns {Promise<string>} the line that it has now
   */
  async replaceCopy(owner, { change, line, tasks }, former) {
    const transaction = writing(this.database, ["clocks", "tasks", "settling"]);
    const present = await transaction.objectStore("clocks").get(owner);
    if (present && present.line !== former && present.change >= change) return present.line;
    const kept = present && present.line !== former ? present.line : line;
    const stored = transaction.objectStore("tasks");
    stored.delete(allOf(owner)).catch(ignored);
    for (let start = 0; start < tasks.length; start += AT_ONCE) {
      const puts = tasks.slice(start, start + AT_ONCE).map((task) => stored.put(task, [owner, task.id]));
      await Promise.all(puts);
    }
    await settle(transaction, owner, change);
    transaction.objectStore("clocks").put({ change, line: kept }, owner).catch(ignored);
    await transaction.done;
    return kept;
  }

  /**
   * Take a step, unless another window has done so.
   *
   * @param {string} owner @param {Step} step
   * @returns {Promise<boolean>} false where the copy on the disk is not one that the step continues
   */
  async advanceCopy(owner, { line, since, change, tasks, deleted }) {
    const transaction = writing(this.database, ["clocks", "tasks", "settling"]);
    const clock = await transaction.objectStore("clocks").get(owner);
    const continues = clock?.line === line && clock.change >= since;
    if (continues && clock.change < change) {
      const stored = transaction.objectStore("tasks");
      for (const id of deleted) stored.delete([owner, id]).catch(ignored);
      for (const task of tasks) stored.put(task, [owner, task.id]).catch(ignored);
      await settle(transaction, owner, change);
      transaction.objectStore("clocks").put({ change, line }, owner).catch(ignored);
    }
    await transaction.done;
    return continues;
  }

  /** Forget what answers have shown: the service has begun anew. @param {string} owner */
  async forgetSettling(owner) {
    await this.database.delete("settling", allOf(owner));
  }

  /** Make room: what the service has can be read again. */
  async forgetCopies() {
    const transaction = writing(this.database, ["clocks", "tasks"]);
    transaction.objectStore("clocks").clear().catch(ignored);
    transaction.objectStore("tasks").clear().catch(ignored);
    await transaction.done;
  }
}

/**
 * Forget the answers that the copy contains.
 *
 * @param {import("./disk_requests.js").Transaction<"readwrite">} transaction
 * @param {string} owner @param {number} change
 */
async function settle(transaction, owner, change) {
  const settling = transaction.objectStore("settling");
  for (const { key, until } of await settling.getAll(allOf(owner))) {
    if (until <= change) settling.delete([owner, key]).catch(ignored);
  }
}
