/**
 * What the service takes (src/donebase/core/text.py, due.py, shapes.py): what is wrong with a text or a member is known
 * here before it is sent. A test compares the rules for text with those of the service for every character.
 */

/** The greatest numbers of characters, and of tags. A character is a code point. */
export const LIMITS = { title: 500, description: 5_000, tag: 50, tags: 20 };

/**
 * What is wrong with a member, as the service says it (docs/api.md): `field` begins with the name of the member. The
 * message is the service's, for a fault that is not known here.
 *
 * @typedef {{ field: string, code: string, message?: string }} Fault
 */

// White space as Python strips it; that of JavaScript is another.
const AROUND = /^[\p{White_Space}\x1c-\x1f]+|[\p{White_Space}\x1c-\x1f]+$/gu;
const VISIBLE =
  /[^\p{Z}\p{Cc}\p{Cf}\p{Cs}\p{Co}\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2065\u2800\u3164\ufdd0-\ufdef\ufe00-\ufe0f\uffa0\ufff0-\ufff8\u{e0000}-\u{e0fff}\p{Noncharacter_Code_Point}]/u;
const DATE = /^(?!0000)\d{4}-\d\d-\d\d$/;

/** Return a text without the white space around it, as the service stores titles and tags. @param {string} text */
export function trimmed(text) {
  return text.replace(AROUND, "");
}

/** Return the number of characters. @param {string} text */
export function lengthOf(text) {
  let length = 0;
  for (const _ of text) length++;
  return length;
}

/**
 * Return what is wrong with a text that is stored as it is.
 *
 * @param {string} text @param {number} atMost
 * @returns {string | null} the code
 */
export function faultOfAnyText(text, atMost) {
  if (text.includes("\0")) return "nul_character";
  if (/\p{Cs}/u.test(text)) return "not_unicode";
  return text.length > atMost && lengthOf(text) > atMost ? "too_long" : null;
}

/**
 * Return what is wrong with a text that is trimmed and has to be seen.
 *
 * @param {string} text @param {number} atMost
 * @returns {string | null} the code
 */
export function faultOfVisibleText(text, atMost) {
  return faultOfAnyText(trimmed(text), atMost) ?? (VISIBLE.test(text) ? null : "blank");
}

/**
 * Return what is wrong with the members of a task.
 *
 * @param {import("./data/writes.js").Members} members
 * @returns {Fault[]}
 */
export function faultsOf({ title, description, due, tags }) {
  const codes = {
    title: title === undefined ? null : faultOfVisibleText(title, LIMITS.title),
    description: faultOfAnyText(description ?? "", LIMITS.description),
    due: due && !DATE.test(due.date) ? (due.date ? "invalid_date" : "needs_date") : null,
    tags: tags ? faultOfTags(tags) : null,
  };
  return Object.entries(codes).flatMap(([field, code]) => (code ? [{ field, code }] : []));
}

/** @param {string[]} tags @returns {string | null} */
function faultOfTags(tags) {
  if (tags.length > LIMITS.tags) return "too_many";
  const code = tags.map((tag) => faultOfVisibleText(tag, LIMITS.tag)).find(Boolean) ?? null;
  return code ?? (new Set(tags).size < tags.length ? "repeated_tag" : null);
}
