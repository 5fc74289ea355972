/**
 * What this browser keeps (IndexedDB): a copy of the tasks of each owner, the writes that were not answered yet, the
 * session, and what is being typed.
 *
 * An owner is a text: `user:1` in the open mode, `account:1` for an account.
 */

import { openDB } from "../vendor/idb/build/index.js";

/** @typedef {import("./writes.js").Write} Write */
/** @typedef {import("./writes.js").Answered} Answered */
/** @typedef {import("./copy.js").ServerTask} ServerTask */

/** @param {string} owner */
const allOf = (owner) => IDBKeyRange.bound([owner], [owner, []]);

/** The stores of what belongs to an owner. */
const OWNED = ["clocks", "tasks", "outbox", "answers", "drafts"];

/** Open the storage of this origin. Rejects where the browser keeps nothing. */
export async function openStorage() {
  const database = await openDB("donebase", 1, {
    upgrade(created) {
      created.createObjectStore("tasks"); // [owner, id] -> task
      created.createObjectStore("clocks"); // owner -> the number of the change that the copy is at
      created.createObjectStore("outbox", { keyPath: "place", autoIncrement: true }).createIndex("owner", "owner");
      created.createObjectStore("answers"); // [owner, key of a write] -> its answer, for the writes that refer to it
      created.createObjectStore("session");
      created.createObjectStore("drafts"); // [owner, name] -> text
    },
  });
  return new Storage(database);
}

/** The storage; every method is one transaction. */
export class Storage {
  #database;

  /** @param {import("../vendor/idb/build/index.js").IDBPDatabase} database */
  constructor(database) {
    this.#database = database;
  }

  /**
   * @param {string} owner
   * @returns {Promise<{ change: number, tasks: ServerTask[] } | null>} null where there is no copy
   */
  async readCopy(owner) {
    const transaction = this.#database.transaction(["clocks", "tasks"]);
    const [change, tasks] = await Promise.all([
      transaction.objectStore("clocks").get(owner),
      transaction.objectStore("tasks").getAll(allOf(owner)),
    ]);
    return change === undefined ? null : { change, tasks };
  }

  /** @param {string} owner @param {number} change @param {ServerTask[]} tasks */
  async replaceCopy(owner, change, tasks) {
    const transaction = this.#database.transaction(["clocks", "tasks"], "readwrite");
    const stored = transaction.objectStore("tasks");
    stored.delete(allOf(owner));
    for (const task of tasks) stored.put(task, [owner, task.id]);
    transaction.objectStore("clocks").put(change, owner);
    await transaction.done;
  }

  /**
   * Bring the stored copy to a number, unless another window has done so.
   *
   * @param {string} owner @param {number} change @param {ServerTask[]} tasks @param {number[]} deleted ids
   */
  async advanceCopy(owner, change, tasks, deleted) {
    const transaction = this.#database.transaction(["clocks", "tasks"], "readwrite");
    const clocks = transaction.objectStore("clocks");
    const present = await clocks.get(owner);
    if (present !== undefined && present < change) {
      const stored = transaction.objectStore("tasks");
      for (const id of deleted) stored.delete([owner, id]);
      for (const task of tasks) stored.put(task, [owner, task.id]);
      clocks.put(change, owner);
    }
    await transaction.done;
  }

  /** @param {Write} write @returns {Promise<number>} its place in the order of all writes */
  async addWrite(write) {
    return Number(await this.#database.add("outbox", write));
  }

  /** @param {string} owner @returns {Promise<Write[]>} in the order in which they were written */
  async writesOf(owner) {
    return this.#database.getAllFromIndex("outbox", "owner", owner);
  }

  /**
   * Change the writes of an owner: those that are no longer in what `change` returns are removed.
   *
   * @param {string} owner
   * @param {(writes: Write[]) => Write[]} change
   * @param {{ key: string, answered: Answered }} [answer] of one that is removed, kept for a week: others refer to it
   * @returns {Promise<Write[]>} the writes as they are now
   */
  async updateWrites(owner, change, answer) {
    const transaction = this.#database.transaction(["outbox", "answers"], "readwrite");
    const outbox = transaction.objectStore("outbox");
    const before = await outbox.index("owner").getAll(owner);
    const after = change(structuredClone(before));
    const kept = new Set(after.map((write) => write.place));
    for (const write of before) if (!kept.has(write.place)) outbox.delete(write.place);
    for (const write of after) outbox.put(write);
    if (answer) transaction.objectStore("answers").put(answer.answered, [owner, answer.key]);
    await transaction.done;
    return after;
  }

  /** @param {string} owner @param {string} key of a write @returns {Promise<Answered | undefined>} */
  async answerTo(owner, key) {
    return this.#database.get("answers", [owner, key]);
  }

  /** Remove the answers that nothing can refer to any more: those before a moment. @param {string} moment RFC 3339 */
  async forgetAnswers(moment) {
    const transaction = this.#database.transaction("answers", "readwrite");
    for (const key of await transaction.store.getAllKeys()) {
      const answered = await transaction.store.get(key);
      if (answered.at < moment) transaction.store.delete(key);
    }
    await transaction.done;
  }

  /** The record of the session: `read` returns it; `update` changes it in one transaction, undefined removes it. */
  session = {
    /** @returns {Promise<any>} */
    read: () => this.#database.get("session", "session"),
    /** @param {(record: any) => any} change @returns {Promise<any>} */
    update: async (change) => {
      const transaction = this.#database.transaction("session", "readwrite");
      const record = change(await transaction.store.get("session"));
      if (record === undefined) transaction.store.delete("session");
      else transaction.store.put(record, "session");
      await transaction.done;
      return record;
    },
  };

  /** @param {string} owner @returns {Promise<{ name: string, draft: any }[]>} */
  async draftsOf(owner) {
    const { store } = this.#database.transaction("drafts");
    const [keys, drafts] = await Promise.all([store.getAllKeys(allOf(owner)), store.getAll(allOf(owner))]);
    return keys.map((key, index) => ({ name: /** @type {string[]} */ (key)[1], draft: drafts[index] }));
  }

  /** @param {string} owner @param {string} name @param {any} draft undefined removes it */
  async keepDraft(owner, name, draft) {
    if (draft === undefined) await this.#database.delete("drafts", [owner, name]);
    else await this.#database.put("drafts", draft, [owner, name]);
  }

  /**
   * Remove the copies of all other accounts. What is nowhere else stays for its author: unsent writes, drafts.
   *
   * @param {string} owner
   */
  async forgetOthers(owner) {
    for (const other of await this.#database.getAllKeys("clocks", IDBKeyRange.bound("account:", "account:~"))) {
      if (other === owner) continue;
      const transaction = this.#database.transaction(OWNED, "readwrite");
      const unsent = await transaction.objectStore("outbox").index("owner").count(other);
      transaction.objectStore("clocks").delete(other);
      for (const store of unsent ? ["tasks"] : ["tasks", "answers"]) {
        transaction.objectStore(store).delete(allOf(String(other)));
      }
      await transaction.done;
    }
  }

  /** Remove all that is kept for an owner. @param {string} owner */
  async forget(owner) {
    const transaction = this.#database.transaction(OWNED, "readwrite");
    const outbox = transaction.objectStore("outbox");
    for (const place of await outbox.index("owner").getAllKeys(owner)) outbox.delete(place);
    transaction.objectStore("clocks").delete(owner);
    for (const store of ["tasks", "answers", "drafts"]) transaction.objectStore(store).delete(allOf(owner));
    await transaction.done;
  }
}
