/**
 * Keeps a copy current: the list, then what has changed since, then each change as it happens (docs/sync.md).
 *
 * Of all windows of a browser, one listens at a time and tells the others: a browser has only six connections to a host.
 */

import { isUnexpected, Problem, SignedOut, Unreachable } from "./api.js";
import { eventData } from "./event_stream.js";
import { ListeningTurn } from "./listening_turn.js";
import { Patience } from "./patience.js";
import { Pauses } from "./pauses.js";
import { SharedCopy } from "./shared_copy.js";
import * as shapes from "./shapes.js";

const LONG = 5_000; // a stream that ends sooner, time after time, is not opened again at once

/** @typedef {"loading" | "live" | "offline" | "signed-out"} Connection */

/** Follows the changes of one owner until `stop`. A hidden window waits, and takes what others tell. */
export class Follower {
  /** @type {Connection} */
  connection = "loading";
  #stopped = new AbortController();
  #interruption = new AbortController();
  #pauses = new Pauses();
  #wake = () => {};

  /**
   * @param {object} parts
   * @param {import("./api.js").Api} parts.api
   * @param {import("./copy.js").Copy} parts.copy
   * @param {import("./storage.js").Storage} parts.storage
   * @param {string} parts.owner
   * @param {() => void} parts.anew is called before the list is read instead of what has changed since
   * @param {() => void} parts.changed is called after each step
   */
  constructor({ api, copy, storage, owner, anew, changed }) {
    this.api = api;
    this.anew = anew;
    this.changed = changed;
    this.turn = new ListeningTurn(storage, owner);
    const missed = () => this.#interruption.abort();
    this.copy = new SharedCopy({ copy, storage, owner, missed, changed });
  }

  /** Follow until `stop`. */
  async run() {
    const { signal } = this.#stopped;
    for (const event of ["online", "offline"]) window.addEventListener(event, () => this.retry(), { signal });
    document.addEventListener("visibilitychange", () => this.retry(), { signal });
    while (!signal.aborted) {
      await this.#visible();
      try {
        await this.#catchUp();
        this.#is("live");
      } catch (error) {
        if (!signal.aborted) await this.#failed(error);
        continue;
      }
      if (await this.#listen()) this.#pauses.reset();
      else await this.#sleep(this.#pauses.next());
    }
  }

  /** Ask the service at once, whether it waits for the next attempt or listens. */
  retry() {
    this.#pauses.reset();
    this.#interruption.abort();
    this.#wake();
  }

  stop() {
    this.#stopped.abort();
    this.copy.stop();
    this.turn.stop();
    this.retry();
  }

  async #catchUp() {
    this.#interruption = new AbortController();
    const known = this.copy.newest;
    if (this.copy.change === null) await this.#readList();
    for (let more = true; more;) {
      const { body } = await this.#get(`changes?since=${this.copy.change}`, shapes.changes);
      await this.copy.advance(body.latest, body);
      more = body.more;
    }
    if (known && !(await this.#isStillThere(known))) {
      this.#beginAnew();
      await this.#catchUp();
    }
  }

  /**
   * Whether the service has the task that the copy says it has: another database, whose numbers reach as far, has not.
   *
   * @param {import("./copy.js").ServerTask} known
   */
  async #isStillThere({ id, created_at }) {
    const isSame = (/** @type {any} */ task) => task.created_at === created_at;
    const kept = this.copy.taskOf(id);
    if (!kept || !isSame(kept)) return !kept;
    try {
      return isSame((await this.#get(`tasks/${id}`, shapes.task)).body);
    } catch (error) {
      if (!(error instanceof Problem && error.status === 404)) throw error;
      const { body } = await this.#get(`changes?since=${this.copy.change}`, shapes.changes);
      return body.deleted.includes(id); // a moment ago
    }
  }

  async #readList() {
    const { body, change } = await this.#get("tasks", shapes.list);
    if (change === null) throw new Unreachable("The list has no number.");
    await this.copy.replace(change, body);
  }

  /** @param {string} path @param {(body: any) => boolean} shape */
  async #get(path, shape) {
    const patience = new Patience(this.#stopped.signal);
    try {
      return await this.api.send("GET", path, { signal: patience.signal, heard: patience.heard, shape });
    } finally {
      patience.end();
    }
  }

  /** Listen until the stream ends, or let another window listen. @returns {Promise<boolean>} whether that went on for long */
  async #listen() {
    const began = Date.now();
    const patience = new Patience(this.#stopped.signal, this.#interruption.signal);
    const heard = () => {
      patience.heard();
      this.turn.heard();
    };
    const stream = async (/** @type {AbortSignal | undefined} */ lost) => {
      if (document.hidden) return;
      lost?.addEventListener("abort", patience.end, { signal: patience.signal });
      patience.heard();
      const options = { signal: patience.signal, headers: { Accept: "text/event-stream" } };
      const response = await this.api.open(`events?since=${this.copy.change}`, options);
      const isStream = response.headers.get("Content-Type")?.startsWith("text/event-stream");
      if (!response.body || !isStream) throw new Unreachable("This is no stream.", 0, response.status);
      for await (const data of eventData(response.body, heard)) await this.#take(data);
    };
    try {
      await this.turn.take(stream, this.#interruption.signal);
    } catch (error) {
      if (error instanceof Problem && error.status === 410) this.#beginAnew();
      else if (isUnexpected(error) && !patience.signal.aborted) console.error(error);
    } finally {
      patience.end();
    }
    return Date.now() - began > LONG || this.#interruption.signal.aborted;
  }

  /** @param {string} data of an event */
  async #take(data) {
    const event = JSON.parse(data);
    if (!shapes.event(event)) throw new Unreachable("This is no event.");
    await this.copy.advance(event.change, event);
  }

  /** @param {unknown} error */
  async #failed(error) {
    if (error instanceof Problem && error.status === 410) return this.#beginAnew();
    const isOut = error instanceof SignedOut || (error instanceof Problem && error.status === 401);
    this.#is(isOut ? "signed-out" : "offline");
    if (isUnexpected(error)) console.error(error);
    await this.#sleep(this.#pauses.next(error instanceof Unreachable ? error.retryAfter : 0));
  }

  /** The history does not reach back to the copy, or has not reached it. */
  #beginAnew() {
    this.copy.forget();
    this.anew();
  }

  /** @param {Connection} connection */
  #is(connection) {
    if (this.connection === connection) return;
    this.connection = connection;
    this.changed();
  }

  async #visible() {
    while (document.hidden && !this.#stopped.signal.aborted) await this.#sleep(2 ** 30);
  }

  /** @param {number} milliseconds */
  async #sleep(milliseconds) {
    await new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.#wake = () => {
        clearTimeout(timer);
        resolve(undefined);
      };
    });
  }
}
