/**
 * The session that this browser keeps, for all of its windows: who is signed in, and the last refresh token.
 *
 * A refresh token works once, and using it twice ends the session: so windows take turns. Who has claimed the token in one
 * transaction may send it; a claim ends with the answer, or after a time, because its window may be gone. Where the
 * browser has locks (only on https and localhost), the lock tells that at once: whoever gets it finds no living claim.
 */

import { Problem, SignedOut, Unreachable } from "./api.js";

const CLAIMED_FOR = 50_000;
const SENT_WITHIN = 10_000; // of the claim: a window that was frozen in between claims again
const ANSWERED_WITHIN = 30_000; // both together end before the claim does

/**
 * @typedef {{ id: number, email: string, name: string | null }} Account
 *
 * What is kept. Without a refresh token, the session has ended, and the account is whom it was of.
 *
 * @typedef {{ account: Account, refreshToken: string | null, claimedUntil: number }} SessionRecord
 *
 * @typedef {{ user: Account, access_token: string, expires_in: number, refresh_token: string }} SignedIn
 *
 * @typedef {object} SessionStorage every method is one transaction
 * @property {() => Promise<SessionRecord | undefined>} read
 * @property {(change: (record: SessionRecord | undefined) => SessionRecord | undefined) => Promise<SessionRecord | undefined>} update
 */

/** @param {SignedIn} answer @returns {SessionRecord} */
export function recordOf({ user, refresh_token: refreshToken }) {
  return { account: { id: user.id, email: user.email, name: user.name }, refreshToken, claimedUntil: 0 };
}

/** Exchanges the refresh token that a browser keeps, one window at a time. */
export class KeptSession {
  #storage;
  #api;
  #lock;

  /**
   * @param {SessionStorage} storage
   * @param {import("./api.js").Api} api one without a caller
   * @param {string} lock the name of the lock that windows share
   */
  constructor(storage, api, lock) {
    this.#storage = storage;
    this.#api = api;
    this.#lock = lock;
  }

  /**
   * Exchange the refresh token of an account and return the answer, or null if `settled` says, after a wait for another
   * window, that there is nothing left to do. Throws Unreachable; SignedOut if the session has ended or another account
   * is signed in.
   *
   * @param {number} accountId
   * @param {(milliseconds: number) => Promise<void>} news waits for word of another window, or for so long
   * @param {() => boolean} settled
   * @returns {Promise<SignedIn | null>}
   */
  async exchange(accountId, news, settled) {
    if (!navigator.locks) return this.#exchange(accountId, news, settled, false);
    return navigator.locks.request(this.#lock, () =>
      settled() ? null : this.#exchange(accountId, news, settled, true),
    );
  }

  /**
   * @param {number} accountId
   * @param {(milliseconds: number) => Promise<void>} news
   * @param {() => boolean} settled
   * @param {boolean} alone whether no living window can have claimed the token
   * @returns {Promise<SignedIn | null>}
   */
  async #exchange(accountId, news, settled, alone) {
    for (;;) {
      const { token, claimed, until } = await this.#claim(accountId, alone);
      const now = Date.now();
      if (claimed && now < until - CLAIMED_FOR + SENT_WITHIN) return this.#send(token);
      if (!claimed) await news(until - now);
      if (settled()) return null;
    }
  }

  /** @param {number} accountId @param {boolean} alone */
  async #claim(accountId, alone) {
    const now = Date.now();
    let claimed = false;
    const record = await this.#storage.update((present) => {
      if (present?.account.id !== accountId || !present.refreshToken) return present;
      const left = present.claimedUntil - now;
      claimed = alone || left <= 0 || left > CLAIMED_FOR; // longer: the clock was put back
      return claimed ? { ...present, claimedUntil: now + CLAIMED_FOR } : present;
    });
    if (record?.account.id !== accountId || !record.refreshToken) throw new SignedOut("The session has ended.");
    return { token: record.refreshToken, claimed, until: record.claimedUntil };
  }

  /** @param {string} token @returns {Promise<SignedIn>} */
  async #send(token) {
    try {
      const signal = AbortSignal.timeout(ANSWERED_WITHIN);
      const { body } = await this.#api.send("POST", "auth/refresh", { body: { refresh_token: token }, signal });
      if (!(await this.#put(token, recordOf(body)))) throw new SignedOut("The session was ended in another window.");
      return body;
    } catch (error) {
      if (error instanceof SignedOut) throw error;
      const over = error instanceof Problem && error.status === 401 && error.code === "UNAUTHORIZED";
      await this.#put(token, { claimedUntil: 0, ...(over && { refreshToken: null }) });
      if (over) throw new SignedOut("The session has ended.");
      // Nothing else that a server or a proxy may say means that the session is over.
      throw error instanceof Unreachable ? error : new Unreachable(String(error));
    }
  }

  /** Change what is kept, if it still has a token, and return whether it has. @param {string} token @param {Partial<SessionRecord>} news */
  async #put(token, news) {
    let same = false;
    await this.#storage.update((present) => {
      same = present?.refreshToken === token;
      return present && same ? { ...present, ...news } : present;
    });
    return same;
  }
}
