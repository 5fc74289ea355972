// How many tasks each choice of the filter bar would show.

import { SHOWS } from "./address.js";
import { filterTest } from "./filters.js";

/** @import { Filter, Show } from "./address.js" */
/** @import { Task } from "./data/tasks.js" */

/**
 * Return how many tasks there would be with each `show`, and with each tag of those tasks, if the rest of the filter
 * stays; and how many of all tasks are completed. The tags are sorted by their text; the present one is always there.
 * @param {Task[]} tasks
 * @param {Filter} filter
 * @returns {{ shows: Record<Show, number>, tags: [string, number][], completed: number }}
 */
export function facets(tasks, filter, now = new Date()) {
  const hasRest = filterTest({ ...filter, show: "all" }, now);
  const rest = tasks.filter(hasRest);
  const count = (/** @type {Show} */ show) =>
    rest.filter(filterTest({ ...filter, show, tag: null, q: "" }, now)).length;
  const shows = /** @type {Record<Show, number>} */ (Object.fromEntries(SHOWS.map((show) => [show, count(show)])));
  const tags = tagsOf(tasks.filter(filterTest({ ...filter, tag: null }, now)), filter.tag);
  return { shows, tags, completed: tasks.filter((task) => task.completed).length };
}

/** @param {Task[]} tasks @param {string | null} present @returns {[string, number][]} */
function tagsOf(tasks, present) {
  /** @type {Map<string, number>} */
  const counts = new Map(present === null ? [] : [[present, 0]]);
  for (const { tags } of tasks) for (const tag of tags) counts.set(tag, (counts.get(tag) ?? 0) + 1);
  return [...counts].sort(([one], [other]) => one.localeCompare(other));
}
