/**
 * What is being typed in this window: it is kept in the browser with each letter, until it is saved or given up. The
 * window has it again when it is loaded again, and the next window when this one is gone.
 */

import { newKey } from "./writes.js";

const WINDOW = "donebase window";
const LEFT = "donebase drafts";
const LEAVES_WITHIN = 3_000; // milliseconds until a page that is loaded again has left

/** @typedef {{ owner: string, place: string, draft: any }} Typed */

/** The drafts of this window. A place is where something is typed, such as `composer`. */
export class Drafts {
  /** @type {Promise<string>} the name of this window */
  #window = nameOfWindow();
  /** @type {Map<string, Typed>} the last of each place, until it is stored */
  #unstored = new Map();
  /** @type {Promise<void> | null} */
  #writing = null;

  /** @param {import("./storage.js").Storage} storage */
  constructor(storage) {
    this.storage = storage;
    for (const { owner, place, draft } of handedOver()) void this.keep(owner, place, draft);
    window.addEventListener("pagehide", () => handOver([...this.#unstored.values()]));
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
   * Return what was typed before this page was loaded: in this window, and in those that are gone.
   *
   * @param {string} owner
   * @returns {Promise<Map<string, any>>} by place
   */
  async found(owner) {
    const unstored = [...this.#unstored.values()].filter((typed) => typed.owner === owner);
    const [own, others, drafts] = await Promise.all([this.#window, windows(), this.storage.draftsOf(owner)]);
    const found = new Map();
    const adopted = [];
    for (const { name, draft } of drafts.sort((one, other) => (one.draft.at < other.draft.at ? 1 : -1))) {
      const [window, place] = name.split("/");
      if (window === own) found.set(place, draft.what);
      else if (!others.has(window)) adopted.push({ name, place, draft });
    }
    for (const { place, draft } of unstored) {
      if (draft === undefined) found.delete(place);
      else found.set(place, draft);
    }
    for (const { name, place, draft } of adopted) {
      if (found.has(place)) continue; // it is found when this window has no need for its own
      found.set(place, draft.what);
      await this.storage.keepDraft(owner, `${own}/${place}`, draft);
      await this.storage.keepDraft(owner, name, undefined);
    }
    return found;
  }

  /** Store what waits, one after the other: of what somebody types fast, the last. */
  async #write() {
    try {
      const own = await this.#window;
      for (const [name, typed] of this.#unstored) {
        const { owner, place, draft } = typed;
        const kept = draft === undefined ? undefined : { what: draft, at: new Date().toISOString() };
        await this.storage.keepDraft(owner, `${own}/${place}`, kept);
        const last = /** @type {Typed} */ (this.#unstored.get(name));
        this.#unstored.delete(name);
        if (last !== typed) this.#unstored.set(name, last); // behind the others
      }
    } finally {
      this.#writing = null;
    }
  }
}

/**
 * Hand what is not stored yet over to the page that this window shows next: the browser may not store what is written
 * when it leaves a page, unless it is written here.
 *
 * @param {Typed[]} typed
 */
function handOver(typed) {
  if (typed.length) session()?.setItem(LEFT, JSON.stringify(typed));
}

/** @returns {Typed[]} */
function handedOver() {
  const typed = JSON.parse(session()?.getItem(LEFT) ?? "[]");
  session()?.removeItem(LEFT);
  return typed;
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
