/** The dialog that shows both versions of a task and lets the person choose. */

import { t } from "../texts.js";
import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { dialog } from "./dialog.js";
import { failureOf } from "./failure.js";
import { MEMBERS, memberNames, memberValue } from "./member_words.js";

/** @typedef {import("../data/writes.js").Write} Write */
/** @typedef {import("../data/copy.js").ServerTask} ServerTask */
/** @typedef {import("./member_words.js").Member} Member */

const TEXTS = /** @type {const} */ (["title", "description"]);

/** Shows one write that is in conflict, or was refused. While it is open it follows what others do to the task. */
export class Conflict {
  /** @type {string | null} the key of the write */
  #key = null;
  #isEditing = false;
  #failure = "";

  /** @param {import("../app.js").App} app */
  constructor(app) {
    this.app = app;
  }

  /** Show a write that is in conflict, or was refused. @param {Write} write */
  open(write) {
    this.#key = write.key;
    this.#isEditing = false;
    this.#failure = "";
    this.app.changed();
  }

  render() {
    const write = this.app.tasks?.writes.find(({ key }) => key === this.#key);
    if (!write || write.state === "waiting") return nothing;
    const content = write.state === "refused" ? this.#refused(write) : this.#disputed(write);
    const failure = this.#failure ? html`<p class="banner error" role="alert">${this.#failure}</p>` : nothing;
    return dialog({ title: write.title || t("conflict"), content: [failure, content], closed: this.#close });
  }

  /** @param {Write} write */
  #disputed(write) {
    const theirs = this.app.tasks?.theirs(write) ?? null;
    if (!theirs) return this.#gone(write);
    if (write.kind === "remove") return this.#removed(write, theirs);
    if (this.#isEditing) return this.#form(write, theirs);
    const names = MEMBERS.filter((name) => name in write.members);
    const canEdit = TEXTS.some((name) => name in write.members);
    return html`
      <p>${t("conflict_what")}</p>
      <div class="versions">
        ${version(t("conflict_mine"), write.members, names)} ${version(t("conflict_theirs"), theirs, names)}
      </div>
      <div class="cluster">
        ${this.#choice("conflict_keep_mine", () => this.app.tasks?.keepMine(write), "primary")}
        ${this.#choice("conflict_keep_theirs", () => this.app.tasks?.takeTheirs(write))}
        ${canEdit ? html`<button type="button" @click=${this.#edit}>${t("conflict_edit")}</button>` : nothing}
      </div>
    `;
  }

  /** @param {Write} write @param {ServerTask} theirs */
  #removed(write, theirs) {
    const names = MEMBERS.filter((name) => name !== "order");
    return html`
      <p>${t("conflict_removed")}</p>
      <div class="versions">
        ${version(t("conflict_seen"), write.before, names)} ${version(t("conflict_theirs"), theirs, names)}
      </div>
      <div class="cluster">
        ${this.#choice("conflict_keep_task", () => this.app.tasks?.takeTheirs(write), "primary")}
        ${this.#choice("conflict_remove", () => this.app.tasks?.keepMine(write))}
      </div>
    `;
  }

  /** @param {Write} write */
  #gone(write) {
    const names = MEMBERS.filter((name) => name in write.members);
    return html`
      <p>${t("conflict_gone")}</p>
      <div class="versions">${version(t("conflict_mine"), write.members, names)}</div>
      <div class="cluster">
        ${this.#choice("conflict_bring_back", () => this.app.tasks?.bringBack(write), "primary")}
        ${this.#choice("conflict_let_go", () => this.app.tasks?.discard(write))}
      </div>
    `;
  }

  /** @param {Write} write */
  #refused(write) {
    return html`
      <p>${t("refused", { what: write.title, reason: write.reason ?? "" })}</p>
      <div class="cluster">
        ${this.#choice("edit_again", () => this.app.editor.again(write), "primary")}
        ${this.#choice("try_now", () => this.app.tasks?.keepMine(write))}
        ${this.#choice("edit_discard", () => this.app.tasks?.discard(write))}
      </div>
    `;
  }

  /** @param {Write} write @param {ServerTask} theirs */
  #form(write, theirs) {
    const names = TEXTS.filter((name) => name in write.members);
    const save = (/** @type {SubmitEvent} */ event) => {
      event.preventDefault();
      const values = Object.fromEntries(new FormData(/** @type {HTMLFormElement} */ (event.currentTarget)));
      void this.#decide(() => this.app.tasks?.keepMine(write, { ...write.members, ...values }));
    };
    return html`<form class="stack" @submit=${save}>
      ${names.map(
        (name) => html`
          <p>${t("conflict_theirs")}: ${memberValue(name, theirs[name])}</p>
          <label class="field">
            <span class="label">${memberNames([name])}</span>
            <textarea
              name=${name}
              dir="auto"
              rows="3"
              ?required=${name === "title"}
              .defaultValue=${write.members[name] ?? ""}
            ></textarea>
          </label>
        `,
      )}
      <div class="cluster">
        <button class="primary">${t("conflict_save")}</button>
        <button type="button" @click=${this.#edit}>${t("cancel")}</button>
      </div>
    </form>`;
  }

  /** @param {import("../texts.js").Name} name of the text @param {() => Promise<void> | undefined} decide @param {string} [style] */
  #choice(name, decide, style = "") {
    return html`<button type="button" class=${style} @click=${() => this.#decide(decide)}>${t(name)}</button>`;
  }

  /** @param {() => Promise<void> | undefined} decide */
  async #decide(decide) {
    const key = this.#key;
    try {
      await decide();
      if (this.#key === key) this.#close();
    } catch (error) {
      if (this.#key !== key) return; // another one is shown by now, or none
      this.#failure = failureOf(error).general || /** @type {Error} */ (error).message;
      this.app.changed();
    }
  }

  #edit = () => {
    this.#isEditing = !this.#isEditing;
    this.app.changed();
  };

  #close = () => {
    this.#key = null;
    this.app.changed();
  };
}

/** @param {string} name @param {Partial<ServerTask>} task @param {Member[]} members */
function version(name, task, members) {
  return html`<section class="version">
    <h3>${name}</h3>
    <dl>
      ${members.map(
        (member) => html`
          <dt>${memberNames([member])}</dt>
          <dd>${memberValue(member, task[member])}</dd>
        `,
      )}
    </dl>
  </section>`;
}
