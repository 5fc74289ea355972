/** Who is signed in. */

/** @typedef {{ id: number, email: string, name: string | null }} Account */

/** Nobody yet. */
export class Session {
  /** @type {Account | null} */
  account = null;
  /** @type {"unknown" | "signed-out" | "signed-in"} */
  state = "signed-out";

  /** @param {import("./storage.js").Storage} storage @param {URL} base @param {() => void} changed */
  constructor(storage, base, changed) {
    this.storage = storage;
    this.base = base;
    this.changed = changed;
  }

  async start() {}

  /** @returns {Promise<string>} */
  async token() {
    throw new Error("Nobody is signed in.");
  }

  /** @param {string} _refused */
  async renew(_refused) {
    return this.token();
  }
}
