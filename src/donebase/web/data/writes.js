/** What a write is: the request of each kind, and its effect on the tasks until it is answered. */

import { byCreation } from "../filters.js";

/** @typedef {import("./copy.js").ServerTask} ServerTask */
/** @typedef {ServerTask & { key: number }} Task a task in this window, and its name here: see tasks.js */
/** @typedef {Partial<Pick<ServerTask, "title" | "description" | "completed" | "due" | "priority" | "tags">>} Members */
/** @typedef {{ before: number } | { after: number } | { to: "first" | "last" }} Target the tasks are ids */

/**
 * A step of an effect on one task: `put` makes the task whole again, `members` changes some, neither removes it.
 *
 * @typedef {{ task: number, put?: ServerTask, members?: Partial<ServerTask> }} Step
 */

/**
 * A write that is not answered yet. Where it refers to another that was not answered when it was made, it has its `key`.
 *
 * @typedef {object} Write
 * @property {number} place the order of all writes; given by the storage
 * @property {string} owner
 * @property {string} key the Idempotency-Key
 * @property {"create" | "change" | "remove" | "move" | "clear" | "undo"} kind
 * @property {string} at when it was made (RFC 3339)
 * @property {number} task its id; negative for a task that `madeBy` creates; 0 for none or several
 * @property {string | null} madeBy the write that creates the task
 * @property {number | null} basis the version that the person has seen
 * @property {string | null} follows the write of this window before it to the same task: its version is the basis
 * @property {Members} members what create and change send
 * @property {Partial<ServerTask>} before what the person has seen of these members
 * @property {Target | null} target where move puts it
 * @property {string | null} targetMadeBy the write that creates the task of the target
 * @property {number | null} change what undo undoes
 * @property {string | null} undoes the write that undo undoes
 * @property {Step[]} effect of undo
 * @property {Step[]} inverse what would take back its own effect
 * @property {"waiting" | "conflict" | "refused"} state
 * @property {ServerTask | null} current of a conflict: the task as it is; null where it was deleted
 * @property {string | null} code of a refusal: the problem's
 * @property {string | null} reason of a refusal: the problem's detail
 */

/**
 * What is kept of an answer: of the task, its id and version, and of the change its number; and when it came (RFC 3339).
 *
 * @typedef {{ id: number, version: number | null, change: number | null, at: string }} Answered
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
    madeBy: null,
    basis: null,
    follows: null,
    members: {},
    before: {},
    target: null,
  };
  const open = {
    targetMadeBy: null,
    change: null,
    undoes: null,
    effect: [],
    inverse: [],
    current: null,
    code: null,
    reason: null,
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

/**
 * Do to the tasks in a map, by key, what the service is expected to do.
 *
 * @param {Map<number, Task>} tasks
 * @param {Write} write
 * @param {(id: number) => number} keyOf the key of a task in this window
 */
export function applyWrite(tasks, write, keyOf) {
  const key = keyOf(write.task);
  const task = tasks.get(key);
  if (write.kind === "create") tasks.set(key, { ...blank(write, tasks), key });
  else if (write.kind === "clear") for (const each of [...tasks.values()]) each.completed && tasks.delete(each.key);
  else if (write.kind === "undo") for (const step of write.effect) take(tasks, step, keyOf(step.task));
  else if (write.kind === "remove") tasks.delete(key);
  else if (task && write.kind === "change") tasks.set(key, changed(task, write));
  else if (task && write.target) tasks.set(key, { ...task, order: orderAt(tasks, key, write.target, keyOf) });
}

/** @param {Map<number, Task>} tasks @param {Step} step @param {number} key */
function take(tasks, { put, members }, key) {
  const task = tasks.get(key);
  if (put) tasks.set(key, { ...put, key });
  else if (!members) tasks.delete(key);
  else if (task) tasks.set(key, { ...task, ...members });
}

/** @param {Write} write @param {Map<number, Task>} tasks @returns {ServerTask} */
function blank({ task, members, at }, tasks) {
  const order = Math.max(0, ...[...tasks.values()].map((each) => each.order)) + 1;
  const nothing = { description: null, completed: false, completed_at: null, due: null, priority: null, tags: [] };
  return { ...nothing, title: "", id: task, order, version: 0, created_at: at, updated_at: at, ...members };
}

/** @param {Task} task @param {Write} write @returns {Task} */
function changed(task, { members, at }) {
  const completed = members.completed ?? task.completed;
  const completed_at = completed ? (task.completed_at ?? at) : null;
  return { ...task, ...members, completed_at };
}

/**
 * @param {Map<number, Task>} tasks @param {number} key @param {Target} target @param {(id: number) => number} keyOf
 * @returns {number} the order of a task that is moved there
 */
function orderAt(tasks, key, target, keyOf) {
  const others = [...tasks.values()].filter((each) => each.key !== key).sort(byOrder);
  const last = others.length;
  const at = (/** @type {number} */ id) => others.findIndex((each) => each.key === keyOf(id));
  let place = "to" in target ? (target.to === "first" ? 0 : last) : -1;
  if ("before" in target) place = at(target.before);
  if ("after" in target) place = at(target.after) + 1;
  const [previous, next] = [others[place - 1]?.order, others[place]?.order];
  if (previous === undefined) return (next ?? 1) - 1;
  return next === undefined ? previous + 1 : (previous + next) / 2;
}

/** @param {Task} one @param {Task} other the order that a person has made; what is not saved yet follows its equals */
export function byOrder(one, other) {
  return one.order - other.order || byCreation(one, other);
}

/**
 * Return the steps that make one state of the tasks of another, for those that differ.
 *
 * @param {Map<number, Task>} from @param {Map<number, Task>} to
 * @returns {Step[]}
 */
export function difference(from, to) {
  /** @type {Step[]} */
  const steps = [];
  for (const [key, task] of from) {
    const wanted = to.get(key);
    if (!wanted) steps.push({ task: task.id });
    else if (wanted !== task) steps.push({ task: task.id, members: differing(task, wanted) });
  }
  for (const [key, { key: _, ...put }] of to) if (!from.has(key)) steps.push({ task: put.id, put });
  return steps;
}

/** @param {Task} from @param {Task} to @returns {Partial<ServerTask>} */
function differing(from, to) {
  const names = /** @type {(keyof ServerTask)[]} */ (Object.keys(to));
  return Object.fromEntries(names.filter((name) => from[name] !== to[name]).map((name) => [name, to[name]]));
}

/**
 * Return the members that a write and somebody else have both changed, and not to the same.
 *
 * @param {Write} write
 * @param {ServerTask} current the task as it is
 * @returns {string[]}
 */
export function contested({ kind, members, before }, current) {
  if (kind === "move") return [];
  const names =
    kind === "remove" ? ["title", "description", "completed", "due", "priority", "tags"] : Object.keys(members);
  const [present, seen, wanted] = [current, before, members].map(
    (each) => /** @type {Record<string, unknown>} */ (each),
  );
  return names.filter(
    (name) => !same(present[name], seen[name]) && (kind === "remove" || !same(present[name], wanted[name])),
  );
}

/** @param {unknown} one @param {unknown} other two JSON values, whose members may be in another order @returns {boolean} */
export function same(one, other) {
  if (one === other) return true;
  if (typeof one !== "object" || typeof other !== "object" || !one || !other) return false;
  const [left, right] = [one, other].map((each) => /** @type {Record<string, unknown>} */ (each));
  const names = Object.keys(left);
  return names.length === Object.keys(right).length && names.every((name) => same(left[name], right[name]));
}
