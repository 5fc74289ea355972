// The language of the page. The texts themselves are in messages.js.

import { messages } from "./messages.js";

/** @typedef {keyof typeof messages} Name */
/** @typedef {{tag: "en" | "ar", name: string, direction: "ltr" | "rtl"}} Language */

/** @type {readonly Language[]} The languages of the page, each by its own name. The first where none is known. */
export const languages = [
  { tag: "en", name: "English", direction: "ltr" },
  { tag: "ar", name: "العربية", direction: "rtl" },
];

let present = languages[0];
/** @type {string} */
let locale = present.tag;
let plurals = new Intl.PluralRules(locale);
let numbers = new Intl.NumberFormat(locale);

/** Return the tag of the language of the page. */
export function language() {
  return present.tag;
}

/**
 * Return the locale by which dates and numbers are written: the language of the page, as it is written where the person
 * is. English is then written with the hours of Germany in a German browser, and no sentence is in two languages.
 */
export function personLocale() {
  return locale;
}

/**
 * Make a language that of the page; without a tag, or with an unknown one, the first of the browser's that there is.
 * @param {string | null} [tag]
 */
export function setLanguage(tag) {
  const wanted = [tag, ...navigator.languages].map((each) => each?.split("-")[0]);
  present = wanted.map((each) => languages.find((known) => known.tag === each)).find(Boolean) ?? languages[0];
  locale = localeOf(present.tag, navigator.language);
  plurals = new Intl.PluralRules(locale);
  numbers = new Intl.NumberFormat(locale);
  document.documentElement.lang = present.tag;
  document.documentElement.dir = present.direction;
}

/**
 * @param {Language["tag"]} tag
 * @param {string} browser
 */
function localeOf(tag, browser) {
  try {
    const own = new Intl.Locale(browser);
    if (own.language === tag) return browser;
    const { hourCycle } = new Intl.DateTimeFormat(browser, { hour: "numeric" }).resolvedOptions();
    return new Intl.Locale(tag, { region: own.maximize().region, hourCycle }).toString();
  } catch {
    return tag; // browsers have names of their own, such as en-US@posix
  }
}

/**
 * Return a text in the language of the page, with values in the place of `{name}`; `count` decides about the plural.
 * Digits are written as the locale writes them.
 * @param {Name} name
 * @param {Record<string, string | number>} [values]
 */
export function t(name, values = {}) {
  const message = messages[name]?.[present.tag];
  // The page goes on with the name in its place; a test fails where the console has an error.
  if (message === undefined) return complain(`No text is named ${name}.`, name);
  const text = typeof message === "string" ? message : pluralOf(message, values.count);
  return text.replace(/\{(\w+)\}|\d+/g, (found, each) => {
    if (!each) return numbers.format(Number(found));
    return values[each] === undefined ? complain(`${name} needs {${each}}.`, found) : written(values[each]);
  });
}

/**
 * @param {Partial<Record<Intl.LDMLPluralRule, string>>} forms
 * @param {string | number} count
 */
function pluralOf(forms, count) {
  return forms[plurals.select(Number(count))] ?? forms.other ?? "";
}

// Letters that are written from right to left, and marks that change the direction.
const RIGHT_TO_LEFT =
  /[\u0590-\u08ff\u200f\u202a-\u202e\u2066-\u2069\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;

/** @param {string | number} value */
function written(value) {
  if (typeof value === "number") return numbers.format(value);
  return present.direction === "rtl" || RIGHT_TO_LEFT.test(value) ? isolated(value) : value;
}

/**
 * Return a value apart from its sentence, so that neither changes the order in which the other is shown. It runs as its
 * first letter does: a browser would not look for that in the values that have become a part of this one.
 * @param {string} value
 */
function isolated(value) {
  const letter = /\p{L}/u.exec(value)?.[0];
  const runsLeft = letter ? RIGHT_TO_LEFT.test(letter) : present.direction === "rtl";
  return `${runsLeft ? "\u2067" : "\u2066"}${value}\u2069`;
}

/**
 * @param {string} fault
 * @param {string} text
 */
function complain(fault, text) {
  console.error(fault);
  return text;
}
