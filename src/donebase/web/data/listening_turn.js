/** The turn to listen for changes: of all windows of a browser one has it, for as long as the others hear of it. */

import { Patience } from "./patience.js";
import { Turns } from "./turns.js";
import { Windows } from "./windows.js";

/** The turn of the windows of one owner. */
export class ListeningTurn {
  #turns;
  /** @type {Windows<null>} */
  #windows;
  /** @type {Patience | null} ends where nothing is heard of the window that listens */
  #late = null;

  /** @param {import("./storage.js").Storage} storage @param {string} owner */
  constructor(storage, owner) {
    this.#turns = new Turns(storage, `${owner} listens`);
    this.#windows = new Windows(`${storage.name} ${owner} hears`, async () => this.#late?.heard());
  }

  /**
   * Listen when it is this window's turn, or when the one whose turn it is stands still.
   *
   * @param {(lost?: AbortSignal) => Promise<void>} listen as `Turns.take` has it
   * @param {AbortSignal} signal ends the wait, quietly
   */
  async take(listen, signal) {
    const late = (this.#late = new Patience());
    try {
      await this.#turns.take(listen, signal, late.signal);
    } finally {
      late.end();
    }
  }

  /** Tell the windows that wait that this one has heard something. */
  heard() {
    this.#windows.tell(null);
  }

  stop() {
    this.#windows.close();
  }
}
