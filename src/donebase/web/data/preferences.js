/** What the person prefers in this browser. */

const SINGLE_KEYS = "donebase-single-keys";

/** Whether keys without Ctrl do something in the page: who speaks to the computer may not want them. */
export function singleKeysAreOn() {
  try {
    return localStorage.getItem(SINGLE_KEYS) !== "off";
  } catch {
    return true; // the browser keeps nothing for this page
  }
}

/** @param {boolean} areOn */
export function keepSingleKeys(areOn) {
  try {
    if (areOn) localStorage.removeItem(SINGLE_KEYS);
    else localStorage.setItem(SINGLE_KEYS, "off");
  } catch {
    // They are on again next time.
  }
}
