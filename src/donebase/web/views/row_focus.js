/** Where the focus is in the list, and what its keys do. */

/** @typedef {import("../data/writes.js").Task} Task */

/** One row can be reached by the Tab key; arrows lead to the others. The focus is never lost when a row goes. */
export class RowFocus {
  /** @type {number | null} the row that has, or had, the focus */
  #key = null;
  #control = "title";
  #isHere = false;

  /** @param {import("./task_list.js").TaskList} list */
  constructor(list) {
    this.list = list;
  }

  /** The task whose controls the Tab key reaches. @returns {number | null} */
  get key() {
    const { tasks } = this.list;
    return this.list.placeOf(this.#key) === undefined ? (tasks[0]?.key ?? null) : this.#key;
  }

  /** Take note of where the focus is before the rows change. */
  remember() {
    const { activeElement } = document;
    const row = this.list.rowAt(activeElement);
    this.#isHere = row !== null;
    this.#control = controlOf(activeElement);
    if (row !== null) this.#key = row;
  }

  /**
   * Put the focus back that went with its row: to the next one, or the one before, or to the field for a new task.
   *
   * @param {readonly Task[]} before the tasks that were shown when it was remembered
   */
  restore(before) {
    if (!this.#isHere || document.activeElement !== document.body) return;
    const at = before.findIndex(({ key }) => key === this.#key);
    const others = [...before.slice(at), ...before.slice(0, Math.max(at, 0)).reverse()];
    const next = others.find(({ key }) => this.list.placeOf(key) !== undefined);
    if (next) this.to(next.key, this.#control === "check" ? "check" : "title");
    else document.getElementById("new-task")?.focus();
  }

  /** Give the focus to a control of a row, and show that. @param {number} key @param {string} [control] */
  to(key, control = "title") {
    this.#key = key;
    this.list.draw();
    const row = this.list.rowOf(key);
    const wanted =
      row?.querySelector(`[data-control=${control}]`) ?? row?.querySelector("[data-control=title], [data-control]");
    /** @type {HTMLElement | undefined} */ (wanted)?.focus({ preventScroll: true });
    this.list.reveal(key);
  }

  focused = (/** @type {FocusEvent} */ { target }) => {
    const key = this.list.rowAt(/** @type {Element} */ (target));
    if (key === null || key === this.#key) return;
    this.#key = key;
    this.list.draw();
  };

  pressed = (/** @type {KeyboardEvent} */ event) => {
    const key = this.list.rowAt(/** @type {Element} */ (event.target));
    const task = this.list.tasks[this.list.placeOf(key) ?? -1];
    if (!task || event.defaultPrevented || isText(event.target)) return;
    if (this.#act(event, task)) event.preventDefault();
  };

  /** @param {KeyboardEvent} event @param {Task} task @returns {boolean} whether the key means something here */
  #act({ key, altKey, ctrlKey, metaKey, shiftKey, repeat, target }, task) {
    if (shiftKey || ctrlKey || (metaKey && key !== "Backspace")) return false;
    const step = STEPS[key];
    if (step && altKey) this.list.moving.step(task, step);
    else if (step) this.#go(task, step, controlOf(/** @type {Element} */ (target)));
    else if (key === "Delete" || (key === "Backspace" && metaKey)) repeat || this.list.remove(task);
    else if (key === "Enter" && controlOf(/** @type {Element} */ (target)) === "check")
      this.list.app.editor.open(task.key, "title");
    else if (key === "Escape" && this.list.moving.close()) this.to(task.key, "grip");
    else return false;
    return true;
  }

  /** @param {Task} task @param {import("./moving.js").Step} step @param {string} control */
  #go({ key }, step, control) {
    const { tasks } = this.list;
    const at = this.list.placeOf(key) ?? 0;
    const to = { first: 0, up: at - 1, down: at + 1, last: tasks.length - 1 }[step];
    if (tasks[to]) this.to(tasks[to].key, control);
  }
}

/** @type {Record<string, import("./moving.js").Step>} */
const STEPS = { ArrowUp: "up", ArrowDown: "down", Home: "first", End: "last" };

/** @param {Element | null} element */
function controlOf(element) {
  return element?.closest("[data-control]")?.getAttribute("data-control") ?? "title";
}

/** @param {EventTarget | null} target */
function isText(target) {
  const element = /** @type {HTMLElement} */ (target);
  return (
    element.isContentEditable ||
    element.closest(".editor") ||
    element.matches("textarea, select, input:not([type=checkbox])")
  );
}
