/** Keeps what a person looks at in its place, when rows above it come and go. */

/** @typedef {{ key: number, top: number }} Seen a row, and where it is in the window */

/** Return how much of the window's top the header of the page covers. */
export function covered() {
  return document.querySelector("header.bar")?.getBoundingClientRect().bottom ?? 0;
}

/**
 * Return the rows of a list that are seen; none where its beginning is: then what is new there is to be seen as well.
 *
 * @param {HTMLElement} list
 * @returns {Seen[]}
 */
export function visibleRows(list) {
  const ceiling = covered();
  if (list.getBoundingClientRect().top >= ceiling) return [];
  return [...list.children].flatMap((row) => {
    const { top, bottom } = row.getBoundingClientRect();
    const isSeen = bottom > ceiling + 1 && top < innerHeight;
    return isSeen ? [{ key: Number(/** @type {HTMLElement} */ (row).dataset.key), top }] : [];
  });
}

/**
 * Return by how much the rows that were seen have moved in the window: by how much the first has that moved as the next
 * one did, and not by itself.
 *
 * @param {Seen[]} seen
 * @param {(key: number) => number | null} topOf where a row is now; null for one that has gone
 */
export function displacement(seen, topOf) {
  const distances = seen.flatMap(({ key, top }) => {
    const now = topOf(key);
    return now === null ? [] : [now - top];
  });
  const steady = distances.findIndex((distance, at) => Math.abs(distance - distances[at + 1]) < 1);
  return distances[Math.max(steady, 0)] ?? 0;
}
