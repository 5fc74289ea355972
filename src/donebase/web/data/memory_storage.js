/** What takes the place of the storage on the disk where there is none: it ends with the window. */

import { linked } from "./linking.js";

/** @typedef {import("./writes.js").Write} Write */
/** @typedef {import("./writes.js").Answered} Answered */
/** @typedef {import("./outboxes.js").Contents} Contents */
/** @typedef {import("./outboxes.js").Done} Done */

/** The outboxes of owners. */
export class MemoryStorage {
  /** @type {Map<string, Contents & { onDisk: Set<string> }>} by owner */
  #outboxes = new Map();
  /** @type {Map<string, Answered>} by the key of the write */
  #answers = new Map();

  /** @param {string} owner @returns {boolean} whether the outbox of this owner is here */
  has(owner) {
    return this.#outboxes.has(owner);
  }

  /** Take over an outbox, unless it is here already. @param {string} owner @param {Contents} contents @param {boolean} isOnDisk whether it is there too */
  adopt(owner, { writes, settling }, isOnDisk) {
    if (this.has(owner)) return;
    const keys = isOnDisk ? writes.map((write) => write.key) : [];
    this.#outboxes.set(owner, { writes, settling, onDisk: new Set(keys) });
  }

  /** @param {string} owner @returns {number} how many writes end with the window */
  unkept(owner) {
    const { writes, onDisk } = this.#of(owner);
    return writes.filter((write) => !onDisk.has(write.key)).length;
  }

  /** @param {import("./outboxes.js").Addition} addition may have come with the outbox @returns {Promise<Contents>} */
  async addWrites({ owner, writes }) {
    for (const write of writes) {
      const stored = await linked(write, async (key) => this.#answers.get(key));
      const outbox = this.#of(owner);
      if (outbox.writes.some(({ key }) => key === write.key)) continue;
      const place = outbox.writes.reduce((last, each) => Math.max(last, each.place), 0) + 1;
      outbox.writes = [...outbox.writes, { ...stored, place }];
    }
    return this.readOutbox(owner);
  }

  /** @param {string} owner @returns {Promise<Contents>} */
  async readOutbox(owner) {
    const { writes, settling } = this.#of(owner);
    return { writes, settling };
  }

  /** @param {string} owner @param {(writes: Write[]) => Write[]} change @param {Done} [done] @returns {Promise<Contents>} */
  async updateWrites(owner, change, { answered, settling } = {}) {
    const outbox = this.#of(owner);
    outbox.writes = change(outbox.writes).sort((one, other) => one.place - other.place);
    if (answered) this.#answers.set(answered.key, answered);
    outbox.settling = settling ? [settling] : [];
    return this.readOutbox(owner);
  }

  /** @param {string} owner */
  forget(owner) {
    this.#outboxes.delete(owner);
  }

  /** @param {string} owner */
  #of(owner) {
    if (!this.has(owner)) this.adopt(owner, { writes: [], settling: [] }, false);
    return /** @type {Contents & { onDisk: Set<string> }} */ (this.#outboxes.get(owner));
  }
}
