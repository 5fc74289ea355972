/** Several lines that were pasted where one task is written: what they are to become is asked. */

import { t } from "../texts.js";
import { faultsOf, trimmed } from "../rules.js";
import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { faultWords } from "./faults.js";

const AT_MOST = 1_000; // as many as the service takes at once

/** @typedef {import("../data/writes.js").Members & { title: string }} NewTask */

/** @param {string} text @returns {string[]} its lines that have something on them */
export function linesOf(text) {
  return text.split(/\r\n?|\n/).filter((line) => trimmed(line) !== "");
}

/**
 * @param {string[]} lines
 * @param {{ add: (tasks: NewTask[]) => void, cancel: () => void }} choices
 */
export function pastedLines(lines, { add, cancel }) {
  const tasks = lines.map((line) => ({ title: trimmed(line) }));
  const [first, ...rest] = lines;
  const whole = { title: trimmed(first), description: rest.join("\n") };
  const escaped = (/** @type {KeyboardEvent} */ event) => event.key === "Escape" && cancel();
  return html`
    <div class="banner" role="group" aria-labelledby="pasted-lines" @keydown=${escaped}>
      <p id="pasted-lines">${t("pasted_lines", { count: lines.length })}</p>
      ${choice(t("add_lines", { count: lines.length }), faultOfEach(tasks), () => add(tasks))}
      ${choice(t("add_as_one"), faultWords(faultsOf(whole)[0]), () => add([whole]))}
      <button type="button" class="quiet" @click=${cancel}>${t("cancel")}</button>
    </div>
  `;
}

/** @param {string} label @param {string | null} fault @param {() => void} chosen */
function choice(label, fault, chosen) {
  return html`
    <button type="button" ?disabled=${fault !== null} @click=${chosen}>${label}</button>
    ${fault === null ? nothing : html`<span class="error">${fault}</span>`}
  `;
}

/** @param {NewTask[]} tasks @returns {string | null} */
function faultOfEach(tasks) {
  if (tasks.length > AT_MOST) return t("too_many_lines", { count: AT_MOST });
  const faults = tasks.map((task) => faultWords(faultsOf(task)[0]));
  const index = faults.findIndex((fault) => fault !== null);
  return index < 0 ? null : t("fault_in_line", { line: index + 1, fault: faults[index] ?? "" });
}
