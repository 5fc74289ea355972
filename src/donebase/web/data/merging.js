/** A write meets a task that somebody else has changed since. */

/** @typedef {import("./copy.js").ServerTask} ServerTask */
/** @typedef {import("./writes.js").Write} Write */

const TEXT = ["title", "description", "completed", "due", "priority", "tags"];

/**
 * Return the members that a write and somebody else have both changed, and not to the same.
 *
 * @param {Write} write
 * @param {ServerTask} current the task as it is
 * @returns {string[]}
 */
export function contested({ kind, members, before }, current) {
  if (kind !== "change" && kind !== "remove") return [];
  const names = kind === "remove" ? TEXT : Object.keys(members);
  const [present, seen, wanted] = [current, before, members].map(
    (each) => /** @type {Record<string, unknown>} */ (each),
  );
  return names.filter(
    (name) => !same(present[name], seen[name]) && (kind === "remove" || !same(present[name], wanted[name])),
  );
}

/**
 * @param {unknown} one @param {unknown} other two JSON values, whose members may be in another order
 * @returns {boolean}
 */
export function same(one, other) {
  if (one === other) return true;
  if (typeof one !== "object" || typeof other !== "object" || !one || !other) return false;
  const [left, right] = [one, other].map((each) => /** @type {Record<string, unknown>} */ (each));
  const names = Object.keys(left);
  return names.length === Object.keys(right).length && names.every((name) => same(left[name], right[name]));
}

/**
 * Return a write as if the person had seen the task as it is now.
 *
 * @param {Write} write @param {ServerTask} current
 * @returns {Write}
 */
export function rebased(write, current) {
  return { ...write, basis: current.version, follows: null, before: current, state: "waiting", current: null };
}

/**
 * Return the members of a task that a write itself has changed.
 *
 * @param {Write} write @param {number} task its id
 * @returns {string[]}
 */
export function ownMembers({ kind, members, effect }, task) {
  const step = effect.find((each) => each.task === task);
  if (kind === "create" || step?.put) return TEXT;
  return kind === "change" ? Object.keys(members) : Object.keys(step?.members ?? {});
}

/**
 * Return those of an object's members that have one of these names.
 *
 * @param {object} from @param {string[]} names
 * @returns {Partial<ServerTask>}
 */
export function picked(from, names) {
  return Object.fromEntries(Object.entries(from).filter(([name]) => names.includes(name)));
}
