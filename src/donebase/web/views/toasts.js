/** Short messages of what has just happened, with a way to undo it. */

import { t } from "../texts.js";
import { html, nothing } from "../vendor/lit-html/lit-html.js";

/** Shows the last message. */
export class Toasts {
  /** @type {import("../data/writes.js").Write | null} */
  #last = null;

  /** @param {import("../app.js").App} app */
  constructor(app) {
    this.app = app;
  }

  /** @param {import("../data/writes.js").Write} write of this window */
  written(write) {
    this.#last = write;
  }

  /** @param {import("../data/writes.js").Write} write that is in conflict, or was refused */
  refused(write) {
    this.#last = write;
    this.app.changed();
  }

  render() {
    const write = this.#last;
    if (!write) return nothing;
    return html`<div class="toasts">
      <div class="toast" role="status">
        <span>${t(`written_${write.kind}`)}</span>
        <button @click=${() => this.app.tasks?.undoWrite(write)}>${t("undo")}</button>
      </div>
    </div>`;
  }
}
