/**
 * Opens the page without the service, with the files of the release that this worker came with. Answers of the API are
 * never kept here: what a window shows then, it has from its own storage.
 */

/** The service writes it when it sends this file. */
const RELEASE = "$release";

const CACHES = "donebase-";
const CACHE = CACHES + RELEASE;
/** What a person waits for a service that is silent before the page opens without it. */
const PATIENCE = 3000;
/** A request that is not answered for so long is given up: a worker that waits for one keeps the next from beginning. */
const LONGEST = 20_000;

const worker = /** @type {ServiceWorkerGlobalScope} */ (/** @type {unknown} */ (self));
const page = new URL("./", worker.location.href).href;

worker.addEventListener("install", (event) => event.waitUntil(install()));
worker.addEventListener("activate", (event) => event.waitUntil(removeOtherReleases()));
worker.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = request.url.split(/[?#]/, 1)[0];
  if (request.mode === "navigate" && url === page) {
    event.respondWith(open(request, event));
  } else if (url.startsWith(`${page}web/`)) {
    event.respondWith(file(request));
  }
});

/** Keeps every file of this release. Fails where another one is served by now: that has a worker of its own. */
async function install() {
  const document = await fetch(page, { cache: "no-store" });
  const text = await document.clone().text();
  if (!document.ok || !isOfThisRelease(text)) throw new Error("This release is not served any more.");
  const files = text.match(/\bweb\/[^"]+/g) ?? [];
  const cache = await caches.open(CACHE);
  await Promise.all([cache.put(page, document), cache.addAll([...new Set(files)])]);
  // A window of the release before has loaded all of its modules, so it needs its own worker no longer.
  await worker.skipWaiting();
}

async function removeOtherReleases() {
  const names = await caches.keys();
  await Promise.all(
    names.filter((name) => name.startsWith(CACHES) && name !== CACHE).map((name) => caches.delete(name)),
  );
}

/**
 * The document of the service, or the one that is kept where the service is away, in trouble, or silent.
 *
 * @param {Request} request
 * @param {FetchEvent} event
 */
async function open(request, event) {
  const kept = await caches.match(page, { cacheName: CACHE });
  const fresh = fetch(request, { signal: AbortSignal.timeout(LONGEST) });
  if (!kept) return fresh;
  const answered = fresh.then(
    (response) => (response.status < 500 ? response : kept),
    () => kept,
  );
  event.waitUntil(fresh.then(keep).catch(() => undefined));
  return Promise.race([answered, silence().then(() => kept)]);
}

/**
 * Keeps a document that names the files that are kept: the mode of the service may have changed.
 *
 * @param {Response} response
 */
async function keep(response) {
  const copy = response.clone();
  const text = await response.clone().text();
  if (response.ok && isOfThisRelease(text)) await (await caches.open(CACHE)).put(page, copy);
}

/** @param {string} document */
function isOfThisRelease(document) {
  return document.includes(`web/${RELEASE}/`);
}

/** @param {Request} request */
async function file(request) {
  return (await caches.match(request.url)) ?? fetch(request);
}

function silence() {
  return new Promise((resolve) => setTimeout(resolve, PATIENCE));
}
