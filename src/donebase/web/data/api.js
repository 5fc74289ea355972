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
   * @param {string} code the problem's, if the service itself said that it cannot answer
   */
  constructor(message, retryAfter = 0, status = 0, code = "") {
    super(message);
    this.retryAfter = retryAfter;
    this.status = status;
    this.code = code;
  }
}

/** The service refuses the request: the same request would be refused again. */
export class Problem extends Error {
  /** @param {number} status @param {any} problem the body (RFC 9457) @param {Headers} headers */
  constructor(status, problem, headers) {
    super(problem.detail ?? `The service answered with the status ${status}.`);
    this.status = status;
    /** @type {string} */
    this.code = problem.code;
    this.problem = problem;
    this.retryAfter = secondsOf(headers);
  }
}

/** Nobody is signed in, or no longer. */
export class SignedOut extends Error {}

/** Whether an error is none of these, and so a fault of the page. @param {unknown} error @returns {boolean} */
export function isUnexpected(error) {
  return !(error instanceof Unreachable || error instanceof SignedOut || error instanceof Problem);
}

/**
 * Who is asking, where the service asks: `token` gives a good access token, `renew` another one than that which was
 * refused. Both throw SignedOut or Unreachable.
 *
 * @typedef {{ token(): Promise<string>, renew(refused: string): Promise<string> }} Caller
 */

/**
 * @typedef {object} Options
 * @property {unknown} [body]
 * @property {string} [key] the Idempotency-Key
 * @property {number | null} [version] the one that If-Match names
 * @property {AbortSignal} [signal] ends the request; after 30 seconds unless given
 * @property {() => void} [heard] is called for each piece of the answer
 * @property {(body: any) => boolean} [shape] whether a body is what the service answers here; any JSON unless given
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
   * Send a request and return its answer, a status from 200 to 299. Throws Unreachable, Problem or SignedOut. What
   * something else than the service says, such as the sign-in page of a network, counts as no answer: Unreachable.
   *
   * @param {string} method
   * @param {string} path relative to the base
   * @param {Options} [options]
   * @returns {Promise<Answer>}
   */
  async send(method, path, { body, key, version, heard, shape, signal = AbortSignal.timeout(ANSWER_WITHIN) } = {}) {
    /** @type {Record<string, string>} */
    const headers = {};
    if (body !== undefined) headers["Content-Type"] = "application/json";
    if (key) headers["Idempotency-Key"] = key;
    if (version) headers["If-Match"] = `"${version}"`;
    const response = await this.open(path, { method, headers, signal, body: JSON.stringify(body) });
    const answered = response.status === 204 ? null : await jsonOf(response, heard);
    if (shape && !shape(answered)) throw new Unreachable("This is no answer of the service.", 0, response.status);
    const change = response.headers.get("Change");
    return {
      status: response.status,
      body: answered,
      change: change === null ? null : Number(change),
      next: nextPage(response.headers.get("Link")),
    };
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
    const always = /** @type {const} */ ({ cache: "no-store", credentials: "omit", redirect: "error" });
    try {
      return await fetch(new URL(path, this.#base), { ...options, ...always, headers });
    } catch (error) {
      throw new Unreachable(String(error));
    }
  }
}

/** Return what the JSON of a response says. @param {Response} response @param {() => void} [heard] */
async function jsonOf(response, heard) {
  const type = response.headers.get("Content-Type") ?? "";
  if (!/^application\/([\w.-]+\+)?json\b/.test(type)) throw new Unreachable("This is no JSON.", 0, response.status);
  try {
    return JSON.parse(await textOf(response, heard));
  } catch (error) {
    throw new Unreachable(`The answer broke off: ${error}`, 0, response.status);
  }
}

/** @param {Response} response @param {() => void} [heard] */
async function textOf(response, heard) {
  if (!heard || !response.body) return response.text();
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    heard();
    text += decoder.decode(value, { stream: true });
  }
}

/**
 * @param {Response} response
 * @returns {Promise<never>}
 */
async function fail(response) {
  const { status, headers } = response;
  const problem = await jsonOf(response).catch(() => null);
  const known = typeof problem?.code === "string";
  if (known && status < 500 && status !== 408 && status !== 429) throw new Problem(status, problem, headers);
  const message = problem?.detail ?? `Something answered with the status ${status}.`;
  throw new Unreachable(message, secondsOf(headers), status, known ? problem.code : "");
}

/** @param {Headers} headers @returns {number} the seconds that Retry-After asks for; 0 without it */
function secondsOf(headers) {
  const value = headers.get("Retry-After") ?? "";
  const seconds = Number(value) || (Date.parse(value) - Date.now()) / 1000;
  return seconds > 0 ? seconds : 0;
}

/** @param {string | null} link the header Link (RFC 8288) */
function nextPage(link) {
  return link?.match(/<([^>]*)>\s*;\s*rel="?next"?/)?.[1] ?? null;
}
