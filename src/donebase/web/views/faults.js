/** What is wrong with a member of a task, in words. */

import { LIMITS } from "../rules.js";
import { t } from "../texts.js";
import { html, nothing } from "../vendor/lit-html/lit-html.js";

/** @typedef {import("../rules.js").Fault} Fault */

/** @type {Record<string, import("../texts.js").Name>} by the code of the fault, as the service has it */
const WORDS = {
  blank: "fault_blank",
  required: "fault_blank",
  nul_character: "field_not_text",
  not_unicode: "field_not_text",
  invalid_date: "fault_date",
  needs_date: "fault_no_date",
  unknown_time_zone: "fault_time_zone",
  repeated_tag: "fault_repeated_tag",
  too_many: "fault_too_many_tags",
};

/**
 * Return what is wrong in the language of the page, or in the service's words where it is not known here.
 *
 * @param {Fault | undefined} fault
 * @returns {string | null} null without a fault
 */
export function faultWords(fault) {
  if (!fault) return null;
  const { field, code, message } = fault;
  if (code === "too_long") return t("fault_too_long", { count: longest(field) });
  if (code in WORDS) return t(WORDS[code], { count: LIMITS.tags });
  return message ?? t("unknown_fault");
}

/**
 * Return what is wrong with a member.
 *
 * @param {{ faults: Fault[] }} form
 * @param {string} name
 * @returns {Fault | undefined}
 */
export function faultOf({ faults }, name) {
  return faults.find(({ field }) => new RegExp(`^${name}\\b`).test(field));
}

/**
 * Return what is wrong with a member, to stand by its control, whose `aria-describedby` is this id.
 *
 * @param {string} id
 * @param {Fault | undefined} fault
 */
export function faultBeside(id, fault) {
  return fault ? html`<p class="error" role="alert" id=${id}>${faultWords(fault)}</p>` : nothing;
}

/** @param {string} field such as `tags[3]` */
function longest(field) {
  if (field.startsWith("tags")) return LIMITS.tag;
  return field === "description" ? LIMITS.description : LIMITS.title;
}
