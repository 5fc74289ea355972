/** A row of the history in words: what a change did to one task. */

import { t } from "../texts.js";
import { html } from "../vendor/lit-html/lit-html.js";
import { known, memberNames, memberValue } from "./member_words.js";

/** @typedef {import("../data/entries.js").Entry} Entry */
/** @typedef {import("./member_words.js").Member} Member */

/** @param {Entry} entry @returns {unknown} a template: each member that has moved, as it was and as it became */
export function movedMembers({ action, before, after }) {
  const [was, is] = [before, after].map((each) => /** @type {Record<string, unknown>} */ (each ?? {}));
  const names = known(Object.keys({ ...was, ...is }));
  if (action === "changed") return names.map((name) => moved(name, was[name], is[name]));
  const whole = action === "created" ? is : was;
  return names.filter((name) => name !== "order" && saysSomething(whole[name])).map((name) => one(name, whole[name]));
}

/** @param {Member} name @param {unknown} was @param {unknown} is */
function moved(name, was, is) {
  if (name === "order") return html`<div><dt>${memberNames([name])}</dt></div>`;
  return html`<div>
    <dt>${memberNames([name])}</dt>
    <dd>
      <span class="visually-hidden">${t("before")}</span> <del>${memberValue(name, was)}</del>
      <span class="became"><span class="visually-hidden">${t("after")}</span></span>
      <ins>${memberValue(name, is)}</ins>
    </dd>
  </div>`;
}

/** @param {Member} name @param {unknown} value */
function one(name, value) {
  return html`<div>
    <dt>${memberNames([name])}</dt>
    <dd>${memberValue(name, value)}</dd>
  </div>`;
}

/** @param {unknown} value */
function saysSomething(value) {
  return Array.isArray(value) ? value.length > 0 : Boolean(value);
}
