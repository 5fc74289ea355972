/** Where the rows of a long list are, although only those that were drawn once have a known height. */

/** The heights of rows, by key, and the tops that follow from their order; all in CSS pixels. */
export class RowHeights {
  /** @type {Map<number, number>} */
  #known = new Map();
  /** @type {readonly number[]} */
  #keys = [];
  /** @type {Float64Array | null} the top of each row, and in the end that of a next one; null when it has changed */
  #tops = null;

  /** @param {() => number} usual the height of a row that was never drawn */
  constructor(usual) {
    this.usual = usual;
  }

  /** @param {readonly number[]} keys in the order of the rows */
  order(keys) {
    this.#keys = keys;
    this.#tops = null;
  }

  /** @param {number} key @param {number} height as it was measured */
  measured(key, height) {
    if (this.#known.get(key) === height) return;
    this.#known.set(key, height);
    this.#tops = null;
  }

  /** @param {number} index from 0 to the number of rows @returns {number} from the top of the list */
  top(index) {
    return this.#all()[index];
  }

  /** The height of the whole list. */
  get total() {
    return this.top(this.#keys.length);
  }

  /** @param {number} offset from the top of the list @returns {number} the index of the row there, of the nearest elsewhere */
  at(offset) {
    const tops = this.#all();
    let [low, high] = [0, this.#keys.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (tops[middle] <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  #all() {
    if (this.#tops) return this.#tops;
    const tops = new Float64Array(this.#keys.length + 1);
    const usual = this.usual();
    for (const [index, key] of this.#keys.entries()) tops[index + 1] = tops[index] + (this.#known.get(key) ?? usual);
    this.#tops = tops;
    return tops;
  }
}
