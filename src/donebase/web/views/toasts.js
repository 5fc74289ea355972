/** Short messages of what has just happened, with a way to undo it. */

import * as icons from "../icons.js";
import { t } from "../texts.js";
import { repeat } from "../vendor/lit-html/directives/repeat.js";
import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { FocusKeeper } from "./focus_keeper.js";
import { refusedWords, writtenWords } from "./write_words.js";

/** @typedef {import("../data/writes.js").Write} Write */
/** @typedef {{ key: string, text: string, tasks: import("../data/tasks.js").TaskStore | null, isError: boolean,
 *   action: { name: string, run: () => void, isOver?: () => boolean } | null }} Toast */

const SHOWN_FOR = 12_000; // milliseconds, and longer for somebody who is at it
const MOST = 3;

/** Shows what was written and what was refused. It takes the focus only when it is asked to. */
export class Toasts {
  /** @type {Toast[]} the oldest first */
  #toasts = [];
  #focus = new FocusKeeper(".toasts");

  /** @param {import("../app.js").App} app */
  constructor(app) {
    this.app = app;
  }

  /** @param {Write} write of this window @param {Write | null} undone what it takes back */
  written(write, undone) {
    if (undone) this.#remove(undone.key);
    const run = () => void this.undo(write);
    const { text, isDone } = writtenWords(write, undone);
    this.#show(write.key, text, { name: t(isDone ? "undo" : "redo"), run });
    if (write.kind !== "move") this.app.announcer.say(text); // the list says where to
  }

  /** @param {Write} write that is in conflict, or was refused */
  refused(write) {
    this.#show(write.key, refusedWords(write), this.#answerTo(write), true);
    this.app.announcer.say(refusedWords(write));
  }

  /** Undo a write of this window, the last one unless given; or redo what an undo has taken back. @param {Write} [write] */
  async undo(write) {
    const { tasks } = this.app;
    if (!write && !tasks?.canUndo) return this.app.announcer.say(t("nothing_to_undo"));
    this.#undid(write ? await tasks?.undoWrite(write) : await tasks?.undo());
  }

  /** Redo what was undone last in this window. */
  async redo() {
    const { tasks } = this.app;
    if (!tasks?.canRedo) return this.app.announcer.say(t("nothing_to_redo"));
    this.#undid(await tasks.redo());
  }

  /** Move the focus to the newest message, or back. @returns {boolean} whether there was one */
  toggleFocus() {
    return this.#focus.toggle();
  }

  render() {
    const present = this.#toasts.filter(({ tasks, action }) => tasks === this.app.tasks && !action?.isOver?.());
    return html`<section class="toasts" aria-label=${t("messages")} @focusin=${this.#focus.came}>
      ${repeat(
        present,
        ({ key }) => key,
        (toast) => this.#toast(toast),
      )}
    </section>`;
  }

  /** @param {Toast} toast */
  #toast({ key, text, action, isError }) {
    return html`<div
      class="toast ${isError ? "refused" : ""}"
      @keydown=${(/** @type {KeyboardEvent} */ event) => event.key === "Escape" && this.#remove(key)}
    >
      <span class="toast-text" dir="auto">${text}</span>
      ${action ? html`<button type="button" @click=${action.run}>${action.name}</button>` : nothing}
      <button type="button" class="icon-only" aria-label=${t("dismiss")} @click=${() => this.#remove(key)}>
        ${icons.close}
      </button>
    </div>`;
  }

  /** @param {Write} write that is in conflict, or was refused @returns {Toast["action"]} */
  #answerTo(write) {
    const { tasks, history, conflict } = this.app;
    const [changed] = write.conflicts;
    if (changed) return { name: t("history"), run: () => history.open(tasks?.keyOf(changed.task_id) ?? 0) };
    const isOver = () => !tasks?.writes.some(({ key, state }) => key === write.key && state !== "waiting");
    return isOver() ? null : { name: t("decide"), run: () => conflict.open(write), isOver };
  }

  /** @param {Write | null | undefined} undo what came of it: an undo has told of itself */
  #undid(undo) {
    if (!undo) this.app.announcer.say(t("nothing_to_undo"));
    if (!undo || undo.kind === "undo") return;
    this.#remove(undo.key);
    this.app.announcer.say(t("given_up"));
  }

  /** @param {string} key @param {string} text @param {Toast["action"]} action @param {boolean} [isError] stays */
  #show(key, text, action, isError = false) {
    this.#remove(key);
    const { tasks } = this.app;
    const rest = this.#toasts.filter((toast) => toast.tasks === tasks);
    if (rest.length >= MOST)
      rest.splice(
        Math.max(
          0,
          rest.findIndex((toast) => !toast.isError),
        ),
        1,
      );
    this.#toasts = [...rest, { key, text, action, isError, tasks }];
    if (!isError) this.#expireLater(key);
    this.app.changed();
  }

  /** @param {string} key */
  #expireLater(key) {
    setTimeout(() => (this.#isNeeded() ? this.#expireLater(key) : this.#remove(key)), SHOWN_FOR);
  }

  #isNeeded() {
    return document.hidden || document.querySelector(".toasts:is(:hover, :focus-within), dialog[open]") !== null;
  }

  /** @param {string} key */
  #remove(key) {
    const rest = this.#toasts.filter((toast) => toast.key !== key);
    if (rest.length === this.#toasts.length) return;
    this.#toasts = rest;
    this.#focus.keep();
    this.app.changed();
  }
}
