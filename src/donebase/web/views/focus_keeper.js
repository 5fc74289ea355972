/** Where the focus goes when what had it is gone. */

/** Leads the focus into a part of the page, and back to where it was before. */
export class FocusKeeper {
  #selector;
  /** @type {Element | null} what had the focus before it came into the part */
  #before = null;

  /** @param {string} selector of the part */
  constructor(selector) {
    this.#selector = selector;
  }

  /** Listens to the event `focusin` of the part. */
  came = (/** @type {FocusEvent} */ { relatedTarget }) => {
    if (relatedTarget instanceof Element && !this.#part()?.contains(relatedTarget)) this.#before = relatedTarget;
  };

  /** Move the focus to the last of what is in the part, or from there back. @returns {boolean} false if it is empty */
  toggle() {
    const last = this.#part()?.lastElementChild?.querySelector("button");
    if (this.#hasFocus()) this.#back();
    else last?.focus();
    return Boolean(last);
  }

  /** Call before something in the part is removed. */
  keep() {
    if (!this.#hasFocus()) return;
    setTimeout(() => {
      if (document.activeElement === document.body) this.#back();
    });
  }

  #part() {
    return document.querySelector(this.#selector);
  }

  #hasFocus() {
    return this.#part()?.contains(document.activeElement);
  }

  #back() {
    const before = this.#before?.isConnected ? this.#before : document.querySelector("main");
    if (before instanceof HTMLElement) before.focus();
  }
}
