/** Ends a request that nothing is heard of any more. */

const SILENCE = 40_000; // the service sends a comment every 15 seconds

/** Its `signal` ends a request after a silence, at `end`, or with one of other signals. */
export class Patience {
  #control = new AbortController();
  #timer = 0;

  /** @param {AbortSignal[]} others */
  constructor(...others) {
    this.signal = this.#control.signal;
    for (const each of others) {
      if (each.aborted) this.end();
      else each.addEventListener("abort", this.end, { signal: this.signal });
    }
    this.heard();
  }

  /** Something has come. */
  heard = () => {
    clearTimeout(this.#timer);
    if (!this.signal.aborted) this.#timer = setTimeout(this.end, SILENCE);
  };

  end = () => {
    clearTimeout(this.#timer);
    this.#control.abort();
  };
}
