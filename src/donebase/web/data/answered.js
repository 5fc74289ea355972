/** What an answer to a write means: for the writes that refer to it, and for what is shown. */

import { ownMembers } from "./merging.js";

/** @typedef {import("./writes.js").Write} Write */
/** @typedef {import("./copy.js").ServerTask} ServerTask */
/** @typedef {import("./writes.js").Answered} Answered */
/** @typedef {import("./writes.js").Settling} Settling */

/**
 * @param {Write} write
 * @param {import("./api.js").Answer | null} answer null where there was nothing to do
 * @returns {Answered}
 */
export function answeredBy(write, answer) {
  const [task] = write.kind === "clear" ? [] : tasksOf(answer).filter((each) => !write.task || isOf(write, each));
  return {
    key: write.key,
    id: task?.id ?? Math.max(write.task, 0),
    made: write.kind === "create" ? write.task : 0,
    version: task?.version ?? null,
    task: task ?? null,
    own: task ? ownMembers(write, task.id) : [],
    change: answer?.change ?? null,
    at: new Date().toISOString(),
  };
}

/**
 * @param {Write} write
 * @param {import("./api.js").Answer | null} answer
 * @returns {Settling | null} null where the answer shows nothing
 */
export function settlingBy({ key, owner, kind, task, cleared }, answer) {
  if (!answer) return null;
  const tasks = tasksOf(answer);
  const until = tasks.reduce((latest, { version }) => Math.max(latest, version), answer.change ?? 0);
  const removed = { remove: [task], clear: cleared, undo: answer.body.deleted ?? [] };
  const deleted = kind in removed ? removed[/** @type {keyof typeof removed} */ (kind)] : [];
  const made = kind === "create" ? task : 0;
  return { key, owner, until, made, tasks, deleted, completedOnly: kind === "clear" };
}

/** @param {import("./api.js").Answer | null} answer @returns {ServerTask[]} */
function tasksOf(answer) {
  const { body } = answer ?? {};
  return body?.id ? [body] : (body?.tasks ?? []);
}

/** @param {Write} write @param {ServerTask} task */
function isOf({ kind, task }, { id }) {
  return kind === "create" || task === id;
}
