/** One request to the service, and the four ways in which it can end: an answer, or one of three errors. */

const ANSWER_WITHIN = 30_000; // the service itself gives up after 10 seconds

/**
 * @typedef {object} Answer
 * @property {number} status
 * @property {any} body what the JSON says; null without a body
 * @property {number | null} change the number of the change that was made, or of a list's last change
 * @property {string | null} next the address of the next page
 */

/** The service could not be asked, or cannot answer now: the same request may succeed later. */
export class Unreachable extends Error {
  /**
   * @param {string} message
   * @param {number} retryAfter seconds that the service asks to wait for; 0 if it does not say
   * @param {number} status of the answer; 0 if none came
   */
  constructor(message, retryAfter = 0, status = 0) {
    super(message);
    this.retryAfter = retryAfter;
    this.status = status;
  }
}

/** The service refuses the request: the same request would be refused again. */
export class Problem extends Error {
  /** @param {number} status @param {any} problem the body (RFC 9457) @param {Headers} headers */
  constructor(status, problem, headers) {
    super(problem?.detail ?? `The service answered with the status ${status}.`);
    this.status = status;
    /** @type {string} */
    this.code = problem?.code ?? "UNKNOWN";
    this.problem = problem ?? {};
    this.retryAfter = Number(headers.get("Retry-After")) || 0;
  }
}

/** Nobody is signed in, or no longer. */
export class SignedOut extends Error {}

/**
 * Who is asking, where the service asks: `token` gives a good access token, `renew` another one than that which was
 * refused. Both throw SignedOut or Unreachable.
 *
 * @typedef {{ token(): Promise<string>, renew(refused: string): Promise<string> }} Caller
 */

/** Sends requests below one address. */
export class Api {
  #base;
  #caller;

  /** @param {URL} base ends with a slash @param {Caller | null} caller null where the service asks nobody */
  constructor(base, caller = null) {
    this.#base = base;
    this.#caller = caller;
  }

  /**
   * Send a request and return its answer, a status from 200 to 299. Throws Unreachable, Problem or SignedOut.
   *
   * @param {string} method
   * @param {string} path relative to the base
   * @param {{ body?: unknown, key?: string, version?: number | null, signal?: AbortSignal }} [options] `key` is the
   *   Idempotency-Key, `version` the one that If-Match names
   * @returns {Promise<Answer>}
   */
  async send(method, path, { body, key, version, signal = AbortSignal.timeout(ANSWER_WITHIN) } = {}) {
    /** @type {Record<string, string>} */
    const headers = {};
    if (body !== undefined) headers["Content-Type"] = "application/json";
    if (key) headers["Idempotency-Key"] = key;
    if (version) headers["If-Match"] = `"${version}"`;
    const response = await this.open(path, { method, headers, signal, body: JSON.stringify(body) });
    try {
      const change = response.headers.get("Change");
      return {
        status: response.status,
        body: response.status === 204 ? null : await response.json(),
        change: change === null ? null : Number(change),
        next: nextPage(response.headers.get("Link")),
      };
    } catch (error) {
      throw new Unreachable(`The answer broke off: ${error}`);
    }
  }

  /**
   * Send a request and return the response when it begins, with a status from 200 to 299. Throws as `send` does.
   *
   * @param {string} path
   * @param {RequestInit} options
   * @returns {Promise<Response>}
   */
  async open(path, options) {
    const token = await this.#caller?.token();
    let response = await this.#fetch(path, options, token);
    if (response.status === 401 && this.#caller && token) {
      response = await this.#fetch(path, options, await this.#caller.renew(token));
      if (response.status === 401) throw new SignedOut("The service refuses a new access token.");
    }
    if (response.ok) return response;
    return fail(response);
  }

  /** @param {string} path @param {RequestInit} options @param {string} [token] */
  async #fetch(path, options, token) {
    const headers = { ...options.headers, ...(token && { Authorization: `Bearer ${token}` }) };
    try {
      return await fetch(new URL(path, this.#base), { ...options, headers, cache: "no-store", credentials: "omit" });
    } catch (error) {
      throw new Unreachable(String(error));
    }
  }
}

/**
 * @param {Response} response
 * @returns {Promise<never>}
 */
async function fail(response) {
  const problem = await response.json().catch(() => null);
  const failure = new Problem(response.status, problem, response.headers);
  const later = response.status >= 500 || response.status === 408 || response.status === 429;
  throw later ? new Unreachable(failure.message, failure.retryAfter, failure.status) : failure;
}

/** @param {string | null} link the header Link (RFC 8288) */
function nextPage(link) {
  return link?.match(/<([^>]*)>\s*;\s*rel="?next"?/)?.[1] ?? null;
}
