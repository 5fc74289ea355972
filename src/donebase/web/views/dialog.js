/** Modal dialogs: the browser keeps the focus inside while one is open, and gives it back when it is closed. */

import { close as closeIcon } from "../icons.js";
import { t } from "../texts.js";
import { ref } from "../vendor/lit-html/directives/ref.js";
import { html, nothing } from "../vendor/lit-html/lit-html.js";

/**
 * Return a dialog, which is open for as long as it is rendered.
 *
 * @param {object} parts
 * @param {string} parts.title
 * @param {unknown} parts.content
 * @param {(() => void) | null} parts.closed is called when the person has closed it; null for one that stays
 */
export function dialog({ title, content, closed }) {
  const closing = (/** @type {Event} */ event) => (closed ? closed() : show(/** @type {Element} */ (event.target)));
  return html`
    <dialog aria-label=${title} closedby=${closed ? "closerequest" : "none"} @close=${closing} ${ref(show)}>
      <div class="dialog-head">
        <h2>${title}</h2>
        ${
          closed
            ? html`<button type="button" class="quiet icon-only" aria-label=${t("close")} @click=${closeDialog}>
                ${closeIcon}
              </button>`
            : nothing
        }
      </div>
      <div class="dialog-body">${content}</div>
    </dialog>
  `;
}

/** Close the dialog that a control is in. @param {Event} event of the control */
export function closeDialog(event) {
  /** @type {HTMLElement} */ (event.target).closest("dialog")?.close();
}

/** @param {Element | undefined} element */
function show(element) {
  // It is not in the document before the rendering has ended.
  queueMicrotask(() => {
    if (!(element instanceof HTMLDialogElement) || !element.isConnected || element.open) return;
    leaveMenu();
    element.showModal();
  });
}

/** Give the focus to the button of the menu that has it: a dialog gives it back, and by then the menu is closed. */
function leaveMenu() {
  const menu = document.activeElement?.closest("[popover]");
  if (menu) /** @type {HTMLElement | null} */ (document.querySelector(`[popovertarget="${menu.id}"]`))?.focus();
}
