/** What the service answers: a network that asks to sign in first also answers with 200. */

const isTask = (/** @type {any} */ body) =>
  Number.isInteger(body?.id) &&
  Number.isInteger(body.version) &&
  typeof body.title === "string" &&
  typeof body.completed === "boolean" &&
  typeof body.order === "number" &&
  Array.isArray(body.tags);

const isList = (/** @type {any} */ body) => Array.isArray(body) && body.every(isTask);

const isStep = (/** @type {any} */ body) => isList(body?.tasks) && Array.isArray(body.deleted);

/** @param {any} body of a task */
export const task = isTask;

/** @param {any} body of the list */
export const list = isList;

/** @param {any} body of `changes` */
export const changes = (body) => isStep(body) && Number.isInteger(body.latest) && typeof body.more === "boolean";

/** @param {any} body of an event */
export const event = (body) => isStep(body) && Number.isInteger(body.change);

/** @param {any} body of the history */
export const entries = (body) => Array.isArray(body) && body.every((each) => Number.isInteger(each?.change));

/** The answers to writes, by kind. @type {Record<import("./writes.js").Write["kind"], (body: any) => boolean>} */
export const answers = {
  create: isTask,
  change: isTask,
  move: isTask,
  remove: (body) => typeof body?.message === "string",
  clear: (body) => Number.isInteger(body?.deleted),
  undo: (body) => isStep(body) && (body.change === null || Number.isInteger(body.change)),
};
