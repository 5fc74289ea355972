/** The part of a long list that is in the document: the rows that are seen, and those that must not go. */

import "../vendor_environment.js";
import {
  observeWindowOffset,
  observeWindowRect,
  Virtualizer,
  windowScroll,
} from "../vendor/virtual-core/dist/esm/index.js";
import { placeRows } from "./placed_rows.js";
import { covered, displacement, visibleRows } from "./steady.js";

/** @typedef {import("../data/writes.js").Task} Task */

const BEYOND = 6; // rows that are drawn above and below what is seen
const USUAL_HEIGHT = 3.5; // of a row that was never drawn, in the size of the text

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
  #virtualizer;
  /** @type {(index: number) => number} another function for other tasks */
  #keyAt = () => 0;

  /**
   * @param {object} parts
   * @param {(row: HTMLElement, task: Task, index: number) => void} parts.drawRow
   * @param {() => Iterable<number>} parts.kept the keys of rows that stay in the document when they are not seen
   */
  constructor({ drawRow, kept }) {
    this.drawRow = drawRow;
    this.kept = kept;
    this.#virtualizer = new Virtualizer(this.#options());
    window.addEventListener("beforeprint", () => this.#print(true));
    window.addEventListener("afterprint", () => this.#print(false));
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
    if (list !== this.#list) this.#rows.clear();
    this.#list = list;
    this.#tasks = tasks;
    this.#keyAt = (index) => tasks[index].key;
    this.#places = new Map(tasks.map((task, index) => [task.key, index]));
    this.draw();
    const distance = displacement(seen, (key) => this.#topOf(key));
    if (Math.abs(distance) < 0.5) return;
    window.scrollBy({ top: distance, behavior: "instant" });
    this.#virtualizer.scrollOffset = window.scrollY; // its event comes later, and what is measured until then corrects it
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
    const index = this.#places.get(key);
    if (index !== undefined) this.#virtualizer.scrollToIndex(index);
  }

  /** @param {boolean} isScroll */
  #place(isScroll) {
    this.#isStale = false;
    const list = this.#list;
    this.#virtualizer.setOptions(this.#options());
    this.#virtualizer._willUpdate();
    if (!list) return;
    const items = this.#virtualizer.getVirtualItems();
    const top = this.#virtualizer.options.scrollMargin;
    const made = placeRows(list, this.#rows, items, { top, height: this.#virtualizer.getTotalSize() });
    const isNew = new Set(made);
    for (const { index, key } of items) {
      const row = /** @type {HTMLElement} */ (this.#rows.get(/** @type {number} */ (key)));
      if (!isScroll || isNew.has(row)) this.drawRow(row, this.#tasks[index], index);
    }
    this.#virtualizer.measureElement(null);
    for (const row of made) this.#virtualizer.measureElement(row);
  }

  /** @returns {import("../vendor/virtual-core/dist/esm/index.js").VirtualizerOptions<Window, HTMLElement>} */
  #options() {
    const usual = USUAL_HEIGHT * parseFloat(getComputedStyle(document.documentElement).fontSize);
    const kept = [...this.kept()].map((key) => this.#places.get(key) ?? -1).filter((index) => index >= 0);
    return {
      count: this.#tasks.length,
      getItemKey: this.#keyAt,
      estimateSize: () => usual,
      overscan: BEYOND,
      scrollMargin: this.#list ? this.#list.getBoundingClientRect().top + this.#list.clientTop + window.scrollY : 0,
      scrollPaddingStart: covered() + 8,
      scrollPaddingEnd: 96,
      getScrollElement: () => (this.#list ? window : null),
      initialOffset: () => window.scrollY,
      observeElementRect: observeWindowRect,
      observeElementOffset: observeWindowOffset,
      scrollToFn: windowScroll,
      measureElement: (row, entry) => entry?.borderBoxSize[0].blockSize ?? row.getBoundingClientRect().height,
      rangeExtractor: (range) => this.#drawn(range, kept),
      onChange: () => this.draw(true),
    };
  }

  /** @param {{ startIndex: number, endIndex: number, count: number }} range @param {number[]} kept */
  #drawn({ startIndex, endIndex, count }, kept) {
    const [first, last] = this.#isPrinting ? [0, count - 1] : [startIndex - BEYOND, endIndex + BEYOND];
    const indexes = new Set(kept);
    for (let index = Math.max(first, 0); index <= Math.min(last, count - 1); index++) indexes.add(index);
    return [...indexes].sort((one, other) => one - other);
  }

  /** @param {number} key @returns {number | null} where the top of a row is in the window */
  #topOf(key) {
    const index = this.#places.get(key);
    const row = this.#rows.get(key);
    if (row) return row.getBoundingClientRect().top;
    return index === undefined ? null : this.#virtualizer.measurementsCache[index].start - window.scrollY;
  }

  /** @param {boolean} isPrinting */
  #print(isPrinting) {
    this.#isPrinting = isPrinting;
    this.draw();
  }
}
