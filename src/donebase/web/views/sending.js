/** Sending a form. */

import { failureOf } from "./failure.js";

/** A form of a view: sends once at a time, and keeps what came back. */
export class Sending {
  /** @type {import("./failure.js").Failure | null} */
  failure = null;
  busy = false;

  /** @param {() => void} changed */
  constructor(changed) {
    this.changed = changed;
  }

  /**
   * Send what a form contains, unless it is being sent. The first field that is wrong gets the focus.
   *
   * @param {SubmitEvent} event
   * @param {(values: Record<string, string>, form: HTMLFormElement) => Promise<void>} send throws what a request throws
   * @param {Record<number, Partial<import("./failure.js").Failure>>} [known] what a status means here
   * @returns {Promise<boolean>} whether it succeeded
   */
  async submit(event, send, known) {
    event.preventDefault();
    if (this.busy) return false;
    const form = /** @type {HTMLFormElement} */ (event.currentTarget);
    const values = Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, String(value)]));
    this.#is(true, null);
    try {
      await send(values, form);
      this.#is(false, null);
      return true;
    } catch (error) {
      const failure = failureOf(error, known);
      const isShown = Object.keys(failure.fields).some((name) => form.elements.namedItem(name));
      this.#is(
        false,
        isShown || failure.general ? failure : { ...failure, general: /** @type {Error} */ (error).message },
      );
      queueMicrotask(() => /** @type {HTMLElement | null} */ (form.querySelector("[aria-invalid=true]"))?.focus());
      return false;
    }
  }

  /** @param {boolean} busy @param {import("./failure.js").Failure | null} failure */
  #is(busy, failure) {
    this.busy = busy;
    this.failure = failure;
    this.changed();
  }
}
