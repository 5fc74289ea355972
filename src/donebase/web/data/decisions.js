/** What a person decides about writes that were refused or are in conflict. All functions leave what they get as it is. */

import { rebased } from "./merging.js";
import { newWrite } from "./writes.js";

/** @typedef {import("./writes.js").Write} Write */
/** @typedef {import("./copy.js").ServerTask} ServerTask */

/**
 * What was written here is to be, whatever the task is now.
 *
 * @param {Write[]} writes @param {string} key @param {ServerTask | null} current the task as the person sees it
 * @param {import("./writes.js").Members} [members] others instead of those that were written
 * @returns {Write[]}
 */
export function kept(writes, key, current, members) {
  return writes.map((write) => {
    if (write.key !== key) return write;
    const again = /** @type {const} */ ({ members: members ?? write.members, code: null, reason: null });
    return current ? { ...rebased(write, current), ...again } : { ...write, state: "waiting", ...again };
  });
}

/**
 * A task that was deleted is brought back, and then what was written is done to it.
 *
 * @param {Write[]} writes @param {Write} write
 * @param {number | null} change the deletion, if it has deleted nothing else
 * @param {ServerTask} gone the task as it was deleted
 */
export function broughtBack(writes, write, change, gone) {
  if (!writes.some(({ key, state }) => key === write.key && state !== "waiting")) return writes;
  const again = change ? undoing(write, change, gone) : anew(write, gone);
  return writes.flatMap((each) => {
    if (each.key === write.key) return again;
    const [{ task, key }] = again;
    return change || each.task !== write.task ? [each] : [{ ...each, task, madeBy: key, follows: key }];
  });
}

/** @param {Write} write @param {number} change @param {ServerTask} gone @returns {Write[]} */
function undoing(write, change, gone) {
  const effect = [{ task: write.task, put: gone }];
  const undo = newWrite(write.owner, "undo", {
    place: write.place - 0.5,
    change,
    effect,
    task: write.task,
    title: gone.title,
  });
  const before = Object.fromEntries(Object.entries(gone).filter(([name]) => name in write.members));
  return [undo, { ...write, follows: undo.key, before, state: "waiting", current: null }];
}

/** @param {Write} write @param {ServerTask} gone @returns {Write[]} */
function anew(write, { title, description, completed, due, priority, tags, order }) {
  const members = { title, description, completed, due, priority, tags, order, ...write.members };
  const { owner, place, inverse } = write;
  return [newWrite(owner, "create", { place, inverse, members, title, task: -Math.abs(write.task) })];
}
