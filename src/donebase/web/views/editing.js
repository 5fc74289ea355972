/** A task that is being edited: what was seen of it, and what was typed over it. */

import { same } from "../data/merging.js";
import { trimmed } from "../rules.js";

/** @typedef {import("../data/copy.js").ServerTask} ServerTask */
/** @typedef {import("../data/writes.js").Members} Members */
/** @typedef {import("../data/tasks.js").Seen} Seen */
/** @typedef {{ date: string, time: string, time_zone: string }} TypedDue "" for what is left out */

/**
 * What the controls contain.
 *
 * @typedef {object} Values
 * @property {string} title
 * @property {string} description
 * @property {TypedDue} due
 * @property {"" | "low" | "medium" | "high"} priority
 * @property {string[]} tags
 * @property {string} tag what is typed and no tag yet
 */

/** What has not been saved of one task. */
export class Editing {
  /** @type {Seen | null} what was seen of each member when it was touched first; null for a task that was never made */
  seen = null;
  /** @type {Partial<Values>} */
  typed = {};
  /** @type {import("../rules.js").Fault[]} */
  faults = [];

  /** @param {number} key of the task @param {number} id */
  constructor(key, id = key) {
    this.key = key;
    this.id = id;
  }

  /** The place of its draft. */
  get place() {
    return `task ${this.id}`;
  }

  /** What is kept of it in the browser. */
  get draft() {
    const { id, seen, typed } = this;
    return this.isTouched ? { id, seen, typed } : undefined;
  }

  get isTouched() {
    return Object.keys(this.typed).length > 0;
  }

  /**
   * Return what the controls contain: what was typed, and for the rest what the task says.
   *
   * @param {Partial<ServerTask>} task
   * @returns {Values}
   */
  values(task) {
    return { ...valuesOf(task), ...this.typed };
  }

  /**
   * Take what somebody types. What others have changed until then was seen.
   *
   * @param {Partial<Values>} values @param {Seen | null} present what there is to be seen of the task now
   */
  type(values, present) {
    if (!this.isTouched) this.seen = present ?? this.seen;
    else if (present && this.seen) {
      const untouched = Object.keys(values)
        .map(memberOf)
        .filter((name) => !this.#touches(name));
      const news = Object.fromEntries(untouched.map((name) => [name, present.before[name]]));
      this.seen = { ...this.seen, before: { ...this.seen.before, ...news } };
    }
    Object.assign(this.typed, values);
    const names = Object.keys(values).map(memberOf);
    this.faults = this.faults.filter(({ field }) => !names.some((name) => field.startsWith(name)));
  }

  /** Return the members that are not what was seen of them. @returns {Members} */
  changes() {
    const seen = /** @type {Record<string, unknown>} */ (this.seen?.before ?? {});
    const members = Object.entries(membersOf(this.typed, this.seen?.before ?? {}));
    return Object.fromEntries(members.filter(([name, value]) => !same(value, seen[name])));
  }

  /** Return all members of a task that says what this one says. @returns {Members & { title: string }} */
  whole() {
    const { title = "", description, completed, due, priority, tags } = this.seen?.before ?? {};
    const members = { title, description, completed, due, priority, tags, ...this.changes() };
    const known = Object.entries(members).filter(([, value]) => value !== undefined);
    return /** @type {Members & { title: string }} */ (Object.fromEntries(known));
  }

  forget() {
    this.typed = {};
    this.faults = [];
  }

  /** @param {keyof ServerTask} member */
  #touches(member) {
    return Object.keys(this.typed).map(memberOf).includes(member);
  }
}

/** @param {string} name of a control @returns {keyof ServerTask} */
function memberOf(name) {
  return /** @type {keyof ServerTask} */ (name === "tag" ? "tags" : name);
}

/** @param {Partial<ServerTask>} task @returns {Values} */
export function valuesOf({ title = "", description, due, priority, tags = [] }) {
  const { date = "", time, time_zone } = due ?? {};
  return {
    title: inField(title),
    description: inField(description ?? ""),
    due: { date, time: time ?? "", time_zone: time_zone ?? "" },
    priority: priority ?? "",
    tags,
    tag: "",
  };
}

/**
 * Return what an editing of what the service has refused contains.
 *
 * @param {import("../data/writes.js").Write} write
 * @param {Seen | null} present what there is to be seen of its task now; null where there is none
 * @returns {Pick<Editing, "seen" | "typed" | "faults">}
 */
export function typedFrom({ members, madeBy, follows, basis, before, reason }, present) {
  const typed = Object.entries(valuesOf(members)).filter(([name]) => name in members);
  const seen = present && { ...present, madeBy, follows, basis, before: { ...present.before, ...before } };
  const [, field = "", message = reason ?? ""] = /^([a-z_]+)[\w.[\]]*: (.*)$/s.exec(reason ?? "") ?? [];
  return { seen, typed: Object.fromEntries(typed), faults: [{ field, code: "refused", message }] };
}

/** Return a text as a field of a form has it, where each end of a line is one character. @param {string} text */
function inField(text) {
  return text.replace(/\r\n?/g, "\n");
}

const COMMAS = ",،、，"; // of Latin, of Arabic, of Japanese and Chinese

/** @param {string} text @returns {number} the place of the last comma in it, -1 if there is none */
export function lastComma(text) {
  return Math.max(...[...COMMAS].map((comma) => text.lastIndexOf(comma)));
}

/** @param {string} tags several, separated by commas @returns {string[]} */
export function tagsIn(tags) {
  return tags
    .split(new RegExp(`[${COMMAS}]`))
    .map(trimmed)
    .filter((tag) => tag !== "");
}

/** @param {Partial<Values>} typed @param {Partial<ServerTask>} seen @returns {Members} */
function membersOf({ title, description, due, priority, tags, tag = "" }, seen) {
  /** @type {Members} */
  const members = {};
  if (title !== undefined) members.title = trimmed(title);
  if (description !== undefined) members.description = asBefore(description, seen.description ?? "") || null;
  if (due !== undefined) members.due = dueOf(due);
  if (priority !== undefined) members.priority = priority || null;
  if (tags || tagsIn(tag).length) members.tags = [...new Set([...(tags ?? seen.tags ?? []), ...tagsIn(tag)])];
  return members;
}

/** Return a text with the ends of lines that it had before the field changed them. @param {string} text @param {string} before */
function asBefore(text, before) {
  if (text === inField(before)) return before;
  return before.includes("\r\n") && !/[^\r]\n|\r[^\n]/.test(before) ? text.replaceAll("\n", "\r\n") : text;
}

/** @param {TypedDue} due */
function dueOf({ date, time, time_zone }) {
  if (!date && !time) return null;
  return { date, time: time.replace(/^(..:..):00$/, "$1") || null, time_zone: (time && time_zone) || null };
}
