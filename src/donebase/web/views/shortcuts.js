/** The keyboard of the page, and the dialog that lists its shortcuts. */

import { keepSingleKeys, singleKeysAreOn } from "../data/preferences.js";
import { t } from "../texts.js";
import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { dialog } from "./dialog.js";
import { isMac, keyOf, ownsUndo, rememberTyping } from "./keys.js";

/** The shortcuts, with what they do: the keys of one stand together. */
const SHORTCUTS = /** @type {const} */ ([
  ["shortcut_new", ["N"]],
  ["shortcut_search", ["/"]],
  ["shortcut_undo", ["Mod", "Z"]],
  ["shortcut_redo", ["Mod", "Shift", "Z"]],
  ["shortcut_toasts", ["F6"]],
  ["shortcut_rows", ["↑", "↓"]],
  ["shortcut_ends", ["Home", "End"]],
  ["shortcut_controls", ["Tab"]],
  ["shortcut_tick", ["Space"]],
  ["shortcut_edit", ["Enter"]],
  ["shortcut_cancel", ["Esc"]],
  ["shortcut_delete", ["Delete"]],
  ["shortcut_move", ["Alt", "↑", "↓"]],
  ["shortcut_help", ["?"]],
]);
const SYMBOLS = { Mod: "⌘", Shift: "⇧", Alt: "⌥", Delete: "⌘⌫" };

/** Listens to the keys of the whole page; those of the list are the list's. */
export class Shortcuts {
  #isOpen = false;

  /** @param {import("../app.js").App} app */
  constructor(app) {
    this.app = app;
    rememberTyping(document);
    document.addEventListener("keydown", (event) => this.#pressed(event));
  }

  open() {
    this.#isOpen = true;
    this.app.changed();
  }

  render() {
    if (!this.#isOpen) return nothing;
    return dialog({ title: t("shortcuts"), content: this.#content(), closed: () => this.#close() });
  }

  #content() {
    return html`<dl class="shortcuts">
        ${SHORTCUTS.map(
          ([name, keys]) =>
            html`<div>
              <dt>${t(name)}</dt>
              <dd dir="ltr">${keys.map(keyCap)}</dd>
            </div>`,
        )}
      </dl>
      <label class="cluster">
        <input
          type="checkbox"
          .checked=${singleKeysAreOn()}
          @change=${(/** @type {any} */ { target }) => keepSingleKeys(target.checked)}
        />
        ${t("shortcuts_single")}
      </label>`;
  }

  #close() {
    this.#isOpen = false;
    this.app.changed();
  }

  /** @param {KeyboardEvent} event */
  #pressed(event) {
    if (event.defaultPrevented || event.isComposing || !this.app.tasks) return;
    const run = this.#commandOf(event);
    if (run && run() !== false) event.preventDefault();
  }

  /** @param {KeyboardEvent} event @returns {(() => unknown) | undefined} false of what it returns: it was nothing */
  #commandOf(event) {
    const { toasts } = this.app;
    const key = keyOf(event);
    if (key === "Mod+z") return ownsUndo(event.target) ? undefined : () => void toasts.undo();
    if (key === "Mod+Shift+z" || key === "Mod+y") return ownsUndo(event.target) ? undefined : () => void toasts.redo();
    if (document.querySelector("dialog[open]")) return undefined;
    if (key === "F6") return () => toasts.toggleFocus();
    return this.#singleKey(key, event);
  }

  /** @param {string} key @param {KeyboardEvent} event */
  #singleKey(key, { target }) {
    if (isTyping(target) || !singleKeysAreOn()) return undefined;
    if (key === "n") return () => focusOn("new-task");
    if (key === "/") return () => focusOn("search");
    return key === "?" ? () => this.open() : undefined;
  }
}

/** @param {string} key */
function keyCap(key) {
  if (isMac() && key in SYMBOLS) return html`<kbd>${SYMBOLS[/** @type {keyof typeof SYMBOLS} */ (key)]}</kbd> `;
  return html`<kbd>${key === "Mod" ? "Ctrl" : key === "Space" ? t("key_space") : key}</kbd> `;
}

/** @param {EventTarget | null} target */
function isTyping(target) {
  return (
    target instanceof HTMLElement && target.matches("input, textarea, select, [contenteditable]") && !isTick(target)
  );
}

/** @param {HTMLElement} element */
function isTick(element) {
  return element instanceof HTMLInputElement && ["checkbox", "radio"].includes(element.type);
}

/** @param {string} id */
function focusOn(id) {
  const field = document.getElementById(id);
  field?.focus();
  if (field instanceof HTMLInputElement) field.select();
}
