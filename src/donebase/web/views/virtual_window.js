/** The part of a long list that is in the document: the rows that are seen, and those that must not go. */

import { placeRows } from "./placed_rows.js";
import { RowHeights } from "./row_heights.js";
import { covered, displacement, visibleRows } from "./steady.js";

/** @typedef {import("../data/writes.js").Task} Task */

const BEYOND = 6; // rows that are drawn above and below what is seen
const USUAL_HEIGHT = 3.5; // of a row that was never drawn, in the size of the text
const MARGIN_ABOVE = 8; // pixels that are left free beside a row that is scrolled to
const MARGIN_BELOW = 96; // and room for a message

/**
 * Keeps the rows of what is seen in a list that scrolls with the window. They lie in the flow, with a gap in the place of
 * those that are left out. What the person looks at stays where it is when rows above come and go.
 */
export class VirtualWindow {
  /** @type {readonly Task[]} */
  #tasks = [];
  /** @type {Map<number, number>} the place of a task, by its key */
  #places = new Map();
  /** @type {Map<number, HTMLElement>} by key */
  #rows = new Map();
  /** @type {HTMLElement | null} */
  #list = null;
  #isPrinting = false;
  #isDrawing = false;
  #isStale = false;
  #stopped = new AbortController();
  #heights = new RowHeights(() => USUAL_HEIGHT * parseFloat(getComputedStyle(document.documentElement).fontSize));
  #resized = new ResizeObserver((entries) => this.#measure(entries.map(({ target }) => target)));

  /**
   * @param {object} parts
   * @param {(row: HTMLElement, task: Task, index: number) => void} parts.drawRow
   * @param {() => Iterable<number>} parts.kept the keys of rows that stay in the document when they are not seen
   */
  constructor({ drawRow, kept }) {
    this.drawRow = drawRow;
    this.kept = kept;
    const { signal } = this.#stopped;
    window.addEventListener("scroll", () => this.draw(true), { passive: true, signal });
    window.addEventListener("resize", () => this.draw(true), { signal });
    window.addEventListener("beforeprint", () => this.#print(true), { signal });
    window.addEventListener("afterprint", () => this.#print(false), { signal });
  }

  /** Draw nothing any more. */
  stop() {
    this.#stopped.abort();
    this.#resized.disconnect();
  }

  /** Return the rows that are in the document, in their order. */
  get rows() {
    return /** @type {HTMLElement[]} */ ([...(this.#list?.children ?? [])]);
  }

  /** @param {number} key */
  row(key) {
    return this.#rows.get(key);
  }

  /** Return what is to be given to `show` with other tasks: where the rows are that the person sees. */
  seen() {
    return this.#list ? visibleRows(this.#list) : [];
  }

  /**
   * Draw other tasks, or the same ones differently.
   *
   * @param {HTMLElement | null} list
   * @param {readonly Task[]} tasks
   * @param {import("./steady.js").Seen[]} seen what is to stay in its place
   */
  show(list, tasks, seen) {
    if (list !== this.#list) {
      this.#rows.clear();
      this.#resized.disconnect();
    }
    this.#list = list;
    this.#tasks = tasks;
    this.#places = new Map(tasks.map((task, index) => [task.key, index]));
    this.#heights.order(tasks.map(({ key }) => key));
    this.draw();
    const distance = displacement(seen, (key) => this.#topOf(key));
    if (Math.abs(distance) < 0.5) return;
    window.scrollBy({ top: distance, behavior: "instant" });
    this.draw();
  }

  /** Draw what is seen. Rows that were drawn before are only drawn again unless `isScroll`. */
  draw(isScroll = false) {
    if (this.#isDrawing) {
      this.#isStale = true;
      return;
    }
    this.#isDrawing = true;
    this.#place(isScroll);
    // Heights are known after the first time.
    for (let times = 0; this.#isStale && times < 3; times++) this.#place(true);
    this.#isDrawing = this.#isStale = false;
  }

  /** Scroll until a row is seen. @param {number} key */
  reveal(key) {
    for (let times = 0; times < 3; times++) {
      const distance = this.#outside(this.#places.get(key));
      if (!distance) return;
      window.scrollBy({ top: distance, behavior: "instant" });
      this.draw(true); // the heights on the way are known only now
    }
  }

  /** @param {number | undefined} index @returns {number} how far to scroll until a row is seen */
  #outside(index) {
    if (index === undefined) return 0;
    const [top, bottom] = [index, index + 1].map((each) => this.#heights.top(each) + this.#origin() - window.scrollY);
    const [ceiling, floor] = [covered() + MARGIN_ABOVE, innerHeight - MARGIN_BELOW];
    return top < ceiling ? top - ceiling : Math.max(Math.min(bottom - floor, top - ceiling), 0);
  }

  /** @param {boolean} isScroll */
  #place(isScroll) {
    this.#isStale = false;
    const list = this.#list;
    if (!list) return;
    const items = this.#indexes().map((index) => {
      const [start, end] = [this.#heights.top(index), this.#heights.top(index + 1)];
      return { index, key: this.#tasks[index].key, start, end };
    });
    const made = placeRows(list, this.#rows, items, { top: 0, height: this.#heights.total });
    const isNew = new Set(made);
    for (const { index, key } of items) {
      const row = /** @type {HTMLElement} */ (this.#rows.get(key));
      if (!isScroll || isNew.has(row)) this.drawRow(row, this.#tasks[index], index);
    }
    for (const row of made) this.#resized.observe(row);
    this.#measure(isScroll ? made : this.rows);
  }

  /** Learn the heights of rows, while what is seen stays where it is. @param {Iterable<Element>} rows */
  #measure(rows) {
    const first = this.#firstSeen();
    const before = [this.#heights.top(first), this.#heights.total];
    for (const row of rows) {
      if (row.isConnected) this.#heights.measured(keyOf(row), row.getBoundingClientRect().height);
    }
    const after = [this.#heights.top(first), this.#heights.total];
    if (before.every((top, at) => top === after[at])) return;
    if (window.scrollY > this.#origin()) window.scrollBy({ top: after[0] - before[0], behavior: "instant" });
    this.draw(true);
  }

  /** The indexes of the rows to draw, in their order. */
  #indexes() {
    const end = this.#tasks.length - 1;
    const last = this.#heights.at(window.scrollY + innerHeight - this.#origin());
    const [from, to] = this.#isPrinting ? [0, end] : [this.#firstSeen() - BEYOND, last + BEYOND];
    const kept = [...this.kept()].flatMap((key) => this.#places.get(key) ?? []);
    const indexes = new Set(kept);
    for (let index = Math.max(from, 0); index <= Math.min(to, end); index++) indexes.add(index);
    return [...indexes].sort((one, other) => one - other);
  }

  #firstSeen() {
    return this.#heights.at(window.scrollY + covered() - this.#origin());
  }

  /** Where the first row begins in the document. */
  #origin() {
    return this.#list ? this.#list.getBoundingClientRect().top + this.#list.clientTop + window.scrollY : 0;
  }

  /** @param {number} key @returns {number | null} where the top of a row is in the window */
  #topOf(key) {
    const index = this.#places.get(key);
    const row = this.#rows.get(key);
    if (row) return row.getBoundingClientRect().top;
    return index === undefined ? null : this.#heights.top(index) + this.#origin() - window.scrollY;
  }

  /** @param {boolean} isPrinting */
  #print(isPrinting) {
    this.#isPrinting = isPrinting;
    this.draw();
  }
}

/** @param {Element} row */
function keyOf(row) {
  return Number(/** @type {HTMLElement} */ (row).dataset.key);
}
