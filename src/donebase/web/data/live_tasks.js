/** The tasks as the person sees them: the copy of the service's, and on top what was written here and not answered yet. */

import { Copy } from "./copy.js";
import { inverseOf } from "./effects.js";
import { Follower } from "./follower.js";
import { Outbox } from "./outbox.js";
import { Projection } from "./projection.js";
import { Sender } from "./sender.js";
import { newWrite } from "./writes.js";

/** @typedef {import("./writes.js").Task} Task */
/** @typedef {import("./writes.js").Write} Write */

const A_WEEK = 7 * 24 * 60 * 60 * 1000; // milliseconds

/** Shows the tasks of one owner, and takes writes. */
export class LiveTasks {
  copy = new Copy();
  /** Until all that this browser keeps is shown. */
  loaded = Promise.resolve();
  #outbox;
  #sender;
  #follower;
  #projection = new Projection(this.copy);
  #wasLive = false;

  /**
   * @param {object} parts
   * @param {import("./api.js").Api} parts.api @param {import("./storage.js").Storage} parts.storage @param {string} parts.owner
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
    this.changed = () => {
      this.#projection.outdated();
      changed();
    };
    storage.faulted = this.changed;
    const parts = { api, storage, owner, changed: this.changed };
    this.#outbox = new Outbox({
      ...parts,
      done: (key, change) => {
        if (this.#follower.connection === "offline") this.#follower.retry(); // the service answers again
        this.done(key, change);
      },
      settling: (all) => this.#projection.answered(all),
      heard: () => this.#sender.heard(),
    });
    this.#sender = new Sender({
      ...parts,
      outbox: this.#outbox,
      refused,
      position: () => this.copy.change,
    });
    const [anew, followed] = [() => this.beganAnew(), () => this.#followed()];
    this.#follower = new Follower({ ...parts, copy: this.copy, anew, changed: followed });
  }

  /** Show what this browser keeps, then follow the service. */
  async start() {
    this.loaded = this.#load();
    await this.loaded;
    void this.#sender.send();
    void this.#follower.run();
    void this.storage.forgetAnswers(new Date(Date.now() - A_WEEK).toISOString());
  }

  async #load() {
    const copy = await this.storage.readCopy(this.owner);
    if (copy) this.copy.replace(copy);
    this.changed();
    await this.#outbox.load();
  }

  stop() {
    this.#follower.stop();
    this.#sender.stop();
    this.#outbox.stop();
  }

  /** @returns {import("./follower.js").Connection} */
  get connection() {
    if (this.#follower.connection === "live" && this.#sender.failure) return "offline";
    return this.#follower.connection;
  }

  /** Whether there is a list to show, current or not. */
  get isKnown() {
    return this.copy.change !== null;
  }

  /** The writes that are not answered yet, in order: waiting, in conflict, or refused. */
  get writes() {
    return this.#outbox.writes;
  }

  /** How many of them would be lost if this window was closed now. */
  get unkept() {
    return this.#outbox.unkept;
  }

  /** Try at once to reach the service. */
  retry() {
    this.#follower.retry();
    void this.#sender.send();
  }

  /** @returns {Task[]} in any order */
  all() {
    return [...this.#tasks().values()];
  }

  /** @param {number} key @returns {Task | undefined} */
  get(key) {
    return this.#tasks().get(key);
  }

  /**
   * Show what writes do, store them together, and send them when that is possible.
   *
   * @param {Write["kind"]} kind @param {Partial<Write>[]} all the parts of each
   * @param {string | null} draft as of `Outbox.add` @param {Write | null} [undone] what they take back
   * @returns {Promise<Write[]>} when they are stored
   */
  async writeAll(kind, all, draft, undone = null) {
    const writes = all.map((parts) => newWrite(this.owner, kind, parts));
    for (const write of writes) {
      write.inverse = inverseOf(write, this.#tasks(), this.#projection.keyOf);
      this.noted(write, undone);
    }
    await this.#outbox.add(writes, draft);
    void this.#sender.send();
    return writes;
  }

  /**
   * Change the writes that are not answered yet, and send what can be sent then.
   *
   * @param {(writes: Write[]) => Write[]} change
   */
  async update(change) {
    await this.#outbox.update(change);
    void this.#sender.send();
  }

  #tasks() {
    return this.#projection.tasks(this.writes);
  }

  /** Take note of a new write of this window, before it is stored. @param {Write} write @param {Write | null} undone */
  noted(write, undone) {
    this.written(write, undone);
  }

  /** Take note of what a write has come to. @param {string} _key @param {number | null} _change null: it has changed nothing */
  done(_key, _change) {}

  /** @param {number} id @returns {number} the key of the task, deleted or not */
  keyOf(id) {
    return this.#projection.keyOf(id);
  }

  /** @param {number} key @returns {number} the id of the task, deleted or not */
  idOf(key) {
    return this.#projection.idOf(key);
  }

  /** @param {Write} write @returns {Write | undefined} as it is now, unless it was answered */
  present({ key }) {
    return this.writes.find((each) => each.key === key);
  }

  #followed() {
    this.#projection.settle();
    const isLive = this.#follower.connection === "live";
    if (isLive && !this.#wasLive) void this.#sender.send();
    this.#wasLive = isLive;
    this.changed();
  }

  /** The numbers of changes that are known here may mean others now. */
  beganAnew() {
    this.#projection.forget();
    void this.storage.forgetSettling(this.owner);
  }
}
