// The query of the page's address: whose tasks are shown, which of them, in which order and language.

import { languages } from "./texts.js";

/**
 * @typedef {"all" | "open" | "done" | "overdue" | "today"} Show
 * @typedef {"order" | "due" | "priority" | "title" | "created"} Sort
 * @typedef {{show: Show, tag: string | null, q: string, sort: Sort}} Filter
 * @typedef {{user: number | null, filter: Filter, lang: string | null}} Address
 */

/** @type {readonly Show[]} What a list can show; the first unless the address says otherwise. */
export const SHOWS = ["all", "open", "done", "overdue", "today"];
/** @type {readonly Sort[]} What a list can be sorted by; the first unless the address says otherwise. */
export const SORTS = ["order", "due", "priority", "title", "created"];

/** @type {Readonly<Filter>} The filter that leaves nothing out, in the order that the person has given to the tasks. */
export const EVERYTHING = Object.freeze({ show: "all", tag: null, q: "", sort: "order" });

/**
 * Return what an address says. What it does not say, or what means nothing, is as if it were left out.
 * @param {string} search
 * @returns {Address}
 */
export function readAddress(search = location.search) {
  const query = new URLSearchParams(search);
  const user = query.get("user") ?? "";
  return {
    user: /^[1-9]\d{0,15}$/.test(user) && Number.isSafeInteger(Number(user)) ? Number(user) : null,
    filter: {
      show: oneOf(SHOWS, query.get("show")) ?? EVERYTHING.show,
      tag: query.get("tag") || EVERYTHING.tag,
      q: query.get("q") ?? EVERYTHING.q,
      sort: oneOf(SORTS, query.get("sort")) ?? EVERYTHING.sort,
    },
    lang: oneOf(
      languages.map((language) => language.tag),
      query.get("lang"),
    ),
  };
}

/**
 * Return the address that says this, relative to that of the page; what goes without saying is left out.
 * @param {Address} address
 */
export function addressOf({ user, filter, lang }) {
  const { show, tag, q, sort } = filter;
  const members = Object.entries({ user, show, tag, q, sort, lang });
  /** @type {Record<string, unknown>} */
  const usual = EVERYTHING;
  const said = members.filter(([name, value]) => value !== null && value !== usual[name]);
  // "" would be the address as it is, with its query.
  return said.length ? `?${new URLSearchParams(said.map(([name, value]) => [name, String(value)]))}` : "./";
}

/**
 * @template {string} T
 * @param {readonly T[]} known
 * @param {string | null} value
 */
function oneOf(known, value) {
  return known.find((each) => each === value) ?? null;
}
