/** What a form shows of an error that a request has thrown. */

import { Problem, SignedOut, Unreachable } from "../data/api.js";
import { instantWords } from "../locale.js";
import { t } from "../texts.js";

/**
 * What a form shows of an error: what is wrong with a field, by its name, and what is wrong in general.
 *
 * @typedef {{ fields: Record<string, string>, general: string | null }} Failure
 */

/** @type {Record<string, import("../texts.js").Name>} by the code of a field's error (docs/api.md) */
const OF_A_FIELD = {
  required: "field_required",
  blank: "field_required",
  too_long: "field_too_long",
  too_short: "password_too_short",
  common_password: "password_too_common",
  not_an_address: "not_an_address",
  nul_character: "field_not_text",
  not_unicode: "field_not_text",
  out_of_range: "token_needs_scope",
  in_the_past: "token_in_the_past",
  too_many_tokens: "too_many_tokens",
};

/**
 * Return what to show of an error that a request has thrown, in the language of the page where it is a known one.
 *
 * @param {unknown} error
 * @param {Record<number, Partial<Failure>>} [known] what a status means here
 * @returns {Failure}
 */
export function failureOf(error, known = {}) {
  if (error instanceof Unreachable) return { fields: {}, general: unreachable(error) };
  if (error instanceof SignedOut) return { fields: {}, general: t("session_ended") };
  if (!(error instanceof Problem)) {
    console.error(error);
    return { fields: {}, general: t("unknown_fault") };
  }
  const fields = Object.fromEntries(faultsOf(error).map(({ field, code, message }) => [field, wordsOf(code, message)]));
  if (Object.keys(fields).length) return { fields, general: null };
  return { fields: {}, general: null, ...(known[error.status] ?? { general: error.message }) };
}

/** @param {Problem} problem @returns {{ field: string, code: string, message: string }[]} */
const faultsOf = ({ problem }) => problem.errors ?? [];

/** @param {string} code @param {string} message */
const wordsOf = (code, message) => (code in OF_A_FIELD ? t(OF_A_FIELD[code]) : message);

/** @param {Unreachable} error */
function unreachable({ status, retryAfter }) {
  const when = () => instantWords(new Date(Date.now() + retryAfter * 1000).toISOString());
  if (status === 429) return t("too_many_attempts", { when: when() });
  if (retryAfter) return t("service_busy", { when: when() });
  return t(status ? "service_fails" : "service_away");
}
