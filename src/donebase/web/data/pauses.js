/** How long to wait between two attempts. */

const FIRST = 500; // milliseconds
const LONGEST = 15_000;
const LONGEST_ASKED = 600_000;

/** Each pause is about twice the one before, and not the same in all browsers that wait for one service. */
export class Pauses {
  #next = FIRST;

  /** @param {number} [asked] the seconds that the service asks for @returns {number} milliseconds */
  next(asked = 0) {
    const own = this.#next * (0.75 + Math.random() / 2);
    this.#next = Math.min(this.#next * 2, LONGEST);
    return Math.max(own, Math.min(asked * 1000, LONGEST_ASKED));
  }

  /** After a success the first pause is short again. */
  reset() {
    this.#next = FIRST;
  }
}
