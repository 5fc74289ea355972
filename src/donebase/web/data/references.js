/** A write can refer to others that were not answered when it was made: to tasks that they create, versions and changes. */

/** @typedef {import("./writes.js").Write} Write */

/**
 * Return what a write says of the task that it is about: which one, and what the person has seen of it.
 *
 * @param {import("./writes.js").Task} task as the person has seen it
 * @param {Write[]} about the writes to it that were not answered yet, in order
 * @param {string[]} [names] of the members that it changes; all unless given
 */
export function referenceTo({ key: _, ...seen }, about, names) {
  const kept = Object.entries(seen).filter(([name]) => !names || names.includes(name));
  return {
    task: seen.id,
    title: seen.title,
    madeBy: about.find((write) => write.kind === "create")?.key ?? null,
    follows: about.at(-1)?.key ?? null,
    basis: seen.version || null,
    before: Object.fromEntries(kept),
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
  const names = Object.keys(present.before);
  return { ...present, follows, basis, before: Object.fromEntries(names.map((name) => [name, before[name]])) };
}

/** The write refers to one that was never carried out. */
export class Unresolved extends Error {}

/**
 * Return a write with ids and numbers in place of its references. Throws Unresolved.
 *
 * @param {Write} write
 * @param {import("./storage.js").Storage} storage has the answers
 * @returns {Promise<Write>}
 */
export async function resolve(write, storage) {
  const answerTo = async (/** @type {string} */ key) => {
    const answered = await storage.answerTo(write.owner, key);
    if (!answered) throw new Unresolved("It depends on a change that was not saved.");
    return answered;
  };
  const resolved = { ...write };
  if (write.madeBy && write.kind !== "create") resolved.task = (await answerTo(write.madeBy)).id;
  if (write.follows) resolved.basis = (await storage.answerTo(write.owner, write.follows))?.version ?? write.basis;
  if (write.targetMadeBy && write.target && !("to" in write.target)) {
    const { id } = await answerTo(write.targetMadeBy);
    resolved.target = "before" in write.target ? { before: id } : { after: id };
  }
  if (write.undoes) resolved.change = (await answerTo(write.undoes)).change;
  if (write.kind === "undo" && !resolved.change) throw new Unresolved("There is nothing to undo.");
  return resolved;
}
