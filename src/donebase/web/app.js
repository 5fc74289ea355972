/** The page: who is asking, their tasks, the views; and when to draw them again. */

import { addressOf, readAddress } from "./address.js";
import { Api } from "./data/api.js";
import { Drafts } from "./data/drafts.js";
import { ownerOf, Session } from "./data/session.js";
import { TaskStore } from "./data/tasks.js";
import * as icons from "./icons.js";
import { setLanguage, t } from "./texts.js";
import { keyed } from "./vendor/lit-html/directives/keyed.js";
import { html, nothing, render } from "./vendor/lit-html/lit-html.js";
import { Account } from "./views/account.js";
import { Announcer } from "./views/announcer.js";
import { Composer } from "./views/composer.js";
import { Conflict } from "./views/conflict.js";
import { Connection } from "./views/connection.js";
import { FilterBar } from "./views/filter_bar.js";
import { History } from "./views/history.js";
import { Menu } from "./views/menu.js";
import { Shortcuts } from "./views/shortcuts.js";
import { SignIn } from "./views/sign_in.js";
import { TaskEditor } from "./views/task_editor.js";
import { TaskList } from "./views/task_list.js";
import { Toasts } from "./views/toasts.js";
import { Trash } from "./views/trash.js";
import { UserChooser } from "./views/user_chooser.js";

const A_MINUTE = 60_000; // what is overdue changes with time

/** @typedef {{ mode: "open" | "required", signUp: "open" | "closed" }} Service what the page's own file says of the service */

/** One window of the page. Views are its fields, have a `render()`, and call `changed()` after they have changed. */
export class App {
  address = readAddress();
  /** @type {TaskStore | null} null while it is not known whose tasks are shown */
  tasks = null;
  #willRender = false;

  /**
   * @param {HTMLElement} root
   * @param {import("./data/storage.js").Storage} storage
   * @param {Service} service
   */
  constructor(root, storage, service) {
    this.root = root;
    this.storage = storage;
    this.drafts = new Drafts(storage);
    this.service = service;
    const base = new URL(".", document.baseURI);
    this.session = service.mode === "required" ? new Session(storage, base, () => this.#sessionChanged()) : null;
    this.signIn = new SignIn(this);
    this.userChooser = new UserChooser(this);
    this.account = new Account(this);
    this.announcer = new Announcer(this);
    this.connection = new Connection(this);
    this.composer = new Composer(this);
    this.filterBar = new FilterBar(this);
    this.editor = new TaskEditor(this);
    this.list = new TaskList(this);
    this.history = new History(this);
    this.trash = new Trash(this);
    this.conflict = new Conflict(this);
    this.menu = new Menu(this);
    this.shortcuts = new Shortcuts(this);
    this.toasts = new Toasts(this);
  }

  async start() {
    window.addEventListener("popstate", () => {
      this.address = readAddress();
      this.#addressChanged();
    });
    setInterval(() => this.changed(), A_MINUTE);
    setLanguage(this.address.lang);
    await this.session?.start();
    this.#whoChanged();
  }

  /** Draw everything again, once for all changes of this turn of the event loop. */
  changed() {
    if (this.#willRender) return;
    this.#willRender = true;
    queueMicrotask(() => {
      this.#willRender = false;
      render(this.#page(), this.root);
    });
  }

  /**
   * Go to another address of the page, such as another filter.
   *
   * @param {Partial<import("./address.js").Address>} parts
   * @param {{ replace?: boolean }} [options] `replace`: Back does not lead to the present one
   */
  go(parts, { replace = false } = {}) {
    this.address = { ...this.address, ...parts };
    try {
      history[replace ? "replaceState" : "pushState"](null, "", new URL(addressOf(this.address), location.href));
    } catch {
      // Safari refuses the 101st address within 10 seconds: somebody types fast. The next one is complete again.
    }
    this.#addressChanged();
  }

  #addressChanged() {
    setLanguage(this.address.lang);
    this.#whoChanged();
  }

  /** Show the tasks of whoever is asking now. */
  #whoChanged() {
    const who = this.#who();
    if (who?.owner !== this.tasks?.owner) {
      if (this.tasks) this.#forgetViews();
      this.tasks?.stop();
      this.announcer.forget();
      this.tasks = who && this.#tasksOf(who);
      void this.tasks?.start();
    }
    this.changed();
  }

  #sessionChanged() {
    const before = this.tasks;
    this.#whoChanged();
    if (this.tasks === before && this.session?.state === "signed-in") this.tasks?.retry();
  }

  /** What somebody has typed, opened or been told is not for who comes next. */
  #forgetViews() {
    this.list.stop();
    this.account = new Account(this);
    this.composer = new Composer(this);
    this.filterBar = new FilterBar(this);
    this.editor = new TaskEditor(this);
    this.list = new TaskList(this);
    this.history = new History(this);
    this.trash = new Trash(this);
    this.conflict = new Conflict(this);
    this.toasts = new Toasts(this);
  }

  #who() {
    if (this.session) {
      const { account } = this.session;
      // By number: at `me`, what one account has written could be sent as another's, who has signed in meanwhile.
      return account && { owner: ownerOf(account), path: `users/${account.id}/`, caller: this.session.as(account) };
    }
    const { user } = this.address;
    return user ? { owner: `user:${user}`, path: `users/${user}/`, caller: null } : null;
  }

  /** @param {{ owner: string, path: string, caller: import("./data/api.js").Caller | null }} who */
  #tasksOf({ owner, path, caller }) {
    return new TaskStore({
      owner,
      storage: this.storage,
      api: new Api(new URL(path, document.baseURI), caller),
      changed: () => this.changed(),
      written: (write, undone) => this.toasts.written(write, undone),
      refused: (write) => this.toasts.refused(write),
    });
  }

  #page() {
    if (this.session?.state === "unknown") return nothing;
    if (!this.tasks) return this.session ? this.signIn.render() : this.userChooser.render();
    const page = html`
      <a class="skip visually-hidden" href="#tasks">${t("skip")}</a>
      <header class="bar">
        <h1 class="brand">${icons.done}${t("donebase")}</h1>
        ${this.connection.status()} ${this.account.render()} ${this.menu.render()}
      </header>
      <main id="tasks" tabindex="-1">
        ${this.connection.render()} ${this.composer.render()} ${this.editor.notice()} ${this.filterBar.render()}
        ${this.list.render()}
      </main>
      ${this.history.render()} ${this.trash.render()} ${this.conflict.render()} ${this.shortcuts.render()}
      ${this.session?.state === "signed-out" ? this.signIn.render() : nothing} ${this.toasts.render()}
      ${this.announcer.render()}
    `;
    return keyed(this.tasks.owner, page);
  }
}
