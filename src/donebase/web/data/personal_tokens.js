/** The personal tokens of an account, for scripts. Methods throw what `Api.send` does. */

/**
 * @typedef {object} PersonalToken
 * @property {number} id
 * @property {string} name
 * @property {string[]} scopes
 * @property {string} created_at
 * @property {string | null} last_used_at
 * @property {string | null} expires_at
 */

/** The tokens of whoever is signed in. */
export class PersonalTokens {
  #api;

  /** @param {import("./api.js").Api} api one that sends an access token */
  constructor(api) {
    this.#api = api;
  }

  /** @returns {Promise<PersonalToken[]>} */
  async list() {
    return (await this.#api.send("GET", "auth/tokens")).body;
  }

  /**
   * @param {string} name
   * @param {string[]} scopes
   * @param {Date | null} expiresAt null: when it is revoked
   * @returns {Promise<PersonalToken & { token: string }>} with the token itself, which nobody can read again
   */
  async make(name, scopes, expiresAt) {
    const body = { name, scopes, expires_at: expiresAt?.toISOString() ?? null };
    return (await this.#api.send("POST", "auth/tokens", { body })).body;
  }

  /** Revoke a token; one that is gone was revoked in another window. @param {number} id */
  async revoke(id) {
    await this.#api.send("DELETE", `auth/tokens/${id}`).catch((error) => {
      if (error.code !== "TOKEN_NOT_FOUND") throw error;
    });
  }
}
