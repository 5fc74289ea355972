/** Rows of the history, read page by page. */

import { Problem, SignedOut, Unreachable } from "../data/api.js";
import { t } from "../texts.js";
import { html, nothing } from "../vendor/lit-html/lit-html.js";

/** @typedef {import("../data/entries.js").Entry} Entry */
/** @typedef {(address: string | null) => Promise<import("../data/entries.js").Page>} Read reads a page, the first one for null */

/** What was read so far, and what is told meanwhile. */
export class Pages {
  /** @type {Entry[] | null} null before the first page came */
  entries = null;
  /** @type {string | null} the address of the next page */
  next = null;
  /** Why there is nothing to show, if there is a reason. */
  failure = "";
  #isReading = false;
  #isOutdated = false;
  #changed;
  #read;

  /** @param {Read} read @param {() => void} changed is called when something else is to be shown */
  constructor(read, changed) {
    this.#read = read;
    this.#changed = changed;
  }

  /** Read the newest page again. */
  async renew() {
    this.#isOutdated = this.#isReading;
    await this.#reading(async () => {
      const { entries, next } = await this.#read(null);
      const oldest = entries.at(-1);
      const known = this.entries?.findIndex((entry) => oldest && isSame(entry, oldest)) ?? -1;
      if (known < 0) this.next = next;
      this.entries = known < 0 ? entries : [...entries, .../** @type {Entry[]} */ (this.entries).slice(known + 1)];
    });
  }

  /** Read the next page. */
  async more() {
    await this.#reading(async () => {
      const { entries, next } = await this.#read(this.next);
      this.entries = [...(this.entries ?? []), ...entries];
      this.next = next;
    });
  }

  /** @param {string} name of the button that reads what is older */
  footer(name) {
    if (this.failure) {
      return html`<p class="banner warning">
        ${this.failure} <button type="button" @click=${() => this.#again()}>${t("try_again")}</button>
      </p>`;
    }
    if (this.#isReading) return html`<p class="hint">${t("connection_loading")}</p>`;
    return this.next ? html`<button type="button" @click=${() => this.more()}>${name}</button>` : nothing;
  }

  #again() {
    return this.entries ? this.more() : this.renew();
  }

  /** @param {() => Promise<void>} read */
  async #reading(read) {
    if (this.#isReading) return;
    this.#isReading = true;
    this.failure = "";
    this.#changed();
    try {
      await read();
    } catch (error) {
      this.failure = whyNot(error);
    }
    this.#isReading = false;
    this.#changed();
    if (this.#isOutdated) await this.renew();
  }
}

/** @param {unknown} error of a request @returns {string} why something cannot be shown. Throws what is a fault here. */
export function whyNot(error) {
  if (error instanceof Problem) return error.message;
  if (error instanceof Unreachable || error instanceof SignedOut) return t("history_offline");
  throw error;
}

/** @param {Entry} one @param {Entry} other */
function isSame(one, other) {
  return one.change === other.change && one.task_id === other.task_id;
}
