/** The writes of an owner that are not answered yet, in their order, the same in all windows; they outlive the window. */

import { answeredBy, settlingBy } from "./answered.js";
import { resolved } from "./references.js";
import { Windows } from "./windows.js";

/** @typedef {import("./writes.js").Write} Write */
/** @typedef {import("./writes.js").Settling} Settling */
/** @typedef {import("./outboxes.js").Contents} Contents */

/** What is written stays here until the service has answered. */
export class Outbox {
  /** @type {Write[]} those that are stored, in order */
  #stored = [];
  /** @type {Write[]} those that are being stored */
  #adding = [];
  /** @type {Windows<Settling | null>} */
  #windows;

  /**
   * @param {object} parts
   * @param {import("./storage.js").Storage} parts.storage
   * @param {string} parts.owner
   * @param {(key: string, change: number | null) => void} parts.done is told of each answer to this window, and of each
   *   write that it gives up: that has changed nothing
   * @param {(settling: Settling[]) => void} parts.settling takes what answers show, before `changed` is called
   * @param {() => void} parts.heard is told that another window has changed the writes
   * @param {() => void} parts.changed
   */
  constructor({ storage, owner, done, settling, heard, changed }) {
    this.storage = storage;
    this.owner = owner;
    this.done = done;
    this.settling = settling;
    this.heard = heard;
    this.changed = changed;
    this.#windows = new Windows(`${storage.name} ${owner} writes`, (settling) => this.#heard(settling));
  }

  /** @returns {Write[]} in order; those without a place are being stored */
  get writes() {
    return [...this.#stored, ...this.#adding];
  }

  /** How many writes would be lost with this window. */
  get unkept() {
    return this.#adding.length + this.storage.outboxes.unkept(this.owner);
  }

  /** Read the writes again. */
  async load() {
    this.#take(await this.storage.outboxes.readOutbox(this.owner));
  }

  /**
   * @param {Write[]} writes shown at once, and stored together
   * @param {string | null} draft the name of the draft whose text they contain: it is removed with that
   * @returns {Promise<void>} when they are stored: from then on they cannot be lost
   */
  async add(writes, draft) {
    this.#adding.push(...writes);
    this.changed();
    const contents = await this.storage.outboxes.addWrites({ owner: this.owner, writes, draft });
    this.#adding = this.#adding.filter((each) => !writes.includes(each));
    this.#take(contents);
    this.#windows.tell(null);
  }

  /** Change the writes; those that are not returned are removed. @param {(writes: Write[]) => Write[]} change */
  async update(change) {
    /** @type {Set<string>} */
    const givenUp = new Set();
    const changed = (/** @type {Write[]} */ writes) => {
      const rest = change(writes);
      const keys = new Set(rest.map(({ key }) => key));
      for (const { key } of writes) if (!keys.has(key)) givenUp.add(key);
      return rest;
    };
    this.#take(await this.storage.outboxes.updateWrites(this.owner, changed));
    for (const key of givenUp) this.done(key, null);
    this.#windows.tell(null);
  }

  /** Remove a write that was answered. @param {Write} write @param {import("./api.js").Answer | null} answer */
  async answered(write, answer) {
    const answered = answeredBy(write, answer);
    this.done(write.key, answered.change);
    const settling = settlingBy(write, answer);
    const rest = (/** @type {Write[]} */ writes) =>
      writes.filter(({ key }) => key !== write.key).map((each) => resolved(each, answered));
    const contents = await this.storage.outboxes.updateWrites(this.owner, rest, { answered, settling });
    this.#take(settling ? { ...contents, settling: [...contents.settling, settling] } : contents);
    this.#windows.tell(settling);
  }

  stop() {
    this.#windows.close();
  }

  /** Another window has changed the writes. @param {Settling | null} settling what it was answered */
  async #heard(settling) {
    if (settling) this.settling([settling]); // with the key of a new task, which is not stored once the copy contains it
    await this.load();
    this.heard();
  }

  /** @param {Contents} contents */
  #take({ writes, settling }) {
    this.#stored = writes;
    this.settling(settling);
    this.changed();
  }
}
