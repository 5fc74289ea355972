/** The members of a task in words: what they are called, and what they say. */

import { dueWords, numberWords } from "../locale.js";
import { personLocale, t } from "../texts.js";
import { html } from "../vendor/lit-html/lit-html.js";

/** The members that a person knows of, in the order in which they are told. */
export const MEMBERS = /** @type {const} */ (["title", "description", "completed", "due", "priority", "tags", "order"]);

/** @typedef {typeof MEMBERS[number]} Member */

/** @param {Iterable<string>} names of members @returns {Member[]} those that a person knows of, in order */
export function known(names) {
  const all = new Set(names);
  return MEMBERS.filter((name) => all.has(name));
}

/** @param {Member[]} names @returns {string} what they are called: "due date, tags" */
export function memberNames(names) {
  const words = names.map((name) => t(`member_${name}`));
  return new Intl.ListFormat(personLocale(), { type: "conjunction" }).format(words);
}

/** @param {Member} name @param {any} value of this member @returns {unknown} a template */
export function memberValue(name, value) {
  if (name === "completed") return t(value ? "completed_yes" : "completed_no");
  if (value === null || value === undefined || value.length === 0) return html`<i>${t("member_none")}</i>`;
  switch (name) {
    case "due":
      return html`<bdi>${dueWords(value)}</bdi>`;
    case "priority":
      return priorityWords(value);
    case "tags":
      return value.map((/** @type {string} */ tag) => html`<span class="chip tag" dir="auto">${tag}</span> `);
    case "order":
      return numberWords(value);
    default:
      return html`<span class="written" dir="auto">${value}</span>`;
  }
}

/** @param {"low" | "medium" | "high"} priority */
function priorityWords(priority) {
  return t(`row_priority_${priority}`);
}
