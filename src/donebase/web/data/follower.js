/** Keeps a copy current: the list, then what has changed since, then each change as it happens (docs/sync.md). */

import { Problem, SignedOut, Unreachable } from "./api.js";
import { eventData } from "./event_stream.js";

const SILENCE = 40_000; // the service sends a comment every 15 seconds
const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 15_000;

/** @typedef {"loading" | "live" | "offline" | "signed-out"} Connection */

/** Follows the changes of one owner until `stop`. While the window is hidden it holds no connection. */
export class Follower {
  /** @type {Connection} */
  connection = "loading";
  #stopped = new AbortController();
  #wake = () => {};
  #pause = FIRST_PAUSE;

  /**
   * @param {object} parts
   * @param {import("./api.js").Api} parts.api
   * @param {import("./copy.js").Copy} parts.copy
   * @param {import("./storage.js").Storage} parts.storage
   * @param {string} parts.owner
   * @param {() => void} parts.changed is called after each step
   */
  constructor({ api, copy, storage, owner, changed }) {
    this.api = api;
    this.copy = copy;
    this.storage = storage;
    this.owner = owner;
    this.changed = changed;
  }

  /** Follow until `stop`. */
  async run() {
    const { signal } = this.#stopped;
    for (const event of ["online", "visibilitychange"]) {
      (event === "online" ? window : document).addEventListener(event, () => this.retry(), { signal });
    }
    while (!signal.aborted) {
      await this.#visible();
      try {
        await this.#follow();
        if (!document.hidden) await this.#sleep(FIRST_PAUSE);
      } catch (error) {
        if (!signal.aborted) await this.#failed(error);
      }
    }
  }

  /** Try again at once, where it waits for its next attempt. */
  retry() {
    this.#pause = FIRST_PAUSE;
    this.#wake();
  }

  stop() {
    this.#stopped.abort();
    this.#wake();
  }

  async #follow() {
    if (this.copy.change === null) await this.#readList();
    for (let more = true; more;) {
      const { body } = await this.api.send("GET", `changes?since=${this.copy.change}`, {
        signal: this.#patience().signal,
      });
      await this.#advance(body.latest, body);
      more = body.more;
    }
    this.#is("live");
    await this.#listen();
  }

  async #readList() {
    const { body, change } = await this.api.send("GET", "tasks", { signal: this.#stopped.signal });
    if (change === null) throw new Unreachable("The list has no number.");
    this.copy.replace(change, body);
    await this.storage.replaceCopy(this.owner, change, body);
  }

  async #listen() {
    const patience = this.#patience();
    const hidden = () => document.hidden && patience.end();
    document.addEventListener("visibilitychange", hidden, { signal: patience.signal });
    const response = await this.api.open(`events?since=${this.copy.change}`, { signal: patience.signal });
    if (!response.body) throw new Unreachable("The stream has no body.");
    try {
      for await (const data of eventData(response.body, patience.more)) {
        const event = JSON.parse(data);
        await this.#advance(event.change, event);
      }
    } catch (error) {
      if (!document.hidden) throw new Unreachable(String(error));
    } finally {
      patience.end();
    }
  }

  /** @param {number} change @param {{ tasks: import("./copy.js").ServerTask[], deleted: number[] }} step */
  async #advance(change, { tasks, deleted }) {
    this.copy.advance(change, tasks, deleted);
    this.#pause = FIRST_PAUSE;
    this.changed();
    await this.storage.advanceCopy(this.owner, change, tasks, deleted);
  }

  /** Return a signal that ends a request when nothing has come for long, or at the end. */
  #patience() {
    const control = new AbortController();
    const end = () => {
      clearTimeout(timer);
      control.abort();
    };
    let timer = setTimeout(end, SILENCE);
    this.#stopped.signal.addEventListener("abort", end, { signal: control.signal });
    const more = () => {
      clearTimeout(timer);
      timer = setTimeout(end, SILENCE);
    };
    return { signal: control.signal, end, more };
  }

  /** @param {unknown} error */
  async #failed(error) {
    if (error instanceof Problem && error.status === 410) {
      this.copy.change = null; // the history does not reach back so far: the list is read anew
      return;
    }
    this.#is(error instanceof SignedOut ? "signed-out" : "offline");
    if (!(error instanceof Unreachable || error instanceof SignedOut)) console.error(error);
    const asked = error instanceof Unreachable ? error.retryAfter * 1000 : 0;
    await this.#sleep(Math.min(Math.max(this.#pause, asked), LONGEST_PAUSE));
    this.#pause = Math.min(this.#pause * 2, LONGEST_PAUSE);
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
