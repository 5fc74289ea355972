/** What the methods of the storage on the disk have in common. */

/**
 * @template {IDBTransactionMode} Mode
 * @typedef {import("../vendor/idb/build/index.js").IDBPTransaction<unknown, string[], Mode>} Transaction
 */

/** @param {string} owner @returns {IDBKeyRange} all that is kept under [owner, …] */
export function allOf(owner) {
  return IDBKeyRange.bound([owner], [owner, []]);
}

/** What is given to a request as its `catch`: one that fails ends its transaction, which tells. */
export function ignored() {}

/**
 * Begin a transaction that changes something.
 *
 * @param {import("../vendor/idb/build/index.js").IDBPDatabase} database
 * @param {string[]} stores
 * @param {IDBTransactionOptions} [options]
 * @returns {Transaction<"readwrite">}
 */
export function writing(database, stores, options) {
  const transaction = database.transaction(stores, "readwrite", options);
  transaction.done.catch(ignored); // where a request fails first, nobody waits for the end
  return transaction;
}
