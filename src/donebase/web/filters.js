// Which tasks are shown, and in which order: as lists of the service are filtered and sorted (docs/api.md, "Lists").

import { isOverdue, isToday, personZone } from "./due.js";
import { fold } from "./folding.js";

export { fold };

/** @import { Filter } from "./address.js" */
/** @import { Task } from "./data/tasks.js" */

/**
 * Return the tasks that a filter names, in its order: for `created` that is the newest first. A task that is done is not
 * overdue. Tasks are taken to be immutable: what is folded of one is remembered.
 * @param {Iterable<Task>} tasks
 * @param {Filter} filter
 * @returns {Task[]}
 */
export function shown(tasks, filter, now = new Date()) {
  const found = [];
  const isShown = filterTest(filter, now);
  for (const task of tasks) if (isShown(task)) found.push(task);
  return inOrder(found, filter.sort);
}

/**
 * Return the test whether a filter names a task.
 * @param {Filter} filter
 * @returns {(task: Task) => boolean}
 */
export function filterTest({ show, tag, q }, now = new Date()) {
  const words = wordsOf(q);
  const isShown = stateTest(show, now);
  return (task) => isShown(task) && (tag === null || task.tags.includes(tag)) && hasWords(task, words);
}

/**
 * @param {Filter["show"]} show
 * @param {Date} now
 * @returns {(task: Task) => boolean}
 */
function stateTest(show, now) {
  const zone = personZone();
  return {
    all: () => true,
    open: (/** @type {Task} */ task) => !task.completed,
    done: (/** @type {Task} */ task) => task.completed,
    overdue: (/** @type {Task} */ task) => !task.completed && isOverdue(task.due, now, zone),
    today: (/** @type {Task} */ task) => isToday(task.due, now, zone),
  }[show];
}

/** @type {WeakMap<Task, string[]>} */
const searchable = new WeakMap();

/** @param {Task} task */
function textsOf(task) {
  let texts = searchable.get(task);
  if (!texts) {
    texts = [task.title, task.description ?? "", ...task.tags].map(fold);
    searchable.set(task, texts);
  }
  return texts;
}

/** @param {string} q */
function wordsOf(q) {
  // Decomposed, as folding does it, and with white space as Python has it: so the service separates the words of a request.
  return q
    .normalize("NFKD")
    .split(/[\p{White_Space}\x1c-\x1f]+/u)
    .map(fold);
}

/**
 * @param {Task} task
 * @param {string[]} words
 */
function hasWords(task, words) {
  return words.every((word) => word === "" || textsOf(task).some((text) => text.includes(word)));
}

/**
 * Return tasks in an order; they may be sorted in place.
 * @param {Task[]} tasks
 * @param {Filter["sort"]} sort
 */
function inOrder(tasks, sort) {
  if (sort === "created") return tasks.sort((one, other) => byCreation(other, one));
  const keyed = tasks.map((task) => ({ task, key: KEYS[sort](task) }));
  keyed.sort((one, other) => compare(one.key, other.key) || byCreation(one.task, other.task));
  return keyed.map(({ task }) => task);
}

const RANKS = { high: 1, medium: 2, low: 3 };

/** @type {Record<Exclude<Filter["sort"], "created">, (task: Task) => string | number | null>} */
const KEYS = {
  order: (task) => task.order,
  due: ({ due }) => due && `${due.date}${due.time === null ? "~" : `T${due.time}`}`,
  priority: ({ priority }) => priority && RANKS[priority],
  title: (task) => start(textsOf(task)[0]),
};

/**
 * Return the part of a folded title by which it is sorted.
 * @param {string} title
 */
function start(title) {
  return title.length > 500 ? [...title].slice(0, 500).join("") : title;
}

/**
 * Compare two keys: numbers, or texts by code points; null comes last.
 * @param {string | number | null} one
 * @param {string | number | null} other
 */
function compare(one, other) {
  if (one === other) return 0;
  if (one === null || other === null) return one === null ? 1 : -1;
  if (typeof one === "string" && typeof other === "string") return byCodePoints(one, other);
  return one < other ? -1 : 1;
}

/**
 * @param {string} one
 * @param {string} other
 */
function byCodePoints(one, other) {
  const length = Math.min(one.length, other.length);
  let i = 0;
  while (i < length && one.charCodeAt(i) === other.charCodeAt(i)) i++;
  return i === length ? one.length - other.length : rank(one.charCodeAt(i)) - rank(other.charCodeAt(i));
}

/**
 * Return a code unit such that surrogates, which make the greatest code points, come last.
 * @param {number} unit
 */
function rank(unit) {
  return unit >= 0xe000 ? unit - 0x800 : unit >= 0xd800 ? unit + 0x2000 : unit;
}

/**
 * Compare by creation. The service has not seen tasks with a negative id: they are the youngest, the greater the older.
 * @param {Task} one
 * @param {Task} other
 */
export function byCreation({ id: one }, { id: other }) {
  return one > 0 && other > 0 ? one - other : other - one;
}
