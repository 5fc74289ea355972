/**
 * The writes that were still being stored when a page was left. The browser gives up what IndexedDB has not done then, so
 * they wait in localStorage, which stores at once, for the next page.
 */

import { newKey } from "./writes.js";

/** @typedef {import("./outboxes.js").Addition} Addition */

/** What this page leaves, and what pages before it have left. */
export class LeftWrites {
  /** @type {Set<Addition>} */
  #unstored = new Set();
  #name;
  #own;

  /** @param {string} name of the storage */
  constructor(name) {
    this.#name = `${name} left `;
    this.#own = this.#name + newKey();
    // A browser that is busy may show the next page before it has told this one that it is hidden.
    for (const event of ["beforeunload", "pagehide"]) window.addEventListener(event, () => this.#leave());
  }

  /** @template Result @param {Addition} addition @param {Promise<Result>} stored @returns {Promise<Result>} `stored` */
  async until(addition, stored) {
    this.#unstored.add(addition);
    try {
      return await stored;
    } finally {
      this.#unstored.delete(addition);
      if (!this.#unstored.size) local()?.removeItem(this.#own); // of a page that was not left after all
    }
  }

  /** Store what pages have left. @param {(addition: Addition) => Promise<unknown>} store may get what is stored already */
  async take(store) {
    for (const name of this.#names()) {
      for (const addition of JSON.parse(local()?.getItem(name) ?? "[]")) await store(addition);
      local()?.removeItem(name);
    }
  }

  /** Forget what pages have left of an owner. @param {string} owner */
  forget(owner) {
    for (const name of this.#names()) {
      const left = JSON.parse(local()?.getItem(name) ?? "[]").filter(
        (/** @type {Addition} */ each) => each.owner !== owner,
      );
      if (left.length) local()?.setItem(name, JSON.stringify(left));
      else local()?.removeItem(name);
    }
  }

  #names() {
    return Object.keys(local() ?? {}).filter((each) => each.startsWith(this.#name));
  }

  #leave() {
    if (!this.#unstored.size) return;
    try {
      local()?.setItem(this.#own, JSON.stringify([...this.#unstored]));
    } catch {
      // There is no room for it.
    }
  }
}

/** Return what this browser keeps as text; null where the person lets it keep nothing. */
function local() {
  try {
    return localStorage;
  } catch {
    return null;
  }
}
