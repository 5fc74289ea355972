/** Sends the writes of an outbox, one after the other, each until it is answered; one window at a time. */

import { isUnexpected, Problem, Unreachable } from "./api.js";
import { contested, rebased } from "./merging.js";
import { Pauses } from "./pauses.js";
import { isTakenBack, referencesOf, skipping, without } from "./references.js";
import { answers } from "./shapes.js";
import { Turns } from "./turns.js";
import { requestOf } from "./writes.js";

/** @typedef {import("./writes.js").Write} Write */

const LATE = 10_000; // a window that the system has suspended must not hold up the others
const LEFT_AFTER = 2_000; // another window has sent its writes by then, or is at it, or was closed
const TRIES = 5; // of a write that the service fails at, each time and at nothing else
const WORDS = ["create", "change"]; // the kinds that contain what somebody has written

/** Sends when there is something to send, and after each failure again. */
export class Sender {
  /** @type {Error | null} */
  #failure = null;
  #control = new AbortController();
  #pauses = new Pauses();
  #timer = 0;
  #sending = false;
  /** @type {Map<string, number>} how often the service has failed at a write, by its key */
  #faults = new Map();

  /**
   * @param {object} parts
   * @param {import("./api.js").Api} parts.api
   * @param {import("./outbox.js").Outbox} parts.outbox
   * @param {() => number | null} parts.position the change that the copy is at
   * @param {(write: Write) => void} parts.refused is told of each refusal and conflict
   * @param {() => void} parts.changed
   */
  constructor({ api, outbox, position, refused, changed }) {
    this.api = api;
    this.outbox = outbox;
    this.position = position;
    this.refused = refused;
    this.changed = changed;
    this.turns = new Turns(outbox.storage, `${outbox.owner} sends`);
  }

  /** @returns {Error | null} why what waits cannot be sent now; null where nothing waits, whoever has sent it */
  get failure() {
    return this.#failure && this.#next() ? this.#failure : null;
  }

  /** Send what waits, unless that is going on; after a failure, try again at once. */
  async send() {
    clearTimeout(this.#timer);
    if (this.#sending) return;
    this.#sending = true;
    try {
      while (!this.#control.signal.aborted && this.#next()) {
        await this.turns.take(() => this.#sendNext(), this.#control.signal, AbortSignal.timeout(LATE));
      }
      this.#failure = null;
    } catch (error) {
      this.#failed(error);
    } finally {
      this.#sending = false;
    }
  }

  /** Another window has changed the writes: send what it leaves. */
  heard() {
    if (this.#sending || this.#failure) return; // it is tried in any case
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.send(), LEFT_AFTER);
  }

  stop() {
    this.#control.abort();
    clearTimeout(this.#timer);
  }

  /** Return the first write that waits for no answer to another. */
  #next() {
    const { writes } = this.outbox;
    const open = new Set(writes.map((write) => write.key));
    return writes.find(
      (write) => write.place && write.state === "waiting" && !referencesOf(write).some((key) => open.has(key)),
    );
  }

  /** It is this window's turn. Another one may have sent meanwhile what was next. */
  async #sendNext() {
    const sentAt = this.position() ?? Infinity;
    /** @type {string | undefined} */
    let key;
    await this.outbox.load();
    const next = this.#next();
    if (!next) return;
    key = next.key;
    if (next.sentAt === null) await this.#changeOne(next, (write) => ({ ...write, sentAt }));
    const write = this.outbox.writes.find((each) => each.key === key);
    if (write) await this.#send(write);
    this.#failure = null;
    this.#pauses.reset();
  }

  /** @param {Write} write */
  async #send(write) {
    if (!canBeSent(write)) return this.#unresolved(write);
    const { method, path, body, version } = requestOf(write);
    try {
      const shape = answers[write.kind];
      const answer = await this.api.send(method, path, { body, version, shape, key: write.key });
      this.#faults.delete(write.key);
      await this.#answered(write, answer);
    } catch (error) {
      if (error instanceof Problem && error.status !== 401) return this.#refused(write, error);
      if (error instanceof Unreachable && error.code === "INTERNAL_ERROR") return this.#fault(write, error);
      throw error;
    }
  }

  /** An answer can show that the next write is in conflict. @param {Write} write @param {import("./api.js").Answer} answer */
  async #answered(write, answer) {
    const undecided = () => this.outbox.writes.filter(({ state }) => state === "conflict");
    const known = new Set(undecided().map(({ key }) => key));
    await this.outbox.answered(write, answer);
    for (const each of undecided()) if (!known.has(each.key)) this.refused(each);
  }

  /** The service fails at this write: others need not wait for it for ever. @param {Write} write @param {Unreachable} error */
  async #fault(write, error) {
    const times = (this.#faults.get(write.key) ?? 0) + 1;
    this.#faults.set(write.key, times);
    if (times < TRIES) throw error;
    this.#faults.delete(write.key);
    await this.#setAside(write, "refused", error);
  }

  /** @param {Write} write @param {Problem} problem */
  async #refused(write, problem) {
    const current = problem.status === 412 ? problem.problem.current : null;
    if (current && contested(write, current).length === 0)
      return this.#changeOne(write, (each) => rebased(each, current));
    const isGone = problem.code === "TASK_NOT_FOUND";
    if (isGone && write.kind === "remove") return this.outbox.answered(write, null);
    const asks = current || (isGone && write.kind === "change");
    await this.#setAside({ ...write, current }, asks ? "conflict" : "refused", problem);
  }

  /** What it depends on was given up, or has changed nothing. @param {Write} write */
  async #unresolved(write) {
    if (write.kind === "undo") return this.outbox.answered(write, null);
    await this.#setAside(write, "refused", Object.assign(new Error(), { code: "UNRESOLVED" }));
  }

  /**
   * Let others pass a write, and keep it where somebody has written it and not taken it back.
   *
   * @param {Write} write @param {"conflict" | "refused"} state @param {Error & { code: string, problem?: any }} error
   */
  async #setAside(write, state, { code, message, problem }) {
    const refused = { ...write, state, code, reason: message, conflicts: problem?.conflicts ?? [] };
    const isKept = state === "conflict" || WORDS.includes(write.kind);
    let isTold = true;
    await this.outbox.update((writes) => {
      if (!writes.some((each) => each.key === write.key)) return writes;
      isTold = !isTakenBack(writes, write.key);
      if (!isKept || !isTold) return without(writes, write.key);
      const others = state === "refused" ? writes.map((each) => skipping(each, write)) : writes;
      return others.map((each) => (each.key === write.key ? refused : each));
    });
    if (isTold) this.refused(refused);
  }

  /** @param {Write} write @param {(write: Write) => Write} change */
  async #changeOne(write, change) {
    await this.outbox.update((writes) => writes.map((each) => (each.key === write.key ? change(each) : each)));
  }

  /** @param {unknown} error */
  #failed(error) {
    if (isUnexpected(error)) console.error(error);
    if (this.#control.signal.aborted) return;
    this.#failure = /** @type {Error} */ (error);
    const asked = error instanceof Unreachable ? error.retryAfter : 0;
    this.#timer = setTimeout(() => this.send(), this.#pauses.next(asked));
    this.changed();
  }
}

/** @param {Write} write @returns {boolean} whether it has an id or a number wherever it needs one */
function canBeSent({ kind, task, target, change }) {
  if (kind === "undo") return change !== null;
  if (kind !== "create" && task < 0) return false;
  return !target || "to" in target || ("before" in target ? target.before : target.after) > 0;
}
