/** What a person does with tasks. */

import { DisputedTasks } from "./disputed_tasks.js";
import { stepBack } from "./entries.js";
import { asSeen, referenceTo } from "./references.js";
import { UndoStack } from "./undo_stack.js";

/** @typedef {import("./writes.js").Task} Task */
/** @typedef {import("./writes.js").Write} Write */
/** @typedef {import("./writes.js").Members} Members */
/** @typedef {import("./references.js").Seen} Seen */
/** @typedef {import("./entries.js").Entry} Entry */

/** The tasks of one owner. A verb shows its effect at once and resolves when the write is stored. */
export class TaskStore extends DisputedTasks {
  #undoStack = this.#emptyStack();

  /** @param {Members & { title: string }} members @param {string | null} [draft] as `createAll` @returns {Promise<Write>} */
  async create(members, draft = null) {
    const [write] = await this.createAll([members], draft);
    return write;
  }

  /**
   * Create tasks, all or none.
   *
   * @param {(Members & { title: string })[]} all in order
   * @param {string | null} draft the name of the draft whose text they contain: once they are stored, there is none
   * @returns {Promise<Write[]>}
   */
  createAll(all, draft) {
    const [random] = crypto.getRandomValues(new Uint32Array(1));
    const last = -(Date.now() * 2 ** 10 + (random % 2 ** 10));
    const { order } = this.#lastPlace();
    const parts = all.map((members, index) => {
      const place = order && { order: order + index };
      return { task: last - index, title: members.title, members: { ...members, ...place } };
    });
    return this.writeAll("create", parts, draft);
  }

  /** Return what there is to be seen of a task now, for `change`. @param {number} key @returns {Seen} */
  seen(key) {
    return this.#reference(key);
  }

  /**
   * @param {number} key
   * @param {Members} members only those that differ from what the person has seen
   * @param {Seen} [seen] what the person has seen of the task; what is there now unless given
   * @param {string | null} [draft] as `createAll`
   * @returns {Promise<Write>}
   */
  async change(key, members, seen, draft = null) {
    const present = this.#reference(key, Object.keys(members));
    const parts = { ...(seen ? asSeen(present, seen) : present), members };
    const [write] = await this.writeAll("change", [parts], draft);
    return write;
  }

  /** @param {number} key @returns {Promise<Write>} */
  remove(key) {
    return this.write("remove", this.#reference(key));
  }

  /** @param {number} key @param {import("./writes.js").Target} target names keys @returns {Promise<Write>} */
  move(key, target) {
    const reference = this.#reference(key, []);
    if ("to" in target) return this.write("move", { ...reference, target });
    const { task, madeBy } = this.#reference("before" in target ? target.before : target.after, []);
    const place = "before" in target ? { before: task } : { after: task };
    return this.write("move", { ...reference, target: place, targetMadeBy: madeBy });
  }

  /** Delete all completed tasks, as one change. @returns {Promise<Write>} */
  clearCompleted() {
    const completed = this.all().filter((task) => task.completed);
    return this.write("clear", { cleared: completed.map((task) => task.id) });
  }

  get canUndo() {
    return this.#undoStack.canUndo;
  }

  get canRedo() {
    return this.#undoStack.canRedo;
  }

  /** Undo the last write of this window. @returns {Promise<Write | null>} as `undoWrite` */
  undo() {
    return this.#undoStack.undo();
  }

  /** Redo what was undone last in this window. @returns {Promise<Write | null>} as `undoWrite` */
  redo() {
    return this.#undoStack.redo();
  }

  /**
   * Undo one write of this window, or redo what it has undone.
   *
   * @param {Write} write
   * @returns {Promise<Write | null>} the undo; the write itself if it was given up, as the service has not taken it; null
   *   if there is nothing to undo
   */
  undoWrite(write) {
    return this.#undoStack.takeBack(write);
  }

  /** Undo a change of the history. @param {number} change @param {Entry[]} entries those of the change @returns {Promise<Write>} */
  undoChange(change, entries) {
    const [{ task_id, before }] = entries;
    const title = entries.length === 1 ? (this.get(this.keyOf(task_id))?.title ?? before?.title ?? "") : "";
    return this.write("undo", { change, title, effect: entries.map(stepBack) });
  }

  /** @param {Write["kind"]} kind @param {Partial<Write>} parts @param {Write} [undone] what it takes back @returns {Promise<Write>} */
  async write(kind, parts, undone) {
    const [write] = await this.writeAll(kind, [parts], null, undone);
    return write;
  }

  /** @override @param {Write} write @param {Write | null} undone */
  noted(write, undone) {
    this.#undoStack.written(write, undone);
    super.noted(write, undone);
  }

  /** @override @param {string} key @param {number | null} change */
  done(key, change) {
    if (change === null) this.#undoStack.forget(key);
  }

  /** @override */
  beganAnew() {
    this.#undoStack = this.#emptyStack();
    super.beganAnew();
  }

  /**
   * Return what a write says of a task that it is about. Throws where there is none.
   *
   * @param {number} key
   * @param {string[]} [names] of the members that it changes; all unless given
   */
  #reference(key, names) {
    const task = this.get(key);
    if (!task) throw new Error(`There is no task ${key}.`);
    const about = this.writes.filter((write) => write.task !== 0 && this.keyOf(write.task) === key);
    return referenceTo(task, about, names);
  }

  #emptyStack() {
    return new UndoStack({
      write: (parts, undone) => this.write("undo", parts, undone),
      giveUp: (write) => {
        const present = this.present(write);
        return present && present.state !== "waiting" ? this.discard(present) : null;
      },
    });
  }

  /** A new task is last: by its id, unless tasks were moved beyond that. @returns {Members} */
  #lastPlace() {
    let [order, id] = [0, 0];
    for (const task of this.copy.tasks.values()) [order, id] = [Math.max(order, task.order), Math.max(id, task.id)];
    if (order <= id) return {};
    for (const task of this.all()) order = Math.max(order, task.order);
    return { order: Math.floor(order) + 1 };
  }
}
