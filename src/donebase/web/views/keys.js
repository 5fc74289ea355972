/** What a key press means, whatever the keyboard; and whether a text field can undo something of its own. */

/** @type {WeakSet<EventTarget>} the fields in which somebody has typed since they were emptied */
const typedIn = new WeakSet();
/** What is written where these keys are on a keyboard of another script. */
const PLACES = /** @type {Record<string, string>} */ ({ KeyZ: "z", KeyY: "y", KeyN: "n", Slash: "/" });

export function isMac() {
  return /mac|iphone|ipad/i.test(navigator.platform);
}

/**
 * Return a key with its modifiers: "n", "?", "Mod+z", "Mod+Shift+z". Mod is Ctrl, or Cmd on a Mac.
 *
 * @param {KeyboardEvent} event
 */
export function keyOf({ key, code, ctrlKey, metaKey, altKey, shiftKey }) {
  const isOfAnotherScript = key.length === 1 && key > "~";
  let name = isOfAnotherScript ? (PLACES[code] ?? key) : key;
  if (name === "؟" || (isOfAnotherScript && code === "Slash" && shiftKey)) name = "?";
  if (name.length === 1) name = name.toLowerCase();
  const [mod, other] = isMac() ? [metaKey, ctrlKey] : [ctrlKey, metaKey];
  const shift = shiftKey && (mod || altKey || other || name.length > 1 || /[a-z]/.test(name));
  return [other && "Other", mod && "Mod", altKey && "Alt", shift && "Shift", name].filter(Boolean).join("+");
}

/** Remember in which fields of a document somebody types. @param {Document} document */
export function rememberTyping(document) {
  document.addEventListener("input", ({ target }) => target && typedIn.add(target));
  document.addEventListener("submit", ({ target }) => {
    if (target instanceof HTMLFormElement) for (const field of target.elements) typedIn.delete(field);
  });
  document.addEventListener("focusout", ({ target }) => target && typedIn.delete(target));
}

/** Return whether an element is a text field whose text the browser itself can undo. @param {EventTarget | null} target */
export function ownsUndo(target) {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable) return true;
  const isText = target.matches("textarea, input:not([type=checkbox], [type=radio], [type=button], [type=submit])");
  return isText && (typedIn.has(target) || /** @type {HTMLInputElement} */ (target).value !== "");
}
