/**
 * What this browser keeps: a copy of the tasks of each owner, the writes that were not answered yet, the session, and what
 * is being typed. It is in IndexedDB; where that fails, in memory until the window is closed, and `fault` says so.
 *
 * An owner is a text: `user:1` in the open mode, `account:1` for an account.
 */

import { openDisk } from "./disk_storage.js";
import { isFull, Outboxes } from "./outboxes.js";

/** @typedef {import("./writes.js").Write} Write */
/** @typedef {import("./copy.js").Step} Step */
/** @typedef {import("./disk_copies.js").KeptCopy} KeptCopy */
/** @typedef {import("./disk_storage.js").DiskStorage} DiskStorage */

/** Open the storage of the page at this address: other pages of this origin may be other services. */
export async function openStorage() {
  const storage = new Storage(`donebase ${new URL(".", document.baseURI).pathname}`);
  await storage.open();
  return storage;
}

/** No method rejects because the browser cannot keep something. */
export class Storage {
  /** @type {"none" | "full" | null} why this browser keeps nothing, or nothing more */
  fault = null;
  /** Is called when there is a fault. */
  faulted = () => {};
  /** @type {DiskStorage | null} */
  #disk = null;
  #keepsCopies = true;
  /** @type {any} */
  #session = undefined;
  #hasSession = false;

  /** @param {string} name */
  constructor(name) {
    this.name = name;
    this.outboxes = new Outboxes(
      name,
      (error) => this.#failed(error),
      () => this.#makeRoom(),
    );
  }

  async open() {
    try {
      this.#disk = await openDisk(this.name, () => this.#lost());
      this.outboxes.use(this.#disk);
    } catch {
      this.#lost();
    }
    await this.#onDisk((disk) => this.outboxes.takeLeft(disk), undefined);
  }

  /** @param {string} owner @returns {Promise<KeptCopy | null>} null where there is none */
  async readCopy(owner) {
    return this.#onDisk((disk) => disk.readCopy(owner), null);
  }

  /** @param {string} owner @param {KeptCopy} copy @param {string} former the line of the one it replaces; "" for none */
  async replaceCopy(owner, copy, former) {
    if (!this.#keepsCopies) return copy.line;
    return this.#onDisk((disk) => disk.replaceCopy(owner, copy, former), copy.line);
  }

  /** @param {string} owner @param {Step} step @returns {Promise<boolean>} false where the step does not continue what is kept */
  async advanceCopy(owner, step) {
    return !this.#keepsCopies || this.#onDisk((disk) => disk.advanceCopy(owner, step), true);
  }

  /** Forget what answers have shown: the service has begun anew. @param {string} owner */
  async forgetSettling(owner) {
    await this.#onDisk((disk) => disk.forgetSettling(owner), undefined);
  }

  /** @param {string} owner @returns {Promise<Write[]>} in order */
  async writesOf(owner) {
    return (await this.outboxes.readOutbox(owner)).writes;
  }

  /** @param {string} owner @param {string} key of a write @returns {Promise<import("./writes.js").Answered | undefined>} */
  async answerTo(owner, key) {
    return this.#onDisk((disk) => disk.answerTo(owner, key), undefined);
  }

  /** Remove the answers before a moment. @param {string} moment RFC 3339 */
  async forgetAnswers(moment) {
    await this.#onDisk((disk) => disk.forgetAnswers(moment), undefined);
  }

  /** Claim a turn for so long. @param {string} name @param {string} holder @param {number} milliseconds */
  async claim(name, holder, milliseconds) {
    return this.#onDisk((disk) => disk.claim(name, holder, milliseconds), true);
  }

  /** @param {string} name @param {string} holder */
  async release(name, holder) {
    await this.#onDisk((disk) => disk.release(name, holder), undefined);
  }

  /** The record of the session: `read` returns it; `update` changes it in one transaction, undefined removes it. */
  session = {
    /** @returns {Promise<any>} */
    read: () =>
      this.#hasSession ? Promise.resolve(this.#session) : this.#onDisk((disk) => disk.readSession(), undefined),
    /** @param {(record: any) => any} change @returns {Promise<any>} */
    update: async (change) => {
      const before = await this.session.read();
      const failed = {};
      const record = this.#hasSession ? failed : await this.#onDisk((disk) => disk.updateSession(change), failed);
      if (record !== failed) return record;
      this.#session = change(this.#hasSession ? this.#session : before);
      this.#hasSession = true;
      return this.#session;
    },
  };

  /**
   * @param {string} owner @param {string} name @param {import("./disk_drafts.js").Draft | undefined} draft undefined removes it
   */
  async keepDraft(owner, name, draft) {
    await this.#onDisk((disk) => disk.keepDraft(owner, name, draft), undefined);
  }

  /**
   * Give drafts other names.
   *
   * @param {string} owner
   * @param {(drafts: import("./disk_drafts.js").NamedDraft[]) => Map<string, string>} renamed as `DiskDrafts.renameDrafts`
   */
  async renameDrafts(owner, renamed) {
    await this.#onDisk((disk) => disk.renameDrafts(owner, renamed), undefined);
  }

  /**
   * Remove the copies of all other accounts. What is nowhere else stays for its author: unsent writes, drafts.
   *
   * @param {string} owner
   */
  async forgetOthers(owner) {
    await this.#onDisk((disk) => disk.forgetOthers(owner), undefined);
  }

  /** Remove all that is kept for an owner. @param {string} owner */
  async forget(owner) {
    this.outboxes.forget(owner);
    await this.#onDisk((disk) => disk.forget(owner), undefined);
  }

  /**
   * @template Result, Instead
   * @param {(disk: DiskStorage) => Promise<Result>} work @param {Instead} instead
   * @returns {Promise<Result | Instead>}
   */
  async #onDisk(work, instead) {
    if (!this.#disk) return instead;
    try {
      return await work(this.#disk);
    } catch (error) {
      this.#failed(error);
      return instead;
    }
  }

  /** @param {unknown} error */
  #failed(error) {
    if (!(error instanceof DOMException)) console.error(error);
    this.fault ??= isFull(error) ? "full" : "none";
    this.faulted();
  }

  /** The database was closed, or did not open. */
  #lost() {
    this.#disk = null;
    this.outboxes.use(null);
    this.fault = "none";
    this.faulted();
  }

  async #makeRoom() {
    this.#keepsCopies = false;
    await this.#disk?.forgetCopies();
  }
}
