/** Whether the service is reached, and what waits to be sent. */

import { t } from "../texts.js";
import { html, nothing } from "../vendor/lit-html/lit-html.js";

/** Tells when the service is away, and of writes that were not sent. */
export class Connection {
  /** @param {import("../app.js").App} app */
  constructor(app) {
    this.app = app;
  }

  /** The word in the header. */
  status() {
    const connection = this.app.tasks?.connection ?? "loading";
    return html`<span class="status" role="status" data-connection=${connection}
      >${t(`connection_${connection}`)}</span
    >`;
  }

  render() {
    const waiting = this.app.tasks?.writes.length ?? 0;
    if (this.app.tasks?.connection !== "offline") return nothing;
    return html`<p class="banner warning">${t("offline", { count: waiting })}</p>`;
  }
}
