/** Lets the page open again without the service, where the browser can: on https and on this machine. */

/** Registers the service worker. Without one, the page needs the service to open; so what fails here is no fault. */
export async function openWithoutService() {
  const address = new URL("service-worker.js", document.baseURI).href;
  try {
    await navigator.serviceWorker?.register(trusted(address));
  } catch {
    // Browsers refuse it in private windows, and where the service is away meanwhile.
  }
}

/**
 * The address as what Trusted Types ask for. The policy makes nothing else, whatever it is given.
 *
 * @param {string} address
 * @returns {string}
 */
function trusted(address) {
  const types = /** @type {any} */ (globalThis).trustedTypes;
  return types ? types.createPolicy("donebase", { createScriptURL: () => address }).createScriptURL("") : address;
}
