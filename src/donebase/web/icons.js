/** Small pictures beside or in place of a word. None has a name: the control that shows one has it. */

import { html, svg } from "./vendor/lit-html/lit-html.js";

/**
 * @param {unknown} shapes  on a square of 24, drawn by a line of the text's colour
 * @param {string} [kind]  "directed" for one that points along the line of text, and is mirrored right-to-left
 */
const icon = (shapes, kind = "") =>
  html`<svg class="icon ${kind}" viewBox="0 0 24 24" aria-hidden="true" focusable="false">${shapes}</svg>`;

export const account = icon(svg`<circle cx="12" cy="8" r="4" /><path d="M4 21c1-5 4-7 8-7s7 2 8 7" />`);
export const add = icon(svg`<path d="M12 5v14M5 12h14" />`);
export const calendar = icon(svg`<rect x="4" y="5" width="16" height="16" rx="2" /><path d="M4 10h16M8 3v4M16 3v4" />`);
export const close = icon(svg`<path d="M6 6l12 12M18 6L6 18" />`);
export const code = icon(svg`<path d="M8 7l-5 5 5 5M16 7l5 5-5 5M14 5l-4 14" />`);
export const done = icon(svg`<path d="M4 13l5 5L20 6" />`);
export const edit = icon(svg`<path d="M4 20l1-4L16 5l3 3L8 19zM13 8l3 3" />`);
export const flag = icon(svg`<path d="M6 21V4c4-2 8 2 12 0v9c-4 2-8-2-12 0" />`);
export const grip = icon(svg`<path d="M9 6h.01M9 12h.01M9 18h.01M15 6h.01M15 12h.01M15 18h.01" stroke-width="3" />`);
export const history = icon(svg`<path d="M4 12a8 8 0 1 0 3-6L4 8M4 4v4h4M12 8v4l3 2" />`);
export const keyboard = icon(
  svg`<rect x="2" y="6" width="20" height="12" rx="2" /><path d="M6 10h.01M10 10h.01M14 10h.01M18 10h.01M8 14h8" />`,
);
export const language = icon(
  svg`<circle cx="12" cy="12" r="9" /><path d="M3 12h18M12 3c-5 5-5 13 0 18M12 3c5 5 5 13 0 18" />`,
);
export const menu = icon(svg`<path d="M5 7h14M5 12h14M5 17h14" />`);
export const more = icon(svg`<path d="M6 12h.01M12 12h.01M18 12h.01" stroke-width="3" />`);
export const offline = icon(svg`<path d="M3 3l18 18M7 9a5 5 0 0 0 0 10h10M10 6a6 6 0 0 1 8 6 4 4 0 0 1 2 6" />`);
export const redo = icon(svg`<path d="M20 9H9a5 5 0 0 0 0 10h5M16 5l4 4-4 4" />`, "directed");
export const search = icon(svg`<circle cx="11" cy="11" r="6" /><path d="M20 20l-4.500-4.500" />`);
export const signOut = icon(svg`<path d="M14 4H6v16h8M10 12h11M17 8l4 4-4 4" />`, "directed");
export const tag = icon(svg`<path d="M4 4h8l8 8-8 8-8-8zM8 8h.01" />`);
export const trash = icon(svg`<path d="M4 7h16M9 7V4h6v3M6 7l1 14h10l1-14M10 11v6M14 11v6" />`);
export const undo = icon(svg`<path d="M4 9h11a5 5 0 0 1 0 10h-5M8 5L4 9l4 4" />`, "directed");
export const warning = icon(svg`<path d="M12 4l9 16H3zM12 10v5M12 18h.01" />`);
