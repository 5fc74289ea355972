/** What a write is: the request of each kind, and its effect on the tasks until it is answered. */

/** @typedef {import("./copy.js").ServerTask} ServerTask */
/** @typedef {ServerTask & { key: number }} Task a task in this window, and its name here: see tasks.js */
/** @typedef {Partial<Pick<ServerTask, "title" | "description" | "completed" | "due" | "priority" | "tags" | "order">>} Members */
/** @typedef {{ before: number } | { after: number } | { to: "first" | "last" }} Target the tasks are ids */

/**
 * A step of an effect on one task: `put` makes the task whole again, `members` changes some, neither removes it.
 *
 * @typedef {{ task: number, put?: ServerTask, members?: Partial<ServerTask> }} Step
 */

/**
 * A write that is not answered yet. Where it refers to another that is not answered either, it has its `key`; with the
 * answer to that one, an id or a number takes its place.
 *
 * @typedef {object} Write
 * @property {number} place the order of all writes; given by the storage
 * @property {string} owner
 * @property {string} key the Idempotency-Key
 * @property {"create" | "change" | "remove" | "move" | "clear" | "undo"} kind
 * @property {string} at when it was made (RFC 3339)
 * @property {number} task its id; negative for a task that `madeBy` creates; 0 for none or several
 * @property {string} title of the task when it was written; "" for none or several
 * @property {string | null} madeBy the write that creates the task
 * @property {number | null} basis the version that the person has seen
 * @property {string | null} follows the write before it to the same task: the version after that one is the basis
 * @property {Members} members what create and change send
 * @property {Partial<ServerTask>} before what the person has seen of these members; of a task that is removed, all
 * @property {Target | null} target where move puts it
 * @property {string | null} targetMadeBy the write that creates the task of the target
 * @property {number[]} cleared the tasks that the person has seen go by clear
 * @property {number | null} change what undo undoes
 * @property {string | null} undoes the write that undo undoes
 * @property {Step[]} effect of undo
 * @property {Step[]} inverse what would take back its own effect
 * @property {number | null} sentAt the change that the copy was at when it was sent first; null before
 * @property {"waiting" | "conflict" | "refused"} state
 * @property {ServerTask | null} current of a conflict: the task as it is; null where it was deleted
 * @property {string | null} code of a refusal: the problem's
 * @property {string | null} reason of a refusal: the problem's detail
 * @property {{ task_id: number, field: string }[]} conflicts of a refused undo: what has changed since
 */

/**
 * What is kept of an answer, for the writes that refer to it.
 *
 * @typedef {object} Answered
 * @property {string} key of the write
 * @property {number} id of the task; 0 if it was none or several
 * @property {number} made its former id, if it was created; else 0
 * @property {number | null} version of the task
 * @property {ServerTask | null} task as it then was
 * @property {string[]} own the members of it that the write has changed
 * @property {number | null} change its number; null if nothing was changed
 * @property {string} at when it came (RFC 3339)
 */

/**
 * What an answer shows until the copy is at its number.
 *
 * @typedef {object} Settling
 * @property {string} key of the write
 * @property {string} owner
 * @property {number} until
 * @property {number} made the former id of a task that was created; 0 for none
 * @property {ServerTask[]} tasks
 * @property {number[]} deleted
 * @property {boolean} completedOnly whether only those of the deleted are gone that are completed
 */

/** Return a name that no other write has. */
export function newKey() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * @param {string} owner
 * @param {Write["kind"]} kind
 * @param {Partial<Write>} parts
 * @returns {Write} without a place
 */
export function newWrite(owner, kind, parts) {
  const nothing = {
    place: 0,
    task: 0,
    title: "",
    madeBy: null,
    basis: null,
    follows: null,
    members: {},
    before: {},
    target: null,
  };
  const open = {
    targetMadeBy: null,
    cleared: [],
    change: null,
    undoes: null,
    effect: [],
    inverse: [],
    sentAt: null,
    current: null,
    code: null,
    reason: null,
    conflicts: [],
  };
  const state = /** @type {const} */ ("waiting");
  const { place: _, ...write } = {
    ...nothing,
    ...open,
    state,
    owner,
    kind,
    key: newKey(),
    at: new Date().toISOString(),
    ...parts,
  };
  return /** @type {Write} */ (write);
}

/**
 * @param {Write} write whose references are resolved: `task` and `target` are ids, `basis` and `change` numbers
 * @returns {{ method: string, path: string, body?: unknown, version?: number | null }}
 */
export function requestOf({ kind, task, members, target, basis, change }) {
  const path = `tasks/${task}`;
  switch (kind) {
    case "create":
      return { method: "POST", path: "tasks", body: members };
    case "change":
      return { method: "PATCH", path, body: members, version: basis };
    case "remove":
      return { method: "DELETE", path, version: basis };
    case "move":
      return { method: "POST", path: `${path}/move`, body: target, version: basis };
    case "clear":
      return { method: "DELETE", path: "tasks?completed=true" };
    case "undo":
      return { method: "POST", path: `history/${change}/undo` };
  }
}
