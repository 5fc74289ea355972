/** The field for a new task. */

import { dateIn, personZone } from "../due.js";
import { faultOfVisibleText, LIMITS, trimmed } from "../rules.js";
import { t } from "../texts.js";
import { live } from "../vendor/lit-html/directives/live.js";
import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { faultBeside } from "./faults.js";
import { linesOf, pastedLines } from "./pasted_lines.js";

const PLACE = "composer";

/** Adds a task with Enter. What is being typed outlives the window. */
export class Composer {
  /** @type {string | null} whose text it is */
  #owner = null;
  #text = "";
  /** @type {string[] | null} lines that were pasted, until it is said what they are to be */
  #lines = null;
  /** @type {import("../rules.js").Fault | undefined} */
  #fault;

  /** @param {import("../app.js").App} app */
  constructor(app) {
    this.app = app;
  }

  render() {
    void this.#belong();
    const described = [this.#fault && "new-task-fault", this.#hint && "new-task-hint"].filter(Boolean).join(" ");
    return html`
      <div class="stack">
        <form class="composer" @submit=${this.#submitted}>
          <input
            id="new-task"
            dir="auto"
            autocomplete="off"
            enterkeyhint="done"
            aria-label=${t("new_task")}
            aria-invalid=${this.#fault ? "true" : nothing}
            aria-describedby=${described || nothing}
            placeholder=${t("new_task")}
            .value=${live(this.#text)}
            @input=${this.#typed}
            @keydown=${composing}
            @paste=${this.#pasted}
          />
          <button class="primary">${t("add")}</button>
        </form>
        ${faultBeside("new-task-fault", this.#fault)}
        ${this.#hint ? html`<p class="hint" id="new-task-hint">${this.#hint}</p>` : nothing}
        ${this.#lines ? pastedLines(this.#lines, { add: this.#add, cancel: this.#finished }) : nothing}
      </div>
    `;
  }

  /** Show what whoever is asking now was typing. */
  async #belong() {
    const owner = this.app.tasks?.owner ?? null;
    if (owner === this.#owner) return;
    this.#owner = owner;
    this.#change("", null);
    if (!owner) return;
    const draft = (await this.app.drafts.found(owner)).get(PLACE);
    if (!draft || owner !== this.#owner) return;
    // What was typed while it was read follows it.
    this.#change([draft.text, this.#text].filter(Boolean).join(" "), this.#lines ?? draft.lines);
    this.#keep();
    this.app.changed();
  }

  /** @param {string} text @param {string[] | null} lines */
  #change(text, lines) {
    this.#text = text;
    this.#lines = lines;
    const code = faultOfVisibleText(text, LIMITS.title);
    this.#fault = code && code !== "blank" ? { field: "title", code } : undefined;
  }

  #keep() {
    const draft = this.#text || this.#lines ? { text: this.#text, lines: this.#lines } : undefined;
    if (this.#owner) void this.app.drafts.keep(this.#owner, PLACE, draft);
  }

  #typed = (/** @type {InputEvent} */ { target }) => {
    const before = this.#fault?.code;
    this.#change(/** @type {HTMLInputElement} */ (target).value, this.#lines);
    this.#keep();
    if (this.#fault?.code !== before) this.app.changed(); // the field itself shows what is typed
  };

  #pasted = (/** @type {ClipboardEvent} */ event) => {
    const field = /** @type {HTMLInputElement} */ (event.target);
    const pasted = event.clipboardData?.getData("text/plain") ?? "";
    if (linesOf(pasted).length < 2) return;
    event.preventDefault();
    const [start, end] = [field.selectionStart ?? 0, field.selectionEnd ?? 0];
    this.#lines = linesOf(field.value.slice(0, start) + pasted + field.value.slice(end));
    this.#keep();
    this.app.changed();
    const group = field.closest(".stack");
    queueMicrotask(() =>
      /** @type {HTMLElement | null} */ (group?.querySelector("[role=group] button:enabled"))?.focus(),
    );
  };

  #submitted = (/** @type {Event} */ event) => {
    event.preventDefault();
    if (this.#text === "") return this.#focus();
    const code = faultOfVisibleText(this.#text, LIMITS.title);
    if (!code) return this.#add([{ title: trimmed(this.#text) }]);
    this.#fault = { field: "title", code };
    this.#focus();
    this.app.changed();
  };

  #add = (/** @type {import("./pasted_lines.js").NewTask[]} */ tasks) => {
    const draft = this.#owner && this.app.drafts.nameOf(this.#owner, PLACE);
    const given = this.#given();
    void this.app.tasks?.createAll(
      tasks.map((task) => ({ ...given, ...task })),
      draft,
    );
    this.#change("", null);
    this.#keep();
    this.app.changed();
    this.#focus();
  };

  #finished = () => {
    this.#lines = null;
    this.#keep();
    this.app.changed();
    this.#focus();
  };

  #focus() {
    document.getElementById("new-task")?.focus();
  }

  /** Return what a new task has, so that the list that is shown shows it. */
  #given() {
    const { show, tag } = this.app.address.filter;
    /** @type {import("../data/writes.js").Members} */
    const given = {};
    if (tag !== null && !faultOfVisibleText(tag, LIMITS.tag)) given.tags = [trimmed(tag)];
    if (show === "today") given.due = { date: dateIn(personZone(), Date.now()), time: null, time_zone: null };
    return given;
  }

  /** @returns {string} what a new task has, or that it is not shown */
  get #hint() {
    const { show, q } = this.app.address.filter;
    const { tags, due } = this.#given();
    const hints = [tags && t("new_task_tag", { tag: tags[0] }), due && t("new_task_today")];
    if (show === "done" || show === "overdue" || q.trim()) hints.push(t("new_task_hidden"));
    return hints.filter(Boolean).join(" ");
  }
}

/** Do not let the Enter that ends a composition, of Japanese for one, add a task. @param {KeyboardEvent} event */
function composing(event) {
  if (event.key === "Enter" && (event.isComposing || event.keyCode === 229)) event.preventDefault();
}
