/** The tasks as the person sees them: the copy of the service's, and on top what was written here and not answered yet. */

import { Copy } from "./copy.js";
import { Follower } from "./follower.js";
import { Outbox, rebased } from "./outbox.js";
import { applyWrite, difference, newWrite } from "./writes.js";

/** @typedef {import("./writes.js").Task} Task */
/** @typedef {import("./writes.js").Write} Write */
/** @typedef {import("./writes.js").Step} Step */
/** @typedef {import("./writes.js").Members} Members */
/** @typedef {import("./api.js").Answer} Answer */

/**
 * A row of the history, as the API answers it.
 *
 * @typedef {{ change: number, task_id: number, action: "created" | "changed" | "deleted", at: string,
 *   before: Partial<import("./copy.js").ServerTask> | null, after: Partial<import("./copy.js").ServerTask> | null }} Entry
 */

const A_WEEK = 7 * 24 * 60 * 60 * 1000; // milliseconds

/** The tasks of one owner. A verb shows its effect at once and resolves when the write is stored. */
export class TaskStore {
  #copy = new Copy();
  #outbox;
  #follower;
  /** @type {Map<number, Task> | null} by key; null when it has to be made again */
  #view = null;
  /** @type {WeakMap<import("./copy.js").ServerTask, Task>} */
  #withKeys = new WeakMap();
  /** @type {Map<number, number>} the key of a task that was created here, by its id */
  #keys = new Map();
  /** @type {{ write: Write, change: number }[]} answered writes to many tasks that the copy does not contain yet */
  #settling = [];
  /** @type {Write[]} */
  #done = [];
  /** @type {Write[]} */
  #undone = [];
  /** @type {Map<string, number | null>} the change of each write of this window that was answered, by its key */
  #changes = new Map();

  /**
   * @param {object} parts
   * @param {import("./api.js").Api} parts.api
   * @param {import("./storage.js").Storage} parts.storage
   * @param {string} parts.owner
   * @param {() => void} parts.changed is called when anything is to be shown differently
   * @param {(write: Write) => void} parts.written is told of each new write of this window
   * @param {(write: Write) => void} parts.refused is told of each refusal and conflict
   */
  constructor({ api, storage, owner, changed, written, refused }) {
    this.owner = owner;
    this.api = api;
    this.storage = storage;
    this.written = written;
    this.changed = () => {
      this.#view = null;
      changed();
    };
    const parts = { api, storage, owner, changed: this.changed };
    this.#outbox = new Outbox({ ...parts, refused, answered: (write, answer) => this.#answered(write, answer) });
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

  /** @param {Members & { title: string }} members @returns {Promise<Write>} */
  create(members) {
    const [random] = crypto.getRandomValues(new Uint32Array(1));
    return this.#write("create", { task: -(Date.now() * 2 ** 10 + (random % 2 ** 10)), members });
  }

  /** @param {number} key @param {Members} members only those that differ from what the person has seen @returns {Promise<Write>} */
  change(key, members) {
    return this.#write("change", { ...this.#reference(key, Object.keys(members)), members });
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
    return this.#done.length > 0;
  }

  get canRedo() {
    return this.#undone.length > 0;
  }

  /** Undo the last write of this window. */
  async undo() {
    const write = this.#done.pop();
    if (write) this.#undone.push(await this.undoWrite(write));
  }

  /** Redo what was undone last in this window. */
  async redo() {
    const write = this.#undone.pop();
    if (write) this.#done.push(await this.undoWrite(write));
  }

  /** Undo one write of this window. @param {Write} write @returns {Promise<Write>} the undo */
  async undoWrite(write) {
    this.#done = this.#done.filter((each) => each.key !== write.key);
    const change = this.#changes.get(write.key) ?? null;
    return this.#write("undo", { change, undoes: change ? null : write.key, effect: write.inverse });
  }

  /** Undo a change of the history. @param {number} change @param {Entry[]} entries those of the change @returns {Promise<Write>} */
  undoChange(change, entries) {
    const effect = entries.map(({ task_id: task, action, before }) => {
      if (action === "created") return { task };
      const was = /** @type {import("./copy.js").ServerTask} */ (before);
      return action === "deleted" ? { task, put: was } : { task, members: was };
    });
    return this.#write("undo", { change, effect });
  }

  /** Decide a conflict: what was written here replaces what the task is now. @param {Write} write */
  keepMine({ place, current }) {
    return this.#outbox.update((writes) =>
      writes.map((each) => (each.place === place && current ? rebased(each, current) : each)),
    );
  }

  /** Decide a conflict, or a refusal: what was written here is given up. @param {Write} write */
  discard({ place, key, current }) {
    this.#done = this.#done.filter((each) => each.key !== key);
    const basis = current?.version;
    return this.#outbox.update((writes) =>
      writes
        .filter((each) => each.place !== place)
        .map((each) => (each.follows === key && basis ? { ...each, basis, follows: null } : each)),
    );
  }

  /** @param {number} key @param {string} [address] of the next page @returns {Promise<{ entries: Entry[], next: string | null }>} newest first */
  history(key, address) {
    return this.#entries(address ?? `history?task_id=${this.#reference(key, []).task}`);
  }

  /** @param {string} [address] of the next page @returns {Promise<{ entries: Entry[], next: string | null }>} deleted tasks, newest first */
  trash(address) {
    return this.#entries(address ?? "history?action=deleted");
  }

  /** @param {string} address */
  async #entries(address) {
    const { body, next } = await this.api.send("GET", address);
    return { entries: /** @type {Entry[]} */ (body), next };
  }

  /** @param {Write["kind"]} kind @param {Partial<Write>} parts */
  async #write(kind, parts) {
    const write = newWrite(this.owner, kind, parts);
    const before = this.#tasks();
    const after = new Map(before);
    applyWrite(after, write, this.#keyOf);
    write.inverse = difference(after, before);
    if (kind !== "undo") {
      this.#done.push(write);
      this.#undone = [];
    }
    this.written(write);
    await this.#outbox.add(write);
    return write;
  }

  /**
   * Return what a write says of the task that it is about: which one, and what the person has seen of it.
   *
   * @param {number} key
   * @param {string[]} [names] of the members that it changes; all unless given
   */
  #reference(key, names) {
    const task = this.#tasks().get(key);
    if (!task) throw new Error(`There is no task ${key}.`);
    const { key: _, ...seen } = task;
    const about = this.writes.filter((write) => write.task !== 0 && this.#keyOf(write.task) === key);
    const kept = Object.entries(seen).filter(([name]) => !names || names.includes(name));
    return {
      task: task.id,
      madeBy: about.find((write) => write.kind === "create")?.key ?? null,
      follows: about.at(-1)?.key ?? null,
      basis: task.version || null,
      before: Object.fromEntries(kept),
    };
  }

  #keyOf = (/** @type {number} */ id) => this.#keys.get(id) ?? id;

  #tasks() {
    if (this.#view) return this.#view;
    /** @type {Map<number, Task>} */
    const view = new Map();
    for (const task of this.#copy.tasks.values()) view.set(this.#keyOf(task.id), this.#named(task));
    const answered = this.#settling.map(({ write }) => write);
    const shown = [...answered, ...this.writes].filter((write) => write.state !== "refused");
    for (const write of shown) applyWrite(view, write, this.#keyOf);
    this.#view = view;
    return view;
  }

  /**
   * Return a task of the copy with its key, the same object while it is the same: filters remember what they have folded.
   *
   * @param {import("./copy.js").ServerTask} task
   */
  #named(task) {
    const key = this.#keyOf(task.id);
    let named = this.#withKeys.get(task);
    if (named?.key !== key) this.#withKeys.set(task, (named = { ...task, key }));
    return named;
  }

  /** @param {Write} write @param {Answer | null} answer */
  #answered(write, answer) {
    const { body, change = null } = answer ?? {};
    this.#changes.set(write.key, change);
    if (write.kind === "create" && body) this.#keys.set(body.id, write.task);
    if (body?.id) this.#copy.put(body);
    else if (write.kind === "remove" && change) this.#copy.remove(this.#idOf(write.task), change);
    else if (write.kind === "undo" && body) {
      for (const task of body.tasks) this.#copy.put(task);
      for (const id of body.deleted) this.#copy.remove(id, change ?? 0);
    } else if (change) this.#settling.push({ write, change });
    this.changed();
  }

  /** @param {number} key @returns {number} */
  #idOf(key) {
    return [...this.#keys].find(([, each]) => each === key)?.[0] ?? key;
  }

  #followed() {
    const reached = this.#copy.change ?? 0;
    this.#settling = this.#settling.filter(({ change }) => change > reached);
    if (this.#follower.connection === "live" && this.#outbox.failure) void this.#outbox.send();
    this.changed();
  }
}
