/** The outboxes of owners: on the disk, and in memory from the moment when that fails. */

import { LeftWrites } from "./left_writes.js";
import { MemoryStorage } from "./memory_storage.js";

/** @typedef {import("./writes.js").Write} Write */
/** @typedef {import("./disk_storage.js").DiskStorage} DiskStorage */
/** @typedef {{ writes: Write[], settling: import("./writes.js").Settling[] }} Contents of an outbox: the writes in order */
/** @typedef {{ answered?: import("./writes.js").Answered, settling?: import("./writes.js").Settling | null }} Done */
/** @typedef {Pick<DiskStorage, "addWrites" | "readOutbox" | "updateWrites">} Place where outboxes are */

/**
 * Writes that are added together, or not at all.
 *
 * @typedef {object} Addition
 * @property {string} owner
 * @property {Write[]} writes in order, without places
 * @property {string | null} draft the name of the draft whose text they contain: it is removed with that
 */

/** No method rejects because the browser cannot keep something. */
export class Outboxes {
  /** @type {DiskStorage | null} */
  #disk = null;
  #memory = new MemoryStorage();
  /** @type {Map<string, Contents>} by owner: as they were last read from the disk */
  #known = new Map();
  #left;

  /**
   * @param {string} name of the storage
   * @param {(error: unknown) => void} failed is told when the disk fails
   * @param {() => Promise<void>} makeRoom
   */
  constructor(name, failed, makeRoom) {
    this.#left = new LeftWrites(name);
    this.failed = failed;
    this.makeRoom = makeRoom;
  }

  /** @param {DiskStorage | null} disk null when there is none, or no longer */
  use(disk) {
    this.#disk = disk;
    if (!disk) for (const [owner, contents] of this.#known) this.#memory.adopt(owner, contents, false);
  }

  /** Store what pages before this one have left. @param {DiskStorage} disk */
  async takeLeft(disk) {
    await this.#left.take((addition) => disk.addAgain(addition));
  }

  /** @param {Addition} addition @returns {Promise<Contents>} with its writes, at their places */
  async addWrites(addition) {
    const stored = this.#in(addition.owner, (place) => place.addWrites(addition));
    return this.#left.until(addition, stored);
  }

  /** @param {string} owner @returns {Promise<Contents>} */
  async readOutbox(owner) {
    return this.#in(owner, (place) => place.readOutbox(owner));
  }

  /**
   * Change the writes of an owner in one transaction: those that are no longer in what `change` returns are removed.
   *
   * @param {string} owner
   * @param {(writes: Write[]) => Write[]} change leaves the objects that it gets as they are
   * @param {Done} [done] of a write that was answered
   * @returns {Promise<Contents>}
   */
  async updateWrites(owner, change, done) {
    const before = this.#memory.has(owner) ? (await this.#memory.readOutbox(owner)).writes : [];
    const after = await this.#in(owner, (place) => place.updateWrites(owner, change, done));
    const kept = new Set(after.writes.map((write) => write.key));
    const gone = new Set(before.map((write) => write.key).filter((key) => !kept.has(key)));
    const left = (/** @type {Write[]} */ writes) => writes.filter(({ key }) => !gone.has(key));
    if (gone.size) await this.#disk?.updateWrites(owner, left, done).catch(() => {}); // what is done must not come back
    return after;
  }

  /** @param {string} owner @returns {number} how many writes would be lost with this window */
  unkept(owner) {
    return this.#memory.has(owner) ? this.#memory.unkept(owner) : 0;
  }

  /** @param {string} owner */
  forget(owner) {
    this.#memory.forget(owner);
    this.#left.forget(owner);
    this.#known.delete(owner);
  }

  /** @param {string} owner @param {(place: Place) => Promise<Contents>} work */
  async #in(owner, work) {
    const disk = this.#disk;
    if (!disk || this.#memory.has(owner)) return work(this.#memory);
    try {
      const result = await work(disk).catch((error) => this.#inMoreRoom(error, () => work(disk)));
      if (this.#memory.has(owner)) return work(this.#memory); // the disk has failed at something else meanwhile
      this.#known.set(owner, result);
      return result;
    } catch (error) {
      this.failed(error);
      const read = await disk.readOutbox(owner).catch(() => null);
      this.#memory.adopt(owner, read ?? this.#known.get(owner) ?? { writes: [], settling: [] }, read !== null);
      return work(this.#memory);
    }
  }

  /**
   * What a person has written is worth more than what the service has: try again without the copies.
   *
   * @param {unknown} error @param {() => Promise<Contents>} again
   */
  async #inMoreRoom(error, again) {
    if (!isFull(error)) throw error;
    await this.makeRoom();
    return again();
  }
}

/** Whether an error says that the disk, or this browser's share of it, is full. @param {unknown} error */
export function isFull(error) {
  return error instanceof DOMException && error.name === "QuotaExceededError";
}
