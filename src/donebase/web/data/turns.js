/** The windows of one browser take turns: at one time, one of them sends writes, and one listens for changes. */

import { newKey } from "./writes.js";

const LEASE = 5_000; // a window that is gone is waited for so long, where the browser has no locks
const RENEWED_EVERY = 1_000;
const ASKED_EVERY = 250;

/**
 * Turns of one name. Browsers have locks on https and on this machine only; elsewhere a turn is a record in the storage
 * that its window renews. Work that two windows do at once after all must do no harm.
 */
export class Turns {
  #holder = newKey();

  /** @param {import("./storage.js").Storage} storage @param {string} name */
  constructor(storage, name) {
    this.storage = storage;
    this.name = `${storage.name} ${name}`;
  }

  /**
   * Do some work when it is this window's turn.
   *
   * @param {(lost?: AbortSignal) => Promise<void>} work `lost` tells, where there are no locks, that another window has
   *   taken the turn meanwhile
   * @param {AbortSignal} signal ends the wait, quietly
   * @param {AbortSignal} [late] takes the turn from a window that does not give it back, such as one that the system has
   *   suspended
   */
  async take(work, signal, late) {
    if (signal.aborted) return;
    if (!navigator.locks) return this.#lease(work, signal);
    const waiting = new AbortController();
    const end = () => waiting.abort();
    for (const each of [signal, late]) each?.addEventListener("abort", end, { signal: waiting.signal });
    let begun = false;
    const begin = () => {
      begun = true;
      return work();
    };
    try {
      await navigator.locks.request(this.name, { signal: waiting.signal }, begin).catch(unlessAborted);
      if (!begun && !signal.aborted)
        await navigator.locks.request(this.name, { steal: true }, () => work()).catch(unlessAborted);
    } finally {
      end();
    }
  }

  /** @param {(lost: AbortSignal) => Promise<void>} work @param {AbortSignal} signal */
  async #lease(work, signal) {
    while (!(await this.storage.claim(this.name, this.#holder, LEASE))) {
      await new Promise((resolve) => setTimeout(resolve, ASKED_EVERY));
      if (signal.aborted) return;
    }
    const lost = new AbortController();
    const renew = async () => (await this.storage.claim(this.name, this.#holder, LEASE)) || lost.abort();
    const timer = setInterval(renew, RENEWED_EVERY);
    try {
      await work(lost.signal);
    } finally {
      clearInterval(timer);
      await this.storage.release(this.name, this.#holder);
    }
  }
}

/** Throw an error again, unless the wait was ended or another window has taken the turn. @param {unknown} error */
function unlessAborted(error) {
  if (!(error instanceof DOMException && error.name === "AbortError")) throw error;
}
