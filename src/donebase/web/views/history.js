/** The dialog with what has happened to a task. */

import { exactWords, instantWords } from "../locale.js";
import { t } from "../texts.js";
import { repeat } from "../vendor/lit-html/directives/repeat.js";
import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { dialog } from "./dialog.js";
import { movedMembers } from "./history_rows.js";
import { Pages, whyNot } from "./pages.js";

/** @typedef {import("../data/entries.js").Entry} Entry */

/** Shows each change of a task, and undoes one. */
export class History {
  /** @type {number | null} the key of the task that is shown */
  #key = null;
  /** @type {import("../data/tasks.js").TaskStore | null} whose task it is */
  #tasks = null;
  /** @type {Pages | null} null for a task that the service does not have yet */
  #pages = null;
  /** @type {number | undefined} the version of the task that the rows lead to */
  #version;
  /** @type {Entry[] | null} the rows of a change of several tasks, which is undone if the person agrees */
  #asked = null;
  #failure = "";
  /** The last question of the person: what comes of one before it is of no use any more. */
  #asking = {};

  /** @param {import("../app.js").App} app */
  constructor(app) {
    this.app = app;
  }

  /** @param {number} key of a task, also of one that was deleted */
  open(key) {
    this.app.announcer.forget();
    this.#key = key;
    this.#asking = {};
    this.#tasks = this.app.tasks;
    this.#pages = null;
    this.#asked = null;
    this.#failure = "";
    this.app.changed();
  }

  render() {
    const key = this.#key;
    if (key === null || !this.#tasks || this.#tasks !== this.app.tasks) return nothing;
    this.#follow(key, this.#tasks);
    const title = this.#tasks.get(key)?.title ?? this.#pages?.entries?.[0]?.before?.title;
    return dialog({
      title: title === undefined ? t("history") : t("history_of", { title }),
      content: this.#content(),
      closed: () => this.#close(),
    });
  }

  /** Read what is new, if the task has changed. @param {number} key @param {import("../data/tasks.js").TaskStore} tasks */
  #follow(key, tasks) {
    const version = tasks.get(key)?.version;
    if (!tasks.past.hasHistory(key) || (this.#pages && version === this.#version)) return;
    this.#version = version;
    this.#pages ??= new Pages(
      (address) => tasks.past.history(key, address),
      () => this.app.changed(),
    );
    void this.#pages.renew();
  }

  #content() {
    if (!this.#pages) return html`<p class="hint">${t("history_none_yet")}</p>`;
    return html`
      ${this.app.announcer.inDialog()} ${this.#failure ? html`<p class="banner warning">${this.#failure}</p>` : nothing}
      <ol class="entries">
        ${repeat(
          this.#pages.entries ?? [],
          ({ change }) => change,
          (entry) => this.#entry(entry),
        )}
      </ol>
      ${this.#pages.footer(t("history_older"))}
    `;
  }

  /** @param {Entry} entry */
  #entry(entry) {
    const { change, action, at } = entry;
    const what = t("action_when", { action: t(`action_${action}`), when: instantWords(at) });
    return html`<li>
      <div class="cluster">
        <b>${what}</b>
        <time class="hint" datetime=${at}>${exactWords(at)}</time>
        <button type="button" class="push" aria-label=${t("undo_of", { what })} @click=${() => this.#ask(entry)}>
          ${t("undo")}
        </button>
      </div>
      <dl class="moved">${movedMembers(entry)}</dl>
      ${this.#asked?.[0].change === change ? this.#question(this.#asked) : nothing}
    </li>`;
  }

  /** @param {Entry[]} entries */
  #question(entries) {
    const count = entries.length;
    return html`<div class="banner warning" role="group" aria-label=${t("undo")}>
      <p role="alert">${t("undo_several_what", { count })}</p>
      <button type="button" class="primary" @click=${() => this.#undo(entries)}>${t("undo_several", { count })}</button>
      <button type="button" @click=${() => this.#ask(null)}>${t("cancel")}</button>
    </div>`;
  }

  /** Undo a change; where it is of several tasks, ask first. @param {Entry | null} entry null: rather not */
  async #ask(entry) {
    const asking = (this.#asking = {});
    this.#failure = "";
    this.#asked = null;
    this.app.changed();
    try {
      const entries = entry && (await this.#tasks?.past.entriesOf(entry.change));
      if (!entries?.length || this.#asking !== asking) return;
      if (entries.length > 1) this.#asked = entries;
      else this.#undo(entries);
    } catch (error) {
      if (this.#asking === asking) this.#failure = whyNot(error);
    }
    this.app.changed();
  }

  /** @param {Entry[]} entries all rows of a change */
  #undo(entries) {
    this.#asked = null;
    void this.#tasks?.undoChange(entries[0].change, entries);
  }

  #close() {
    this.#key = null;
    this.#asking = {};
    this.app.changed();
  }
}
