/** What this browser keeps, in IndexedDB. */

import { openDB } from "../vendor/idb/build/index.js";
import { DiskCopies } from "./disk_copies.js";
import { allOf, ignored, writing } from "./disk_requests.js";
import { linked } from "./linking.js";

/** @typedef {import("./writes.js").Write} Write */
/** @typedef {import("./outboxes.js").Contents} Contents */
/** @typedef {import("./outboxes.js").Done} Done */

/** The stores of what belongs to an owner. */
const OWNED = ["clocks", "tasks", "outbox", "answers", "settling", "drafts"];
const OUTBOX = ["outbox", "answers", "settling"];
const OPENED_WITHIN = 10_000;

/**
 * Open the database of a name. Rejects where the browser keeps nothing, and while a window holds another version open.
 *
 * @param {string} name
 * @param {() => void} closed is called when it was closed: by the browser, or because another window needs a new version
 */
export async function openDisk(name, closed) {
  /** @type {(reason: Error) => void} */
  let reject = () => {};
  const givenUp = new Promise((_, rejected) => (reject = rejected));
  const late = setTimeout(() => reject(new Error("The storage does not open.")), OPENED_WITHIN);
  const opened = openDB(name, 1, {
    upgrade: create,
    blocked: () => reject(new Error("Another window holds an older version of the storage open.")),
    blocking: (_present, _wanted, event) => {
      /** @type {IDBDatabase} */ (event.target).close();
      closed();
    },
    terminated: closed,
  });
  try {
    return new DiskStorage(/** @type {Awaited<typeof opened>} */ (await Promise.race([opened, givenUp])));
  } catch (error) {
    void opened.then((database) => database.close()).catch(ignored);
    throw error;
  } finally {
    clearTimeout(late);
  }
}

/** @param {import("../vendor/idb/build/index.js").IDBPDatabase} database */
function create(database) {
  database.createObjectStore("tasks"); // [owner, id] -> task
  database.createObjectStore("clocks"); // owner -> the change that the copy is at, and the list it began with
  database.createObjectStore("outbox", { keyPath: "place", autoIncrement: true }).createIndex("owner", "owner");
  database.createObjectStore("answers", { keyPath: ["owner", "key"] });
  database.createObjectStore("settling", { keyPath: ["owner", "key"] });
  database.createObjectStore("leases"); // the name of a turn -> who has it, and until when
  database.createObjectStore("session");
  database.createObjectStore("drafts"); // [owner, name] -> text
}

/** The storage; every method is one transaction, and rejects when it fails. */
export class DiskStorage extends DiskCopies {
  /** @param {Write} write @returns {Promise<Contents>} with it, at its place; not before it is on the disk */
  async addWrite(write) {
    const transaction = writing(this.database, OUTBOX, { durability: "strict" });
    const answers = transaction.objectStore("answers");
    const stored = await linked(write, (key) => answers.get([write.owner, key]));
    const { place: _, ...placeless } = stored;
    transaction.objectStore("outbox").add(placeless).catch(ignored);
    const contents = await contentsOf(transaction, write.owner);
    await transaction.done;
    return contents;
  }

  /** @param {string} owner */
  async readOutbox(owner) {
    return contentsOf(this.database.transaction(OUTBOX), owner);
  }

  /**
   * @param {string} owner
   * @param {(writes: Write[]) => Write[]} change
   * @param {Done} [done] of no account if the write is not here any more: somebody has signed out
   * @returns {Promise<Contents>}
   */
  async updateWrites(owner, change, { answered, settling } = {}) {
    const transaction = writing(this.database, OUTBOX);
    const outbox = transaction.objectStore("outbox");
    const before = await outbox.index("owner").getAll(owner);
    const after = change(before);
    const kept = new Set(after.map((write) => write.place));
    for (const write of before) if (!kept.has(write.place)) outbox.delete(write.place).catch(ignored);
    for (const write of after) if (!before.includes(write)) outbox.put(write).catch(ignored);
    if (answered && before.some(({ key }) => key === answered.key)) {
      const news = { owner, ...answered };
      transaction.objectStore("answers").put(news).catch(ignored);
      if (settling) transaction.objectStore("settling").put(settling).catch(ignored);
    }
    const contents = await contentsOf(transaction, owner);
    await transaction.done;
    return contents;
  }

  /** @param {string} owner @param {string} key of a write @returns {Promise<import("./writes.js").Answered | undefined>} */
  async answerTo(owner, key) {
    return this.database.get("answers", [owner, key]);
  }

  /** Remove the answers that nothing can refer to any more: those before a moment. @param {string} moment RFC 3339 */
  async forgetAnswers(moment) {
    const transaction = writing(this.database, ["answers"]);
    const answers = transaction.objectStore("answers");
    for await (const cursor of answers) if (cursor.value.at < moment) cursor.delete().catch(ignored);
    await transaction.done;
  }

  /** @param {string} name @param {string} holder @param {number} milliseconds @returns {Promise<boolean>} whether it has it */
  async claim(name, holder, milliseconds) {
    const transaction = writing(this.database, ["leases"]);
    const leases = transaction.objectStore("leases");
    const [present, now] = [await leases.get(name), Date.now()];
    const left = present && present.holder !== holder ? present.until - now : 0;
    const free = left <= 0 || left > milliseconds; // longer: the clock was put back
    if (free) leases.put({ holder, until: now + milliseconds }, name).catch(ignored);
    await transaction.done;
    return free;
  }

  /** @param {string} name @param {string} holder */
  async release(name, holder) {
    const transaction = writing(this.database, ["leases"]);
    const leases = transaction.objectStore("leases");
    if ((await leases.get(name))?.holder === holder) leases.delete(name).catch(ignored);
    await transaction.done;
  }

  async readSession() {
    return this.database.get("session", "session");
  }

  /** @param {(record: any) => any} change @returns {Promise<any>} */
  async updateSession(change) {
    const transaction = writing(this.database, ["session"]);
    const session = transaction.objectStore("session");
    const record = change(await session.get("session"));
    if (record === undefined) session.delete("session").catch(ignored);
    else session.put(record, "session").catch(ignored);
    await transaction.done;
    return record;
  }

  /** @param {string} owner @returns {Promise<{ name: string, draft: any }[]>} */
  async draftsOf(owner) {
    const { store } = this.database.transaction("drafts");
    const [keys, drafts] = await Promise.all([store.getAllKeys(allOf(owner)), store.getAll(allOf(owner))]);
    return keys.map((key, index) => ({ name: /** @type {string[]} */ (key)[1], draft: drafts[index] }));
  }

  /** @param {string} owner @param {string} name @param {any} draft */
  async keepDraft(owner, name, draft) {
    if (draft === undefined) await this.database.delete("drafts", [owner, name]);
    else await this.database.put("drafts", draft, [owner, name]);
  }

  /** @param {string} owner */
  async forgetOthers(owner) {
    for (const other of await this.database.getAllKeys("clocks", IDBKeyRange.bound("account:", "account:~"))) {
      if (other === owner) continue;
      const transaction = writing(this.database, OWNED);
      transaction.objectStore("clocks").delete(other).catch(ignored);
      const range = allOf(String(other));
      for (const store of ["tasks", "answers", "settling"]) transaction.objectStore(store).delete(range).catch(ignored);
      await transaction.done;
    }
  }

  /** @param {string} owner */
  async forget(owner) {
    const transaction = writing(this.database, OWNED);
    const outbox = transaction.objectStore("outbox");
    for (const place of await outbox.index("owner").getAllKeys(owner)) outbox.delete(place).catch(ignored);
    transaction.objectStore("clocks").delete(owner).catch(ignored);
    for (const store of ["tasks", "answers", "settling", "drafts"]) {
      transaction.objectStore(store).delete(allOf(owner)).catch(ignored);
    }
    await transaction.done;
  }
}

/**
 * @param {import("./disk_requests.js").Transaction<IDBTransactionMode>} transaction
 * @param {string} owner
 * @returns {Promise<Contents>}
 */
async function contentsOf(transaction, owner) {
  const [writes, settling] = await Promise.all([
    transaction.objectStore("outbox").index("owner").getAll(owner),
    transaction.objectStore("settling").getAll(allOf(owner)),
  ]);
  return { writes, settling };
}
