/** Starts the page. */

import { App } from "./app.js";
import { openStorage } from "./data/storage.js";
import { openWithoutService } from "./offline.js";

/** @param {string} name of a meta element @returns {string} */
const said = (name) => document.querySelector(`meta[name="donebase-${name}"]`)?.getAttribute("content") ?? "";

const root = document.getElementById("page");
if (!root) throw new Error("The page has no place to draw in.");
const service = {
  mode: said("auth") === "required" ? "required" : "open",
  signUp: said("sign-up") === "closed" ? "closed" : "open",
};
const app = new App(root, await openStorage(), /** @type {import("./app.js").Service} */ (service));
await Promise.all([app.start(), openWithoutService()]);
