/** A write can refer to others that were not answered when it was made: to tasks that they create, versions and changes. */

import { contested, picked } from "./merging.js";

/** @typedef {import("./writes.js").Write} Write */
/** @typedef {import("./writes.js").Answered} Answered */

/**
 * Return what a write says of the task that it is about: which one, and what the person has seen of it.
 *
 * @param {import("./writes.js").Task} task as the person has seen it
 * @param {Write[]} about the writes to it that are not answered yet, in order
 * @param {string[]} [names] of the members that it changes; all unless given
 */
export function referenceTo({ key: _, ...seen }, about, names = Object.keys(seen)) {
  return {
    task: seen.id,
    title: seen.title,
    madeBy: about.find((write) => write.kind === "create")?.key ?? null,
    follows: about.findLast((write) => write.state !== "refused")?.key ?? null,
    basis: seen.version || null,
    before: picked(seen, names),
  };
}

/** @typedef {ReturnType<typeof referenceTo>} Seen a task as a person has seen it at a moment; it can be stored */

/**
 * Return a reference to a task with what the person has seen of it earlier: what somebody else has changed between is
 * then found by the service, and not taken for seen.
 *
 * @param {Seen} present
 * @param {Seen} seen
 * @returns {Seen}
 */
export function asSeen(present, { follows, basis, before }) {
  return { ...present, follows, basis, before: picked(before, Object.keys(present.before)) };
}

/** @param {Write} write @returns {string[]} the keys of the writes that it needs an answer to */
export function referencesOf({ madeBy, follows, targetMadeBy, undoes }) {
  return [madeBy, follows, targetMadeBy, undoes].filter((key) => key !== null);
}

/**
 * Return the writes that are sent without a decision of the person: neither those in conflict, nor what waits for them.
 *
 * @param {Write[]} writes in order
 */
export function unhindered(writes) {
  const held = new Set();
  return writes.filter((write) => {
    const isFree = write.state === "waiting" && !referencesOf(write).some((key) => held.has(key));
    if (!isFree) held.add(write.key);
    return isFree;
  });
}

/**
 * Return a write with what an answer says in place of its references to the write that was answered.
 *
 * @param {Write} write
 * @param {Answered} answered
 * @returns {Write}
 */
export function resolved(write, answered) {
  const { key, id, made, change } = answered;
  const named = made ? namedBy(write) : [];
  if (!named.includes(made) && !referencesOf(write).includes(key)) return write;
  const next = { ...write };
  if (made) {
    const idOf = (/** @type {number} */ task) => (task === made ? id : task);
    const renamed = (/** @type {import("./writes.js").Step} */ step) => ({ ...step, task: idOf(step.task) });
    next.effect = write.effect.map(renamed);
    next.inverse = write.inverse.map(renamed);
    next.cleared = write.cleared.map(idOf);
    next.task = idOf(write.task);
  }
  if (write.madeBy === key) Object.assign(next, { task: id, madeBy: null });
  if (write.targetMadeBy === key && write.target) {
    next.target = "before" in write.target ? { before: id } : { after: id };
    next.targetMadeBy = null;
  }
  if (write.undoes === key) Object.assign(next, { change, undoes: null });
  return write.follows === key ? following(next, answered) : next;
}

/** @param {Write} write @returns {number[]} the ids of the tasks that it has to do with */
function namedBy({ task, cleared, effect, inverse }) {
  return [task, ...cleared, ...effect.map((step) => step.task), ...inverse.map((step) => step.task)];
}

/**
 * The version after the write before it is the basis of a write, unless the answer shows what its person has not seen:
 * that one may have been merged with what somebody else has written.
 *
 * @param {Write} write @param {Answered} answered
 * @returns {Write}
 */
function following(write, { version, task, own }) {
  const next = { ...write, follows: null, basis: version ?? write.basis };
  if (!task) return next;
  next.before = { ...next.before, ...picked(picked(task, own), Object.keys(next.before)) };
  return contested(next, task).length ? { ...next, state: "conflict", current: task } : next;
}

/**
 * Return writes without one that is given up, and without those that mean nothing without it. Others that follow it are
 * as if it had never been written.
 *
 * @param {Write[]} writes
 * @param {string} key
 * @returns {Write[]}
 */
export function without(writes, key) {
  const gone = writes.find((write) => write.key === key);
  if (!gone) return writes;
  const rest = writes.filter((write) => write !== gone).map((write) => skipping(write, gone));
  const needs = (/** @type {Write} */ { madeBy, targetMadeBy, undoes }) => [madeBy, targetMadeBy, undoes].includes(key);
  return rest.filter(needs).reduce((left, write) => without(left, write.key), rest);
}

/**
 * Return whether the last word about a write, which was not answered, is an undo.
 *
 * @param {Write[]} writes
 * @param {string} key
 * @returns {boolean}
 */
export function isTakenBack(writes, key) {
  const undo = writes.find((write) => write.undoes === key);
  return undo !== undefined && !isTakenBack(writes, undo.key);
}

/** Return a write as if another to the same task had never been written. @param {Write} write @param {Write} gone */
export function skipping(write, gone) {
  if (write.follows !== gone.key) return write;
  const seen = gone.kind === "change" ? picked(gone.before, Object.keys(write.before)) : {};
  return { ...write, follows: gone.follows, before: { ...write.before, ...seen } };
}
