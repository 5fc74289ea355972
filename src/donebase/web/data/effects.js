/** What a write is expected to do to the tasks, shown until the service has answered, and what would take that back. */

import { byCreation } from "../filters.js";

/** @typedef {import("./copy.js").ServerTask} ServerTask */
/** @typedef {import("./writes.js").Task} Task */
/** @typedef {import("./writes.js").Write} Write */
/** @typedef {import("./writes.js").Step} Step */
/** @typedef {import("./writes.js").Target} Target */

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
  else if (write.kind === "clear") clear(tasks, write.cleared.map(keyOf));
  else if (write.kind === "undo") for (const step of write.effect) take(tasks, step, keyOf(step.task));
  else if (write.kind === "remove") tasks.delete(key);
  else if (task && write.kind === "change") tasks.set(key, changed(task, write));
  else if (task && write.target) tasks.set(key, { ...task, order: orderAt(tasks, key, write.target, keyOf) });
}

/** Remove those of these tasks that are completed still. @param {Map<number, Task>} tasks @param {number[]} keys */
export function clear(tasks, keys) {
  for (const key of keys) if (tasks.get(key)?.completed) tasks.delete(key);
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
  const order = [...tasks.values()].reduce((most, each) => Math.max(most, each.order), 0) + 1;
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
 * Return what would take back the effect of a write on the tasks in a map.
 *
 * @param {Write} write
 * @param {Map<number, Task>} tasks by key
 * @param {(id: number) => number} keyOf the key of a task in this window
 * @returns {Step[]}
 */
export function inverseOf(write, tasks, keyOf) {
  const after = new Map(tasks);
  applyWrite(after, write, keyOf);
  return difference(after, tasks);
}

/**
 * Return the steps that make one state of the tasks of another, for those that differ.
 *
 * @param {Map<number, Task>} from @param {Map<number, Task>} to
 * @returns {Step[]}
 */
function difference(from, to) {
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
