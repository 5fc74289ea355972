/** Who is signed in, in all windows of this browser, and the verbs of accounts. The access token is in memory only. */

import { Api, SignedOut } from "./api.js";
import { KeptSession, recordOf } from "./kept_session.js";
import { PersonalTokens } from "./personal_tokens.js";
import { Windows } from "./windows.js";

const FRESH = 60_000; // an access token with less left is exchanged before it is used
const FAREWELL_WITHIN = 10_000;

/** @typedef {import("./kept_session.js").Account} Account */
/** @typedef {import("./kept_session.js").SessionRecord} SessionRecord */
/** @typedef {import("./kept_session.js").SignedIn} SignedIn */
/** @typedef {{ account: number, token: string, until: number }} Access the access token of an account, good until a time */

/** @param {Account} account @returns {string} the name under which its copy, writes and drafts are kept */
export const ownerOf = (account) => `account:${account.id}`;

/** The session of this browser, as this window knows it. Verbs throw what `Api.send` does. */
export class Session {
  /** @type {Account | null} who is signed in, or was when the session ended by itself */
  account = null;
  /** @type {"unknown" | "signed-out" | "signed-in"} */
  state = "unknown";
  /** @type {Access | null} */
  #access = null;
  /** @type {Promise<string> | null} */
  #renewing = null;

  /**
   * @param {import("./storage.js").Storage} storage
   * @param {URL} base where the service is; ends with a slash
   * @param {() => void} changed is called when the account or the state has changed
   */
  constructor(storage, base, changed) {
    this.storage = storage;
    this.base = base;
    this.changed = changed;
    this.free = new Api(base);
    this.api = new Api(base, this);
    this.personalTokens = new PersonalTokens(this.api);
    const name = `donebase session ${base.pathname}`;
    this.kept = new KeptSession(storage.session, this.free, name);
    this.windows = new Windows(name, (access) => this.#heard(access));
  }

  /** Find out who is signed in. It asks no server: without a network, the page opens with its copy. */
  async start() {
    this.#adopt(await this.storage.session.read());
  }

  /** Return a good access token. Throws SignedOut or Unreachable. @returns {Promise<string>} */
  async token() {
    if (this.#access && this.#isFresh()) return this.#access.token;
    this.#renewing ??= this.#renew().finally(() => (this.#renewing = null));
    return this.#renewing;
  }

  /** Return another access token than one that was refused. Throws as `token` does. @param {string} refused */
  async renew(refused) {
    if (this.#access?.token === refused) this.#access = null;
    return this.token();
  }

  /** Return who asks as one account only: SignedOut as soon as another is signed in. @param {Account} account */
  as({ id }) {
    const own = async (/** @type {Promise<string>} */ asked) => {
      const token = await asked;
      if (this.account?.id !== id) throw new SignedOut("Somebody else has signed in.");
      return token;
    };
    return { token: () => own(this.token()), renew: (/** @type {string} */ refused) => own(this.renew(refused)) };
  }

  /** @param {string} email @param {string} password @param {string | null} [name] */
  async signUp(email, password, name) {
    await this.#enter("sign-up", { email, password, ...(name && { name }) });
  }

  /** @param {string} email @param {string} password */
  async signIn(email, password) {
    await this.#enter("sign-in", { email, password });
  }

  /** @returns {Promise<number>} how many writes of the account no server has answered, in all windows */
  async unsent() {
    return this.account ? (await this.storage.writesOf(ownerOf(this.account))).length : 0;
  }

  /**
   * End the session, and remove all that this browser keeps of the account: tasks, unsent writes, drafts. The service is
   * told if it can be reached now. If not, the session lasts there until it expires, but nobody has its token.
   */
  async signOut() {
    const kept = await this.storage.session.read();
    const access = this.#isFresh() ? this.#access : null;
    await this.#forget();
    if (kept?.refreshToken) await this.#farewell(kept.refreshToken, access).catch(() => {});
  }

  /** @param {string | null} name null for none */
  async changeName(name) {
    await this.#change({ name });
  }

  /** Change the password, which ends all other sessions. @param {string} current @param {string} password */
  async changePassword(current, password) {
    await this.#change({ password, current_password: current });
  }

  /** Delete the account and all that is its, here and at the service. @param {string} password */
  async deleteAccount(password) {
    await this.api.send("DELETE", "auth/me", { body: { password } });
    await this.#forget();
  }

  /** @param {"sign-up" | "sign-in"} how @param {object} credentials */
  async #enter(how, credentials) {
    const started = Date.now();
    const { body } = await this.free.send("POST", `auth/${how}`, { body: credentials });
    const record = await this.storage.session.update(() => recordOf(body));
    this.#adopt(record, accessOf(body, started));
    this.windows.tell(this.#access);
    await this.storage.forgetOthers(ownerOf(body.user));
  }

  /** @param {object} members */
  async #change(members) {
    const { body } = await this.api.send("PATCH", "auth/me", { body: members });
    const account = { id: body.id, email: body.email, name: body.name };
    const record = await this.storage.session.update((kept) =>
      kept?.account.id === account.id ? { ...kept, account } : kept,
    );
    this.#adopt(record);
    this.windows.tell(this.#access);
  }

  async #renew() {
    if (!this.account || this.state !== "signed-in") throw new SignedOut("Nobody is signed in.");
    const started = Date.now();
    try {
      const wait = (/** @type {number} */ milliseconds) => this.windows.news(milliseconds);
      const answer = await this.kept.exchange(this.account.id, wait, () => this.#isFresh());
      if (answer) this.#adopt(await this.storage.session.read(), accessOf(answer, started)); // it may have ended since
    } catch (error) {
      if (error instanceof SignedOut) this.#adopt(await this.storage.session.read());
      throw error;
    } finally {
      this.windows.tell(this.#access);
    }
    if (!this.#access) throw new SignedOut("The session was ended in another window.");
    return this.#access.token;
  }

  /** Remove the session, and what is kept of its account. */
  async #forget() {
    const { account } = this;
    if (!account) return;
    this.#adopt(await this.storage.session.update((kept) => (kept?.account.id === account.id ? undefined : kept)));
    this.windows.tell(this.#access);
    await this.storage.forget(ownerOf(account));
  }

  /** End a session at the service. @param {string} refreshToken @param {Access | null} access */
  async #farewell(refreshToken, access) {
    const signal = AbortSignal.timeout(FAREWELL_WITHIN);
    const refresh = () => this.free.send("POST", "auth/refresh", { body: { refresh_token: refreshToken }, signal });
    const token = access?.token ?? (await refresh()).body.access_token;
    const caller = { token: async () => token, renew: async () => token };
    await new Api(this.base, caller).open("auth/sign-out", { method: "POST", keepalive: true, signal });
  }

  #isFresh() {
    return this.#access !== null && this.#access.until - Date.now() > FRESH;
  }

  /** @param {SessionRecord | undefined} kept what is kept now @param {Access | null} [access] */
  #adopt(kept, access = this.#access) {
    const account = kept?.account ?? null;
    /** @type {"signed-in" | "signed-out"} */
    const state = kept?.refreshToken ? "signed-in" : "signed-out";
    this.#access = state === "signed-in" && access?.account === account?.id ? access : null;
    const same = JSON.stringify([state, account]) === JSON.stringify([this.state, this.account]);
    Object.assign(this, { state, account });
    if (!same) this.changed();
  }

  /** After somebody has signed out in another window, what this one has kept since goes as well. @param {Access | null} access */
  async #heard(access) {
    const { account } = this;
    const kept = await this.storage.session.read(); // nothing also where the storage fails
    this.#adopt(kept, access ?? this.#access);
    if (account && !kept && !this.storage.fault) await this.storage.forget(ownerOf(account));
  }
}

/** @param {SignedIn} answer @param {number} asked when it was asked for @returns {Access} */
function accessOf({ user, access_token: token, expires_in: seconds }, asked) {
  return { account: user.id, token, until: asked + seconds * 1000 };
}
