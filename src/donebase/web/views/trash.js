/** The dialog with the deleted tasks. */

import { Unreachable } from "../data/api.js";
import { exactWords, instantWords } from "../locale.js";
import { t } from "../texts.js";
import { repeat } from "../vendor/lit-html/directives/repeat.js";
import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { dialog } from "./dialog.js";
import { movedMembers } from "./history_rows.js";
import { Pages, whyNot } from "./pages.js";

/** @typedef {import("../data/entries.js").Entry} Entry */

const TITLES = 5; // of tasks that were deleted together, before "and more"

/** Shows the tasks that are gone, the last one first, and restores them. */
export class Trash {
  /** @type {Pages | null} null while it is closed */
  #pages = null;
  /** @type {import("../data/tasks.js").TaskStore | null} whose tasks these are */
  #tasks = null;
  /** What the rows are of: how many tasks there are, and how many writes that are not answered. */
  #state = "";
  #failure = "";
  /** @type {Set<number>} the changes that are being undone */
  #restoring = new Set();

  /** @param {import("../app.js").App} app */
  constructor(app) {
    this.app = app;
  }

  open() {
    const { tasks } = this.app;
    if (!tasks) return;
    this.app.announcer.forget();
    this.#tasks = tasks;
    this.#state = "";
    this.#failure = "";
    this.#pages = new Pages(
      (address) => tasks.past.trash(address),
      () => this.app.changed(),
    );
    this.app.changed();
  }

  render() {
    if (!this.#pages || !this.#tasks || this.#tasks !== this.app.tasks) return nothing;
    this.#follow(this.#pages, this.#tasks);
    return dialog({ title: t("trash"), content: this.#content(this.#pages), closed: () => this.#close() });
  }

  /** Read what is new, if tasks have come or gone. @param {Pages} pages @param {import("../data/tasks.js").TaskStore} tasks */
  #follow(pages, tasks) {
    const state = `${tasks.all().length} ${tasks.writes.length}`;
    if (state === this.#state) return;
    this.#state = state;
    void pages.renew();
  }

  /** @param {Pages} pages */
  #content(pages) {
    const changes = this.#changes(pages);
    if (pages.entries && !changes.length && pages.next && !pages.failure) void pages.more();
    return html`
      <p class="hint">${t("trash_what")}</p>
      ${this.app.announcer.inDialog()} ${this.#failure ? html`<p class="banner warning">${this.#failure}</p>` : nothing}
      ${pages.entries && !changes.length && !pages.next ? html`<p>${t("trash_empty")}</p>` : nothing}
      <ol class="entries">
        ${repeat(
          changes,
          ([{ change }]) => change,
          (entries) => this.#change(entries),
        )}
      </ol>
      ${pages.footer(t("trash_older"))}
    `;
  }

  /**
   * Return the rows of tasks that are still gone, by change. The last change of a page may go on on the next one: it is
   * shown with that.
   *
   * @param {Pages} pages
   * @returns {Entry[][]}
   */
  #changes({ entries, next }) {
    /** @type {Map<number, Entry[]>} */
    const changes = new Map();
    const seen = new Set();
    for (const entry of entries ?? []) {
      const isGone = !this.#tasks?.get(this.#tasks.keyOf(entry.task_id));
      if (!changes.has(entry.change)) changes.set(entry.change, []);
      if (isGone && !seen.has(entry.task_id)) changes.get(entry.change)?.unshift(entry); // as they were made
      seen.add(entry.task_id);
    }
    const whole = [...changes.values()];
    return (next ? whole.slice(0, -1) : whole).filter((rows) => rows.length > 0);
  }

  /** @param {Entry[]} entries of one change */
  #change(entries) {
    const [{ at }] = entries;
    const count = entries.length;
    const title = titleOf(entries[0]);
    return html`<li>
      <div class="cluster">
        <b dir="auto">${count === 1 ? title : t("deleted_together", { count })}</b>
        <time class="hint" datetime=${at} title=${exactWords(at)}>${instantWords(at)}</time>
        <button
          type="button"
          class="push"
          aria-label=${count === 1 ? t("restore_of", { title }) : t("restore_several", { count })}
          @click=${(/** @type {Event} */ event) => this.#restore(entries, event)}
        >
          ${count === 1 ? t("restore") : t("restore_several", { count })}
        </button>
      </div>
      ${count === 1 ? this.#one(entries[0]) : several(entries)}
    </li>`;
  }

  /** @param {Entry} entry */
  #one(entry) {
    const { title: _, ...rest } = entry.before ?? {};
    const key = this.#tasks?.keyOf(entry.task_id) ?? entry.task_id;
    return html`<dl class="moved">${movedMembers({ ...entry, before: rest })}</dl>
      <div>
        <button
          type="button"
          class="link"
          aria-label=${t("history_of", { title: titleOf(entry) })}
          @click=${() => this.app.history.open(key)}
        >
          ${t("history")}
        </button>
      </div>`;
  }

  /** @param {Entry[]} entries of one change, or as many as are known @param {Event} event of the button */
  async #restore(entries, { currentTarget }) {
    const [{ change }] = entries;
    if (this.#restoring.has(change)) return;
    this.#restoring.add(change);
    this.#failure = "";
    focusBeside(/** @type {HTMLElement} */ (currentTarget));
    try {
      await this.#tasks?.undoChange(change, (await this.#tasks.past.entriesOf(change)) ?? entries);
    } catch (error) {
      if (error instanceof Unreachable) await this.#tasks?.undoChange(change, entries);
      else this.#failure = whyNot(error);
      this.app.changed();
    } finally {
      this.#restoring.delete(change);
    }
  }

  #close() {
    this.#pages = null;
    this.app.changed();
  }
}

/** @param {Entry} entry @returns {string} */
function titleOf({ before }) {
  return before?.title ?? "";
}

/** @param {Entry[]} entries */
function several(entries) {
  const more = entries.length - TITLES;
  return html`<ul class="titles">
    ${entries.slice(0, TITLES).map((entry) => html`<li dir="auto">${titleOf(entry)}</li>`)}
    ${more > 0 ? html`<li class="hint">${t("and_more", { count: more })}</li>` : nothing}
  </ul>`;
}

/** Move the focus from a row that goes to the next one, or else the one before. @param {HTMLElement} button in the row */
function focusBeside(button) {
  const row = button.closest("li");
  const beside = row?.nextElementSibling ?? row?.previousElementSibling ?? row?.closest("dialog");
  beside?.querySelector("button")?.focus();
}
