/** A write that is stored may refer to one that was answered meanwhile, perhaps to another window. */

import { referencesOf, resolved } from "./references.js";

/**
 * @param {import("./writes.js").Write} write
 * @param {(key: string) => Promise<import("./writes.js").Answered | undefined>} answerTo
 * @returns {Promise<import("./writes.js").Write>} with what the answers say in place of its references
 */
export async function linked(write, answerTo) {
  let next = write;
  for (const key of referencesOf(write)) {
    const answered = await answerTo(key);
    if (answered) next = resolved(next, answered);
  }
  return next;
}
