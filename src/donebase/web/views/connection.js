/** Whether the service is reached, and what waits to be sent. */

import { unhindered } from "../data/references.js";
import { instantWords } from "../locale.js";
import { t } from "../texts.js";
import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { dialog } from "./dialog.js";
import { writtenWords } from "./write_words.js";

/** @typedef {import("../data/writes.js").Write} Write */

const SOON = 2_000; // milliseconds in which nobody needs to know that something is being sent

/** Tells when the service is away, of writes that were not sent, and of a browser that keeps nothing. */
export class Connection {
  /** @type {string | null} since when the service is away (RFC 3339) */
  #away = null;
  #isListOpen = false;
  /** @type {string | null} the key of the write that was asked to be discarded once */
  #discarding = null;
  #timer = 0;

  /** @param {import("../app.js").App} app */
  constructor(app) {
    this.app = app;
    window.addEventListener("beforeunload", (event) => {
      if (app.tasks?.unkept) event.preventDefault();
    });
  }

  /** The word in the header. */
  status() {
    const connection = this.app.tasks?.connection ?? "loading";
    if (connection !== "offline") this.#away = null;
    else this.#away ??= new Date().toISOString();
    const late = connection === "live" ? this.#late() : 0;
    const word = late ? t("sending", { count: late }) : t(`connection_${connection}`);
    return html`<span class="status" role="status" data-connection=${connection}>${word}</span>`;
  }

  render() {
    return html`${this.#fault()} ${this.#refused()} ${this.#offline()} ${this.#undecided()}
    ${this.#isListOpen ? this.#list() : nothing}`;
  }

  /** What this browser does not keep. */
  #fault() {
    const { fault } = this.app.storage;
    return fault ? html`<p class="banner error" role="alert">${t(`keeps_${fault}`)}</p>` : nothing;
  }

  /** The service was started again, and asks for accounts: this page came from one that asked nobody. */
  #refused() {
    const { session, tasks } = this.app;
    if (session || tasks?.connection !== "signed-out") return nothing;
    return html`<div class="banner warning" role="alert">
      <span>${t("asks_for_accounts")}</span>
      <button type="button" @click=${() => location.reload()}>${t("load_again")}</button>
    </div>`;
  }

  #offline() {
    const { tasks, storage } = this.app;
    if (tasks?.connection !== "offline" || !this.#away) return nothing;
    const waiting = tasks.writes.filter(({ state }) => state === "waiting").length;
    const kept = storage.fault ? t("offline_unkept", { count: waiting }) : t("offline", { count: waiting });
    const text = waiting ? kept : t("offline_unchanged");
    return html`<div class="banner warning">
      <span>${text} ${t("offline_since", { when: instantWords(this.#away) })}</span>
      <button type="button" @click=${() => tasks.retry()}>${t("try_now")}</button>
      ${waiting ? html`<button type="button" class="quiet" @click=${this.#toggle}>${t("unsent")}</button>` : nothing}
    </div>`;
  }

  #undecided() {
    const undecided = this.app.tasks?.writes.filter(({ state }) => state === "conflict") ?? [];
    if (!undecided.length) return nothing;
    return html`<div class="banner warning">
      <span>${t("undecided", { count: undecided.length })}</span>
      <button type="button" @click=${() => this.app.conflict.open(undecided[0])}>${t("decide")}</button>
    </div>`;
  }

  #list() {
    const waiting = this.app.tasks?.writes.filter(({ state }) => state === "waiting") ?? [];
    const rows = waiting.map(
      (write) =>
        html`<li>
          <div class="cluster">
            <span dir="auto">${writtenWords(write, null).text}</span>
            <span class="hint">${instantWords(write.at)}</span>
            <button type="button" class="push" @click=${() => this.#discard(write)}>
              ${t(this.#discarding === write.key ? "discard_sure" : "edit_discard")}
            </button>
          </div>
        </li>`,
    );
    const content = waiting.length
      ? html`<ul class="entries">
          ${rows}
        </ul>`
      : html`<p>${t("all_sent")}</p>`;
    return dialog({ title: t("unsent"), content, closed: this.#toggle });
  }

  /** Ask once more, then give it up. @param {Write} write */
  #discard(write) {
    if (this.#discarding === write.key) void this.app.tasks?.discard(write);
    this.#discarding = write.key;
    this.app.changed();
  }

  #toggle = () => {
    this.#isListOpen = !this.#isListOpen;
    this.#discarding = null;
    this.app.changed();
  };

  /** @returns {number} how many writes wait, if one of them waits for long */
  #late() {
    const waiting = unhindered(this.app.tasks?.writes ?? []);
    clearTimeout(this.#timer);
    if (!waiting.length) return 0;
    if (waiting.some(({ at }) => Math.abs(Date.now() - Date.parse(at)) > SOON)) return waiting.length;
    this.#timer = setTimeout(() => this.app.changed(), SOON);
    return 0;
  }
}
