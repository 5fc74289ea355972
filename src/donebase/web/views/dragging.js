/** Moves a task by its handle, with a mouse, a pen or a finger. */

import { covered } from "./steady.js";

/** @typedef {import("../data/writes.js").Task} Task */
/** @typedef {{ key: number, side: "before" | "after" }} Drop */

const SLACK = 4; // pixels by which a hand that clicks may tremble
const EDGE = 72; // pixels from the edge of the window, where the list scrolls
const FASTEST = 1.2; // pixels in a millisecond, at the edge itself

/** From the press of a handle until it is let go. What others do meanwhile changes the list under it. */
export class Dragging {
  /** @type {Task | null} */
  #task = null;
  /** @type {Drop | null} */
  #drop = null;
  #from = 0;
  #y = 0;
  #isMoving = false;
  #wasMoved = false;
  #scrolled = 0;
  #ghost = document.createElement("div");
  #ended = new AbortController();

  /** @param {import("./task_list.js").TaskList} list */
  constructor(list) {
    this.list = list;
    this.#ghost.className = "task-ghost";
    this.#ghost.dir = "auto";
    this.#ghost.ariaHidden = "true";
  }

  /** The task that is dragged. @returns {number | null} */
  get key() {
    return this.#task?.key ?? null;
  }

  /** @param {number} key @returns {string} how its row looks meanwhile */
  classOf(key) {
    if (!this.#isMoving) return "";
    if (this.#drop?.key === key) return `drop-${this.#drop.side}`;
    return this.key === key ? "dragged" : "";
  }

  /** Whether a click is one, and not the end of a drag. @param {MouseEvent} event */
  isClick({ detail }) {
    const wasMoved = this.#wasMoved && detail > 0; // no pointer has made the click of a key
    this.#wasMoved = false;
    return !wasMoved;
  }

  /** A handle is pressed. @param {PointerEvent} event @param {Task} task */
  grab(event, task) {
    if (event.button !== 0 || !event.isPrimary || this.#task) return;
    /** @type {Element} */ (event.currentTarget).setPointerCapture(event.pointerId);
    this.#task = task;
    this.#from = this.#y = event.clientY;
    this.#wasMoved = false;
    this.#listen(event.pointerId);
  }

  /** The list was drawn. */
  drawn() {
    if (!this.#task) return;
    if (this.list.placeOf(this.#task.key) === undefined || !this.list.moving.isPossible) this.#end();
    else if (this.#isMoving) this.#aim();
  }

  /** Let go of the task where it is. */
  stop() {
    if (this.#task) this.#end();
  }

  /** @param {number} pointer */
  #listen(pointer) {
    const { signal } = (this.#ended = new AbortController());
    const on = (/** @type {string} */ type, /** @type {(event: PointerEvent) => void} */ act) =>
      window.addEventListener(
        type,
        (event) =>
          /** @type {PointerEvent} */ (event).pointerId === pointer && act(/** @type {PointerEvent} */ (event)),
        { signal },
      );
    on("pointermove", (event) => this.#moved(event));
    on("pointerup", () => this.#dropped());
    on("pointercancel", () => this.#end());
    window.addEventListener("keydown", (event) => this.#pressed(event), { signal, capture: true });
  }

  /** @param {KeyboardEvent} event */
  #pressed(event) {
    if (event.key !== "Escape") return;
    event.preventDefault();
    event.stopPropagation();
    this.#end();
  }

  /** @param {PointerEvent} event */
  #moved({ clientY }) {
    this.#y = clientY;
    if (!this.#isMoving && Math.abs(clientY - this.#from) > SLACK) this.#begin();
    if (this.#isMoving) this.#aim();
  }

  #begin() {
    const task = /** @type {Task} */ (this.#task);
    this.#isMoving = this.#wasMoved = true;
    this.#ghost.textContent = task.title;
    document.body.append(this.#ghost);
    this.#scrolled = performance.now();
    requestAnimationFrame(this.#scroll);
    this.list.draw();
  }

  #dropped() {
    const [task, drop] = [this.#task, this.#isMoving ? this.#drop : null];
    this.#end();
    if (!task || !drop) return;
    const at = this.list.placeOf(task.key) ?? 0;
    const neighbour = this.list.placeOf(drop.key) ?? at;
    // Its own place is counted until it leaves it.
    const place = neighbour + (drop.side === "after" ? 1 : 0) - (neighbour >= at ? 1 : 0);
    if (place !== at) this.list.moving.to(task, place);
  }

  #end() {
    this.#ended.abort();
    this.#ghost.remove();
    this.#task = this.#drop = null;
    this.#isMoving = false;
    this.list.draw();
  }

  /** Find out where the task would go, and show it. */
  #aim() {
    this.#moveGhost();
    const drop = this.#dropAt(this.#y);
    if (drop?.key === this.#drop?.key && drop?.side === this.#drop?.side) return;
    this.#drop = drop;
    this.list.draw();
  }

  #moveGhost() {
    const row = this.list.rowOf(/** @type {number} */ (this.key));
    const { left = 0, width = 0 } = row?.getBoundingClientRect() ?? {};
    Object.assign(this.#ghost.style, { left: `${left}px`, width: `${width}px`, translate: `0 ${this.#y}px` });
  }

  /** @param {number} y @returns {Drop | null} the row there; where there is none, the one that is nearest */
  #dropAt(y) {
    /** @type {Drop | null} */
    let nearest = null;
    let distance = Infinity;
    for (const row of this.list.window.rows) {
      const { top, bottom } = row.getBoundingClientRect();
      const off = Math.max(top - y, y - bottom, 0);
      if (off >= distance) continue;
      distance = off;
      nearest = { key: Number(row.dataset.key), side: y < (top + bottom) / 2 ? "before" : "after" };
    }
    return nearest?.key === this.key ? null : nearest;
  }

  #scroll = (/** @type {number} */ now) => {
    if (!this.#isMoving) return;
    const above = covered() + EDGE - this.#y;
    const below = this.#y - (innerHeight - EDGE);
    const speed = Math.min(Math.max(above, below, 0) / EDGE, 1) * FASTEST * (above > 0 ? -1 : 1);
    const before = scrollY;
    window.scrollBy({ top: speed * Math.max(now - this.#scrolled, 0), behavior: "instant" });
    this.#scrolled = now;
    if (scrollY !== before) this.#aim();
    requestAnimationFrame(this.#scroll);
  };
}
