/** Sends the writes of an owner, in their order, each until it is answered; what is not sent yet outlives the window. */

import { Problem, SignedOut, Unreachable } from "./api.js";
import { contested, rebased } from "./merging.js";
import { resolve, Unresolved } from "./references.js";
import { requestOf } from "./writes.js";

/** @typedef {import("./writes.js").Write} Write */
/** @typedef {import("./writes.js").Answered} Answered */
/** @typedef {import("./api.js").Answer} Answer */

const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 15_000;
const LOCKED_AT_MOST = 10_000; // a window that the system has suspended must not hold up this one

/** The writes of one owner, also those of other windows. */
export class Outbox {
  /** @type {Write[]} in order */
  writes = [];
  /** @type {Error | null} why nothing can be sent now */
  failure = null;
  #sending = false;
  #stopped = false;
  #pause = FIRST_PAUSE;
  #timer = 0;
  #channel = new BroadcastChannel("donebase outbox");

  /**
   * @param {object} parts
   * @param {import("./api.js").Api} parts.api
   * @param {import("./storage.js").Storage} parts.storage
   * @param {string} parts.owner
   * @param {(write: Write, answer: Answer | null) => void} parts.answered takes an answer, before the write is removed
   * @param {(write: Write) => void} parts.refused is told of each refusal and conflict
   * @param {() => void} parts.changed
   */
  constructor({ api, storage, owner, answered, refused, changed }) {
    this.api = api;
    this.storage = storage;
    this.owner = owner;
    this.answered = answered;
    this.refused = refused;
    this.changed = changed;
    this.#channel.onmessage = ({ data }) => data.owner === owner && this.#heard(data);
  }

  /** Read the writes from the storage, and send them. */
  async load() {
    this.#take(await this.storage.writesOf(this.owner));
    void this.send();
  }

  /** @param {Write} write @returns {Promise<void>} when it is stored: from then on it cannot be lost */
  async add(write) {
    this.writes.push(write); // shown at once; without a place it is not sent
    this.changed();
    write.place = await this.storage.addWrite(write);
    this.writes.sort((one, other) => (one.place || Infinity) - (other.place || Infinity));
    this.#tell();
    void this.send();
  }

  /** Change the stored writes; those that are not returned are removed. @param {(writes: Write[]) => Write[]} change */
  async update(change) {
    this.#take(await this.storage.updateWrites(this.owner, change));
    this.#tell();
    void this.send();
  }

  stop() {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#channel.close();
  }

  /** Send what waits, unless that is going on; after a failure, try again at once. */
  async send() {
    clearTimeout(this.#timer);
    if (this.#sending || this.#stopped) return;
    this.#sending = true;
    try {
      for (let next = this.#next(); next && !this.#stopped; next = this.#next()) await this.#exclusively(next);
    } catch (error) {
      this.#failed(error);
    } finally {
      this.#sending = false;
    }
  }

  /** Return the first write that waits for no decision about the same task. */
  #next() {
    const undecided = this.writes.filter((write) => write.state === "conflict");
    const blocked = (/** @type {Write} */ write) => write.task && undecided.some((each) => each.task === write.task);
    return this.writes.find((write) => write.place && write.state === "waiting" && !blocked(write));
  }

  /** Send a write while no other window does. @param {Write} write */
  async #exclusively(write) {
    const send = async () => {
      if ((await this.storage.writesOf(this.owner)).some((each) => each.place === write.place)) await this.#send(write);
      else this.#take(await this.storage.writesOf(this.owner));
    };
    if (!navigator.locks) return send(); // both windows may send it: the service carries it out once
    const signal = AbortSignal.timeout(LOCKED_AT_MOST);
    try {
      await navigator.locks.request(`donebase ${this.owner}`, { signal }, send);
    } catch (error) {
      if (!(error instanceof DOMException && error.name === "TimeoutError")) throw error;
      await send();
    }
  }

  /** @param {Write} write */
  async #send(write) {
    /** @type {Answer | null} */
    let answer = null;
    try {
      const resolved = await resolve(write, this.storage);
      const { method, path, body, version } = requestOf(resolved);
      answer = await this.api.send(method, path, { body, version, key: write.key });
    } catch (error) {
      if (error instanceof Unresolved && write.kind === "undo") return this.#done(write, null);
      if (error instanceof Problem && error.status === 404 && write.kind === "remove") return this.#done(write, null);
      if (error instanceof Unresolved || error instanceof Problem) return this.#refused(write, error);
      throw error;
    }
    this.failure = null;
    this.#pause = FIRST_PAUSE;
    await this.#done(write, answer);
  }

  /** @param {Write} write @param {Answer | null} answer null where there is nothing to do */
  async #done(write, answer) {
    this.answered(write, answer);
    const { id = 0, version = null } = answer?.body ?? {};
    const answered = { id, version, change: answer?.change ?? null, at: new Date().toISOString() };
    const rest = (/** @type {Write[]} */ writes) => writes.filter((each) => each.place !== write.place);
    this.#take(await this.storage.updateWrites(this.owner, rest, { key: write.key, answered }));
    this.#tell({ write, answer });
  }

  /** Take what another window tells. @param {{ answer?: { write: Write, answer: Answer | null } }} message */
  #heard({ answer }) {
    if (answer) this.answered(answer.write, answer.answer);
    void this.load();
  }

  /** @param {Write} write @param {Error} error */
  async #refused(write, error) {
    const [problem, status] = error instanceof Problem ? [error.problem, error.status] : [{}, 0];
    const current = problem.current ?? null;
    const isConflict = status === 412 || (status === 404 && (write.kind === "change" || write.kind === "move"));
    const mine = (/** @type {Write} */ each) => each.place === write.place;
    if (current && contested(write, current).length === 0) {
      return this.update((writes) => writes.map((each) => (mine(each) ? rebased(each, current) : each)));
    }
    const code = error instanceof Problem ? error.code : "UNRESOLVED";
    const state = isConflict ? "conflict" : "refused";
    const refused = /** @type {Write} */ ({
      ...write,
      ...{ state, current, code },
      reason: error.message,
      conflicts: problem.conflicts ?? [],
    });
    const keeps = isConflict || write.kind === "create" || write.kind === "change"; // has what somebody has written
    await this.update((writes) => writes.flatMap((each) => (!mine(each) ? [each] : keeps ? [refused] : [])));
    this.refused(refused);
  }

  /** @param {unknown} error */
  #failed(error) {
    if (!(error instanceof Unreachable || error instanceof SignedOut)) console.error(error);
    this.failure = /** @type {Error} */ (error);
    this.changed();
    const asked = error instanceof Unreachable ? error.retryAfter * 1000 : 0;
    this.#timer = setTimeout(() => this.send(), Math.min(Math.max(this.#pause, asked), LONGEST_PAUSE));
    this.#pause = Math.min(this.#pause * 2, LONGEST_PAUSE);
  }

  /** @param {Write[]} stored */
  #take(stored) {
    const keys = new Set(stored.map((write) => write.key));
    this.writes = [...stored, ...this.writes.filter((write) => !write.place && !keys.has(write.key))];
    this.changed();
  }

  /** Tell the other windows. @param {{ write: Write, answer: Answer | null }} [answer] */
  #tell(answer) {
    if (!this.#stopped) this.#channel.postMessage({ owner: this.owner, answer });
  }
}
