/** The user number that this browser has used last, in the mode that asks nobody. */

const NAME = "donebase-user";

/** @returns {number} 1 where none is known */
export function lastUser() {
  try {
    return Number(localStorage.getItem(NAME)) || 1;
  } catch {
    return 1; // the browser keeps nothing for this page
  }
}

/** @param {number} user */
export function rememberUser(user) {
  try {
    localStorage.setItem(NAME, String(user));
  } catch {
    // It is asked for again next time.
  }
}
