/** What a write of this window has done, and why one was refused, in words. */

import { t } from "../texts.js";
import { known, memberNames } from "./member_words.js";

/** @typedef {import("../data/writes.js").Write} Write */

/**
 * What stands behind a write: an undo and a redo say what they undo and do again.
 *
 * @type {WeakMap<Write, { what: string, isDone: boolean }>}
 */
const told = new WeakMap();

/**
 * @param {Write} write of this window
 * @param {Write | null} undone what it takes back
 * @returns {{ text: string, isDone: boolean }} what it has done, and whether that can be undone: else it can be redone
 */
export function writtenWords(write, undone) {
  const before = undone && told.get(undone);
  const what = before?.what ?? whatOf(write);
  const isDone = !before?.isDone;
  told.set(write, { what, isDone });
  return { text: before ? t(isDone ? "redone" : "undone", { what }) : what, isDone };
}

/** @param {Write} write @returns {string} */
function whatOf({ kind, title, members, effect, inverse }) {
  const [only, ...others] = Object.keys(members);
  if (kind === "change" && only === "completed" && !others.length)
    return t(members.completed ? "written_done" : "written_open", { title });
  if (kind === "clear") return t("written_clear", { count: inverse.length });
  if (kind !== "undo") return t(`written_${kind}`, { title });
  if (effect.every((step) => step.put)) return title ? t("restored", { title }) : restoredWords(effect.length);
  return title ? t("put_back", { title }) : t("put_back_several", { count: effect.length });
}

/** @param {number} count */
const restoredWords = (count) => t("restored_several", { count });

/** @param {Write} write that was refused, or is in conflict @returns {string} what, and why */
export function refusedWords({ kind, state, code, reason, title, conflicts }) {
  const what = title || t("several_tasks");
  if (state === "conflict") return t("conflict_of", { what });
  if (kind !== "undo") return t("refused", { what, reason: reason ?? "" });
  if (code === "HISTORY_PRUNED") return t("undo_too_old", { what });
  if (code !== "UNDO_CONFLICT") return t("undo_refused", { what, reason: reason ?? "" });
  const names = known(conflicts.map(({ field }) => field));
  return names.length ? t("undo_conflict", { what, members: memberNames(names) }) : t("undo_conflict_gone", { what });
}
