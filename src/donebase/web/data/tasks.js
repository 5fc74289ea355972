/** The tasks as the person sees them: the copy of the service's, and on top what was written here and not answered yet. */

import { Copy } from "./copy.js";
import { Follower } from "./follower.js";
import { applyWrite, difference } from "./effects.js";
import { Past, stepBack } from "./entries.js";
import { rebased } from "./merging.js";
import { Outbox } from "./outbox.js";
import { Projection } from "./projection.js";
import { asSeen, referenceTo } from "./references.js";
import { UndoStack } from "./undo_stack.js";
import { newWrite } from "./writes.js";

/** @typedef {import("./writes.js").Task} Task */
/** @typedef {import("./writes.js").Write} Write */
/** @typedef {import("./writes.js").Step} Step */
/** @typedef {import("./writes.js").Members} Members */
/** @typedef {import("./references.js").Seen} Seen */
/** @typedef {import("./api.js").Answer} Answer */

/** @typedef {import("./entries.js").Entry} Entry */

const A_WEEK = 7 * 24 * 60 * 60 * 1000; // milliseconds

/** The tasks of one owner. A verb shows its effect at once and resolves when the write is stored. */
export class TaskStore {
  #copy = new Copy();
  #outbox;
  #follower;
  #projection = new Projection(this.#copy);
  #undoStack = new UndoStack({
    write: (parts, undone) => this.#write("undo", parts, undone),
    giveUp: ({ key }) => this.#giveUp(key),
  });

  /**
   * @param {object} parts
   * @param {import("./api.js").Api} parts.api
   * @param {import("./storage.js").Storage} parts.storage
   * @param {string} parts.owner
   * @param {() => void} parts.changed is called when anything is to be shown differently
   * @param {(write: Write, undone: Write | null) => void} parts.written is told of each new write of this window, and
   *   of the one that it takes back
   * @param {(write: Write) => void} parts.refused is told of each refusal and conflict
   */
  constructor({ api, storage, owner, changed, written, refused }) {
    this.owner = owner;
    this.api = api;
    this.storage = storage;
    this.written = written;
    this.past = new Past(api, (key) => this.#projection.idOf(key));
    this.changed = () => {
      this.#projection.outdated();
      changed();
    };
    const parts = { api, storage, owner, changed: this.changed };
    this.#outbox = new Outbox({
      ...parts,
      refused: (write) => {
        if (!this.#written(write.key)) this.#undoStack.forget(write.key);
        refused(write);
      },
      answered: (write, answer) => this.#answered(write, answer),
    });
    this.#follower = new Follower({ ...parts, copy: this.#copy, changed: () => this.#followed() });
  }

  /** Show what this browser keeps, then follow the service. */
  async start() {
    const kept = await this.storage.readCopy(this.owner);
    if (kept) this.#copy.replace(kept.change, kept.tasks);
    void this.storage.forgetAnswers(new Date(Date.now() - A_WEEK).toISOString());
    await this.#outbox.load();
    void this.#follower.run();
  }

  stop() {
    this.#follower.stop();
    this.#outbox.stop();
  }

  /** @returns {import("./follower.js").Connection} */
  get connection() {
    if (this.#follower.connection === "live" && this.#outbox.failure) return "offline";
    return this.#follower.connection;
  }

  /** Whether there is a list to show, current or not. */
  get isKnown() {
    return this.#copy.change !== null;
  }

  /** The writes that were not answered yet, in order: waiting, in conflict, or refused. */
  get writes() {
    return this.#outbox.writes;
  }

  /** Try at once to reach the service. */
  retry() {
    this.#follower.retry();
    void this.#outbox.send();
  }

  /** @returns {Task[]} in any order */
  all() {
    return [...this.#tasks().values()];
  }

  /** @param {number} key @returns {Task | undefined} */
  get(key) {
    return this.#tasks().get(key);
  }

  /** @param {number} id @returns {number} the key of the task, deleted or not */
  keyOf(id) {
    return this.#projection.keyOf(id);
  }

  /** @param {Members & { title: string }} members @returns {Promise<Write>} */
  create(members) {
    const [random] = crypto.getRandomValues(new Uint32Array(1));
    return this.#write("create", {
      task: -(Date.now() * 2 ** 10 + (random % 2 ** 10)),
      title: members.title,
      members,
    });
  }

  /** Return what there is to be seen of a task now, for `change`. @param {number} key @returns {Seen} */
  seen(key) {
    return this.#reference(key);
  }

  /**
   * @param {number} key
   * @param {Members} members only those that differ from what the person has seen
   * @param {Seen} [seen] what the person has seen of the task; what is there now unless given
   * @returns {Promise<Write>}
   */
  change(key, members, seen) {
    const present = this.#reference(key, Object.keys(members));
    return this.#write("change", { ...(seen ? asSeen(present, seen) : present), members });
  }

  /** @param {number} key @returns {Promise<Write>} */
  remove(key) {
    return this.#write("remove", this.#reference(key));
  }

  /** @param {number} key @param {import("./writes.js").Target} target names keys @returns {Promise<Write>} */
  move(key, target) {
    const reference = this.#reference(key, []);
    if ("to" in target) return this.#write("move", { ...reference, target });
    const { task, madeBy } = this.#reference("before" in target ? target.before : target.after, []);
    const place = "before" in target ? { before: task } : { after: task };
    return this.#write("move", { ...reference, target: place, targetMadeBy: madeBy });
  }

  /** Delete all completed tasks, as one change. @returns {Promise<Write>} */
  clearCompleted() {
    return this.#write("clear", {});
  }

  get canUndo() {
    return this.#undoStack.canUndo;
  }

  get canRedo() {
    return this.#undoStack.canRedo;
  }

  /** Undo the last write of this window. @returns {Promise<Write | null>} the undo; null if the write was given up */
  undo() {
    return this.#undoStack.undo();
  }

  /** Redo what was undone last in this window. @returns {Promise<Write | null>} */
  redo() {
    return this.#undoStack.redo();
  }

  /**
   * Undo one write of this window, or redo what it has undone.
   *
   * @param {Write} write
   * @returns {Promise<Write | null>} the undo; null if that was done before, or the write was given up
   */
  undoWrite(write) {
    return this.#undoStack.takeBack(write);
  }

  /** Undo a change of the history. @param {number} change @param {Entry[]} entries those of the change @returns {Promise<Write>} */
  undoChange(change, entries) {
    const [{ task_id, before }] = entries;
    const title = entries.length === 1 ? (this.get(this.keyOf(task_id))?.title ?? before?.title ?? "") : "";
    return this.#write("undo", { change, title, effect: entries.map(stepBack) });
  }

  /** Decide a conflict: what was written here replaces what the task is now. @param {Write} write */
  keepMine({ place, current }) {
    return this.#outbox.update((writes) =>
      writes.map((each) => (each.place === place && current ? rebased(each, current) : each)),
    );
  }

  /** Decide a conflict, or a refusal: what was written here is given up. @param {Write} write */
  discard({ place, key, current }) {
    this.#undoStack.forget(key);
    const basis = current?.version;
    return this.#outbox.update((writes) =>
      writes
        .filter((each) => each.place !== place)
        .map((each) => (each.follows === key && basis ? { ...each, basis, follows: null } : each)),
    );
  }

  /** @param {string} key */
  #written(key) {
    return this.writes.find((write) => write.key === key);
  }

  /** @param {string} key */
  #giveUp(key) {
    const write = this.#written(key);
    return write && write.state !== "waiting" ? this.discard(write) : null;
  }

  /** @param {Write["kind"]} kind @param {Partial<Write>} parts @param {Write | null} [undone] what it takes back */
  async #write(kind, parts, undone = null) {
    const write = newWrite(this.owner, kind, parts);
    const before = this.#tasks();
    const after = new Map(before);
    applyWrite(after, write, this.#projection.keyOf);
    write.inverse = difference(after, before);
    this.#undoStack.written(write, undone);
    this.written(write, undone);
    await this.#outbox.add(write);
    return write;
  }

  /** @param {number} key @param {string[]} [names] */
  #reference(key, names) {
    const task = this.get(key);
    if (!task) throw new Error(`There is no task ${key}.`);
    const about = this.writes.filter((write) => write.task !== 0 && this.#projection.keyOf(write.task) === key);
    return referenceTo(task, about, names);
  }

  #tasks() {
    return this.#projection.tasks(this.writes);
  }

  /** @param {Write} write @param {Answer | null} answer */
  #answered(write, answer) {
    this.#undoStack.answered(write.key, answer?.change ?? null);
    this.#projection.answered(write, answer);
    this.changed();
  }

  #followed() {
    this.#projection.settle();
    if (this.#follower.connection === "live" && this.#outbox.failure) void this.#outbox.send();
    this.changed();
  }
}
