/** The writes in IndexedDB that were not answered yet, and what is kept of the answers. */

import { DiskDrafts } from "./disk_drafts.js";
import { allOf, ignored, writing } from "./disk_requests.js";
import { linked } from "./linking.js";

/** @typedef {import("./writes.js").Write} Write */
/** @typedef {import("./outboxes.js").Contents} Contents */
/** @typedef {import("./outboxes.js").Done} Done */
/** @typedef {import("./outboxes.js").Addition} Addition */
/** @typedef {import("./disk_requests.js").Transaction<"readwrite">} Writing */

const OUTBOX = ["outbox", "answers", "settling"];

/** Every method is one transaction, and rejects when it fails. */
export class DiskOutbox extends DiskDrafts {
  /** @param {Addition} addition @returns {Promise<Contents>} with its writes, at their places; not before it is on the disk */
  async addWrites(addition) {
    return add(adding(this.database), addition);
  }

  /** Add what may have been added before. @param {Addition} addition @returns {Promise<Contents>} as `addWrites` */
  async addAgain({ owner, writes, draft }) {
    const transaction = adding(this.database);
    const present = new Set((await contentsOf(transaction, owner)).writes.map(({ key }) => key));
    const missing = [];
    for (const write of writes) {
      const answer = await transaction.objectStore("answers").getKey([owner, write.key]);
      if (!answer && !present.has(write.key)) missing.push(write);
    }
    return add(transaction, { owner, writes: missing, draft: missing.length ? draft : null });
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
}

/** @param {import("../vendor/idb/build/index.js").IDBPDatabase} database @returns {Writing} one of writes and their draft */
function adding(database) {
  return writing(database, [...OUTBOX, "drafts"], { durability: "strict" });
}

/** @param {Writing} transaction @param {Addition} addition @returns {Promise<Contents>} */
async function add(transaction, { owner, writes, draft }) {
  const answers = transaction.objectStore("answers");
  if (draft !== null) transaction.objectStore("drafts").delete([owner, draft]).catch(ignored);
  for (const write of writes) {
    const { place: _, ...placeless } = await linked(write, (key) => answers.get([owner, key]));
    transaction.objectStore("outbox").add(placeless).catch(ignored);
  }
  const contents = await contentsOf(transaction, owner);
  await transaction.done;
  return contents;
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
