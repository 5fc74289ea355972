/** The decisions of a person about writes that were refused or are in conflict. */

import { broughtBack, kept } from "./decisions.js";
import { Past } from "./entries.js";
import { LiveTasks } from "./live_tasks.js";
import { without } from "./references.js";

/** @typedef {import("./writes.js").Write} Write */
/** @typedef {import("./writes.js").Members} Members */
/** @typedef {import("./copy.js").ServerTask} ServerTask */

/** Tasks of which two versions can meet. */
export class DisputedTasks extends LiveTasks {
  past = new Past(this.api, (key) => this.get(key)?.id ?? this.idOf(key));

  /**
   * The task that a write is in conflict with, as it is now; null where it was deleted.
   *
   * @param {Write} write @returns {ServerTask | null}
   */
  theirs({ task, current }) {
    const present = this.copy.tasks.get(task);
    if (present && present.version >= (current?.version ?? 0)) return present;
    return this.copy.change !== null && this.copy.change >= (current?.version ?? Infinity) ? null : current;
  }

  /**
   * Decide a conflict: what was written here replaces what the task is now. Or send a write that was refused again.
   *
   * @param {Write} write @param {Members} [members] what the person has made of it
   */
  async keepMine(write, members) {
    await this.update((writes) => kept(writes, write.key, this.theirs(write), members));
  }

  /** Decide a conflict: what the task is now stays. @param {Write} write */
  takeTheirs(write) {
    return this.discard(write);
  }

  /**
   * Decide a conflict with a deletion: the task comes back, with what was written here. Throws what `Api.send` does.
   *
   * @param {Write} write
   */
  async bringBack(write) {
    const { change, task } = await this.past.deletionOf(write.task);
    await this.update((writes) => broughtBack(writes, write, change, task));
  }

  /** Decide a conflict, or a refusal: what was written here is given up, and what depends on it. @param {Write} write */
  async discard(write) {
    await this.update((writes) => without(writes, write.key));
  }
}
