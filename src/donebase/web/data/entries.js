/** The history of tasks, as the service tells it. */

/** @typedef {import("./copy.js").ServerTask} ServerTask */

/**
 * A row of the history: what a change did to one task.
 *
 * @typedef {object} Entry
 * @property {number} change
 * @property {number} task_id
 * @property {"created" | "changed" | "deleted"} action
 * @property {string} at RFC 3339
 * @property {Partial<ServerTask> | null} before the members that moved; of a deleted task all
 * @property {Partial<ServerTask> | null} after the members that moved; of a created task all
 */

/**
 * @param {import("./api.js").Api} api
 * @param {string} address of the history, or of one of its pages
 * @returns {Promise<{ entries: Entry[], next: string | null }>} newest first, and the address of the next page
 */
export async function entriesAt(api, address) {
  const { body, next } = await api.send("GET", address);
  return { entries: body, next };
}

/** Return what takes a row back. @param {Entry} entry @returns {import("./writes.js").Step} */
export function stepBack({ task_id: task, action, before }) {
  if (action === "created") return { task };
  const was = /** @type {ServerTask} */ (before);
  return action === "deleted" ? { task, put: was } : { task, members: was };
}
