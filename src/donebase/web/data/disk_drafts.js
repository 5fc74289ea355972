/** The drafts in IndexedDB: what is being typed. */

import { DiskCopies } from "./disk_copies.js";
import { allOf, ignored, writing } from "./disk_requests.js";

/** @typedef {{ what: any, at: string }} Draft and when it was typed (RFC 3339) */
/** @typedef {{ name: string, draft: Draft }} NamedDraft */

/** Every method is one transaction, and rejects when it fails. */
export class DiskDrafts extends DiskCopies {
  /** @param {string} owner @param {string} name @param {Draft | undefined} draft undefined removes it */
  async keepDraft(owner, name, draft) {
    if (draft === undefined) await this.database.delete("drafts", [owner, name]);
    else await this.database.put("drafts", draft, [owner, name]);
  }

  /**
   * Give drafts other names.
   *
   * @param {string} owner
   * @param {(drafts: NamedDraft[]) => Map<string, string>} renamed returns the new name of each that gets one, by its name
   */
  async renameDrafts(owner, renamed) {
    const transaction = writing(this.database, ["drafts"]);
    const store = transaction.objectStore("drafts");
    const [keys, drafts] = await Promise.all([store.getAllKeys(allOf(owner)), store.getAll(allOf(owner))]);
    const named = keys.map((key, index) => ({ name: /** @type {string[]} */ (key)[1], draft: drafts[index] }));
    const names = renamed(named);
    for (const { name, draft } of named) {
      const next = names.get(name);
      if (next === undefined || next === name) continue;
      store.delete([owner, name]).catch(ignored);
      store.put(draft, [owner, next]).catch(ignored);
    }
    await transaction.done;
  }
}
