/** What this browser keeps, in IndexedDB. */

import { openDB } from "../vendor/idb/build/index.js";
import { DiskOutbox } from "./disk_outbox.js";
import { allOf, ignored, writing } from "./disk_requests.js";

/** The stores of what belongs to an owner. */
const OWNED = ["clocks", "tasks", "outbox", "answers", "settling", "drafts"];
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
  // Where that throws, as in some private windows, nobody is left to be told later that it takes too long.
  const opened = openDB(name, 1, {
    upgrade: create,
    blocked: () => reject(new Error("Another window holds an older version of the storage open.")),
    blocking: (_present, _wanted, event) => {
      /** @type {IDBDatabase} */ (event.target).close();
      closed();
    },
    terminated: closed,
  });
  const late = setTimeout(() => reject(new Error("The storage does not open.")), OPENED_WITHIN);
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
export class DiskStorage extends DiskOutbox {
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
