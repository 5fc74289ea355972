/** The elements of the rows that are drawn, in their order, with gaps in the place of those that are not. */

/** @typedef {{ index: number, key: number | string | bigint, start: number, end: number }} Item */

/**
 * Make the rows of a list be those of the items. A row that has the focus is not moved in the document, because that
 * would take the focus away and end what an input method has begun: the others are placed around it. (That is why this
 * is not lit-html's `repeat`.)
 *
 * @param {HTMLElement} list
 * @param {Map<number, HTMLElement>} rows by key; is changed
 * @param {Item[]} items in their order; their keys are numbers
 * @param {{ top: number, height: number }} size of the whole list, `top` in what the items' `start` is measured in
 * @returns {HTMLElement[]} the rows that are new
 */
export function placeRows(list, rows, items, size) {
  const keys = items.map(({ key }) => Number(key));
  remove(rows, new Set(keys));
  const made = keys.filter((key) => !rows.has(key)).map((key) => newRow(rows, key));
  const elements = keys.map((key) => /** @type {HTMLElement} */ (rows.get(key)));
  order(list, elements);
  leaveGaps(list, elements, items, size);
  return made;
}

/** @param {Map<number, HTMLElement>} rows @param {Set<number>} kept keys */
function remove(rows, kept) {
  for (const [key, row] of rows) {
    if (kept.has(key)) continue;
    rows.delete(key);
    row.remove();
  }
}

/** @param {Map<number, HTMLElement>} rows @param {number} key */
function newRow(rows, key) {
  const row = document.createElement("li");
  row.dataset.key = String(key);
  rows.set(key, row);
  return row;
}

/** @param {HTMLElement} list @param {HTMLElement[]} elements */
function order(list, elements) {
  const focus = document.activeElement;
  const held = Math.max(
    elements.findIndex((row) => row.contains(focus)),
    0,
  );
  if (elements.length && elements[held].parentElement !== list) list.append(elements[held]);
  for (let at = held - 1; at >= 0; at--) {
    if (elements[at].nextSibling !== elements[at + 1]) elements[at + 1].before(elements[at]);
  }
  for (let at = held + 1; at < elements.length; at++) {
    if (elements[at].previousSibling !== elements[at - 1]) elements[at - 1].after(elements[at]);
  }
}

/** @param {HTMLElement} list @param {HTMLElement[]} elements @param {Item[]} items @param {{ top: number, height: number }} size */
function leaveGaps(list, elements, items, { top, height }) {
  let previous = { index: -1, end: top };
  for (const [at, item] of items.entries()) {
    const gap = item.index === previous.index + 1 ? 0 : item.start - previous.end;
    elements[at].dataset.index = String(item.index);
    elements[at].style.marginBlockStart = gap ? `${gap}px` : "";
    previous = item;
  }
  list.style.paddingBlockEnd = `${Math.max(top + height - previous.end, 0)}px`;
}
