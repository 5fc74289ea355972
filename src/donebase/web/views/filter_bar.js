/** Which tasks are shown, and in which order. */

import { addressOf, SHOWS, SORTS } from "../address.js";
import { facets } from "../facets.js";
import { shown } from "../filters.js";
import * as icons from "../icons.js";
import { numberWords } from "../locale.js";
import { t } from "../texts.js";
import { live } from "../vendor/lit-html/directives/live.js";
import { html, nothing } from "../vendor/lit-html/lit-html.js";

/** @import { Filter, Show, Sort } from "../address.js" */

const TYPED_FOR = 700; // milliseconds without a key, after which somebody wants to hear what was found

/** Changes the filter, which is in the address. */
export class FilterBar {
  #timer = 0;
  /** @type {Filter} the one that was told of last */
  #filter;

  /** @param {import("../app.js").App} app */
  constructor(app) {
    this.app = app;
    this.#filter = app.address.filter;
  }

  render() {
    const { filter } = this.app.address;
    this.#tellChange(filter);
    const { shows, tags, completed } = facets(this.app.tasks?.all() ?? [], filter);
    return html`<div class="filters" role="search" aria-label=${t("filter")}>
      <div class="segments" role="group" aria-label=${t("show")}>
        ${SHOWS.map((show) => this.#show(show, shows[show]))}
      </div>
      ${this.#search(filter)} ${tags.length ? this.#tags(filter, tags) : nothing} ${this.#sort(filter)}
      <button
        type="button"
        class="quiet clear push"
        aria-disabled=${completed === 0}
        @click=${() => completed && void this.app.tasks?.clearCompleted()}
      >
        ${icons.trash} ${t("clear_completed", { count: completed })}
      </button>
    </div>`;
  }

  /** @param {Show} show @param {number} count */
  #show(show, count) {
    const { filter } = this.app.address;
    // A link: it can be opened in a window of its own.
    return html`<a
      href=${addressOf({ ...this.app.address, filter: { ...filter, show } })}
      aria-current=${filter.show === show ? "true" : nothing}
      @click=${(/** @type {MouseEvent} */ event) => this.#follow(event, { show })}
      >${t(`show_${show}`)} <span class="count">${numberWords(count)}</span></a
    >`;
  }

  /** @param {Filter} filter */
  #search({ q }) {
    return html`<input
      id="search"
      class="search"
      type="search"
      dir="auto"
      autocomplete="off"
      enterkeyhint="search"
      aria-label=${t("search")}
      placeholder=${t("search")}
      .value=${live(q)}
      @input=${(/** @type {any} */ { target }) => this.#go({ q: target.value }, true)}
      @keydown=${(/** @type {KeyboardEvent} */ event) => this.#searchKey(event)}
    />`;
  }

  /** @param {Filter} filter @param {[string, number][]} tags */
  #tags({ tag }, tags) {
    const option = (/** @type {[string, number]} */ [name, count]) =>
      html`<option value=${`=${name}`} ?selected=${name === tag}>${t("tag_and_count", { tag: name, count })}</option>`;
    // "=" tells a tag from no tag.
    return html`<select
        id="tag-filter"
        aria-label=${t("tag")}
        .value=${live(tag === null ? "" : `=${tag}`)}
        @change=${(/** @type {any} */ { target }) => this.#go({ tag: target.value.slice(1) || null })}
      >
        <option value="" ?selected=${tag === null}>${t("all_tags")}</option>
        ${tags.map(option)}
      </select>
      ${tag === null ? nothing : this.#presentTag(tag)}`;
  }

  /** @param {string} tag */
  #presentTag(tag) {
    return html`<span class="chip tag"
      ><bdi>${tag}</bdi>
      <button type="button" aria-label=${t("remove_tag_filter", { tag })} @click=${() => this.#removeTag()}>
        ${icons.close}
      </button></span
    >`;
  }

  #removeTag() {
    document.getElementById("tag-filter")?.focus();
    this.#go({ tag: null });
  }

  /** @param {Filter} filter */
  #sort({ sort }) {
    const option = (/** @type {Sort} */ name) =>
      html`<option value=${name} ?selected=${name === sort}>${t(`sort_${name}`)}</option>`;
    return html`<select
      aria-label=${t("sort")}
      .value=${live(sort)}
      @change=${(/** @type {any} */ { target }) => this.#go({ sort: target.value })}
    >
      ${SORTS.map(option)}
    </select>`;
  }

  /** @param {MouseEvent} event @param {Partial<Filter>} parts */
  #follow(event, parts) {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    this.#go(parts);
  }

  /** @param {KeyboardEvent} event */
  #searchKey(event) {
    if (event.key !== "Escape" || event.isComposing || !this.app.address.filter.q) return;
    event.preventDefault();
    this.#go({ q: "" }, true);
  }

  /** @param {Partial<Filter>} parts @param {boolean} [isTyped] Back does not lead through what was typed */
  #go(parts, isTyped = false) {
    this.app.go({ filter: { ...this.app.address.filter, ...parts } }, { replace: isTyped });
  }

  /** Announce how many tasks are shown, whatever has changed the filter. @param {Filter} filter */
  #tellChange(filter) {
    const before = this.#filter;
    this.#filter = filter;
    if (JSON.stringify(before) === JSON.stringify(filter)) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#tellCount(), before.q === filter.q ? 0 : TYPED_FOR);
  }

  #tellCount() {
    const tasks = shown(this.app.tasks?.all() ?? [], this.app.address.filter);
    this.app.announcer.say(t("shown", { count: tasks.length }));
  }
}
