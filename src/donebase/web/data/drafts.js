/**
 * What is being typed in this window: it is kept in the browser with each letter, until it is saved or given up. The
 * window has it again when it is loaded again, and the next window when this one is gone.
 */

import { newKey } from "./writes.js";

const WINDOW = "donebase window";
const LEAVES_WITHIN = 3_000; // milliseconds until a page that is loaded again has left

/** @typedef {{ owner: string, place: string, draft: any }} Typed */

/** The drafts of this window. A place is where something is typed, such as `composer`. */
export class Drafts {
  /** @type {Promise<string>} the name of this window */
  #window = nameOfWindow();
  /** @type {string | null} the same, as soon as it is known */
  #name = null;
  /** @type {Typed[]} what the page before this one has not stored */
  #late;
  #taken;
  /** @type {Map<string, Typed>} the last of each place, until it is stored */
  #unstored = new Map();
  /** @type {Promise<void> | null} */
  #writing = null;
  /** @type {Map<string, Promise<Map<string, any>>>} what is being found, by owner */
  #finding = new Map();

  /** @param {import("./storage.js").Storage} storage */
  constructor(storage) {
    this.storage = storage;
    this.left = `${storage.name} drafts`;
    this.#late = JSON.parse(session()?.getItem(this.left) ?? "[]");
    session()?.removeItem(this.left);
    this.#taken = this.#take();
    for (const event of ["beforeunload", "pagehide"]) window.addEventListener(event, () => this.#leave());
    window.addEventListener("pageshow", () => session()?.removeItem(this.left)); // it is shown again as it was
  }

  /**
   * @param {string} owner @param {string} place @param {any} draft can be stored; undefined: there is none any more
   * @returns {Promise<void>} when it, or what was typed since, is stored
   */
  async keep(owner, place, draft) {
    this.#unstored.set(`${owner} ${place}`, { owner, place, draft });
    await (this.#writing ??= this.#write());
  }

  /**
   * Return the name under which what is typed in a place is stored; null as long as what is stored there may be something
   * else, which was not shown yet.
   *
   * @param {string} owner @param {string} place
   */
  nameOf(owner, place) {
    return this.#name && !this.#finding.has(owner) ? `${this.#name}/${place}` : null;
  }

  /**
   * Return what was typed before this page was loaded: in this window, and in those that are gone. What is typed until
   * then is stored after it.
   *
   * @param {string} owner
   * @returns {Promise<Map<string, any>>} by place
   */
  found(owner) {
    const found = this.#finding.get(owner) ?? this.#find(owner).finally(() => this.#finding.delete(owner));
    this.#finding.set(owner, found);
    return found;
  }

  /** @param {string} owner */
  async #find(owner) {
    const unstored = [...this.#unstored.values()].filter((typed) => typed.owner === owner);
    const found = new Map(unstored.map(({ place, draft }) => [place, draft]));
    await this.#taken;
    const [own, others] = await Promise.all([this.#window, windows()]);
    await this.storage.renameDrafts(owner, (drafts) => {
      const newest = drafts.sort((one, other) => (one.draft.at < other.draft.at ? 1 : -1));
      const isOwn = (/** @type {{ name: string }} */ { name }) => windowOf(name) === own;
      const left = newest.filter((each) => !isOwn(each) && !others.has(windowOf(each.name)));
      const names = new Map();
      for (const { name, draft } of [...newest.filter(isOwn), ...left]) {
        const place = name.slice(windowOf(name).length + 1);
        if (found.has(place)) continue; // it is found when this window has no need for its own
        found.set(place, draft.what);
        names.set(name, `${own}/${place}`);
      }
      return names;
    });
    return new Map([...found].filter(([, draft]) => draft !== undefined));
  }

  /** Store what the page before this one has not. */
  async #take() {
    this.#name = await this.#window;
    for (const typed of [...this.#late]) {
      await this.#store(typed);
      this.#late.shift();
    }
  }

  /** Store what waits, one after the other: of what somebody types fast, the last. */
  async #write() {
    try {
      await this.#taken;
      for (const [name, { owner }] of this.#unstored) {
        await this.#finding.get(owner);
        const typed = /** @type {Typed} */ (this.#unstored.get(name));
        await this.#store(typed);
        const last = /** @type {Typed} */ (this.#unstored.get(name));
        this.#unstored.delete(name);
        if (last !== typed) this.#unstored.set(name, last); // behind the others
      }
    } finally {
      this.#writing = null;
    }
  }

  /** @param {Typed} typed */
  async #store({ owner, place, draft }) {
    const kept = draft === undefined ? undefined : { what: draft, at: new Date().toISOString() };
    await this.storage.keepDraft(owner, `${this.#name}/${place}`, kept);
  }

  /**
   * Hand what is not stored yet over to the page that this window shows next: the browser may not store what is written
   * when it leaves a page, unless it is written here.
   */
  #leave() {
    const typed = [...this.#late, ...this.#unstored.values()];
    if (typed.length) session()?.setItem(this.left, JSON.stringify(typed));
    else session()?.removeItem(this.left);
  }
}

/** @param {string} name of a draft @returns {string} the name of its window */
function windowOf(name) {
  return name.slice(0, name.indexOf("/"));
}

/** Return the name that this window keeps when it is loaded again; a copy of a window gets another. */
async function nameOfWindow() {
  const name = session()?.getItem(WINDOW) ?? newKey();
  const own = (await isAlone(name)) ? name : newKey();
  if (own !== name) await isAlone(own);
  session()?.setItem(WINDOW, own);
  return own;
}

/** Let the other windows see that this one is there. @param {string} name @returns {Promise<boolean>} false if one is */
function isAlone(name) {
  if (!navigator.locks) return Promise.resolve(true);
  return new Promise((resolve) => {
    const forever = () => new Promise(() => resolve(true));
    const signal = AbortSignal.timeout(LEAVES_WITHIN);
    navigator.locks.request(`${WINDOW} ${name}`, { signal }, forever).catch(() => resolve(false));
  });
}

/** Return the names of the windows that are there; none where the browser does not tell: over plain HTTP. */
async function windows() {
  const { held = [] } = (await navigator.locks?.query()) ?? {};
  return new Set(held.map(({ name = "" }) => name.slice(WINDOW.length + 1)));
}

/** Return what the browser keeps for this window; null where the person lets it keep nothing. */
function session() {
  try {
    return sessionStorage;
  } catch {
    return null;
  }
}
