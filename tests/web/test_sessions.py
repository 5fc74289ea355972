"""One session in all windows of a browser: refreshed by one at a time, ended, taken up by its owner or another."""

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.support.accounts import ANOTHER, PHRASE, Member
from tests.support.axe import violations
from tests.support.page_accounts import add, choose, kept, menu_of, refresh_token, sign_in, task, wait_until_gone
from tests.support.processes import Service
from tests.support.tokens import from_nowhere
from tests.support.waiting import wait_for
from tests.support.web_modules import Modules
from tests.support.web_page import NewPage, stored, titles_of, wait_for_titles, wait_until_sent

LOCKS = "locks"
NO_LOCKS = "Object.defineProperty(Navigator.prototype, 'locks', { get: () => undefined });"
"""As on plain http, where browsers have no locks."""
# Refreshes are counted, and can be held up before they are sent, or lose their answer. A clock that was put on stays so
# when its window is loaded again: windows of one browser tell each other times.
REFRESHES = """
  const now = Date.now;
  Date.now = () => now() + Number(sessionStorage.getItem('later'));
  window.refreshes = [];
  const ask = window.fetch;
  window.fetch = async (url, options) => {
    if (!String(url).endsWith('/auth/refresh')) return ask(url, options);
    window.refreshes.push({ at: Date.now(), token: JSON.parse(options.body).refresh_token });
    await window.held;
    const answer = await ask(url, options);
    if (window.loses) { window.loses = false; throw new TypeError('The answer was lost.'); }
    return answer;
  };
"""
HOLD = "void (window.held = new Promise((resolve) => (window.release = resolve)))"
LATER = "sessionStorage.setItem('later', 15 * 60 * 1000)"
# Waits as the window does: for its turn, or for the end of what another window has claimed.
WAITS = {
    LOCKS: "navigator.locks.query().then(({ pending }) => pending.some(({ name }) => name.includes('session')))",
    NO_LOCKS: "window.looked",
}
LOOKS = """
  const put = IDBObjectStore.prototype.put;
  IDBObjectStore.prototype.put = function (...all) {
    if (this.name === 'session') window.looked = true;
    return put.apply(this, all);
  };
"""
# Writes into the storage what a window leaves that has claimed the refresh token: for so long from now.
CLAIMED_FOR = """(milliseconds) => new Promise((resolve) => {
  const until = Date.now() + milliseconds;
  const opened = indexedDB.open("donebase /");
  opened.onsuccess = () => {
    const store = opened.result.transaction("session", "readwrite").objectStore("session");
    store.get("session").onsuccess = ({ target }) => store.put({ ...target.result, claimedUntil: until }, "session");
    store.transaction.oncomplete = () => (opened.result.close(), resolve(until));
  };
})"""


# A session of account 1 over a storage in memory, where the token is exchanged as the test wants it.
SESSION = """
  let record = { account: { id: 1, email: "ada@example.com", name: null }, refreshToken: "first", claimedUntil: 0 };
  const answer = { user: record.account, access_token: "access", expires_in: 900, refresh_token: "second" };
  const forgotten = [];
  const storage = {
    session: { read: async () => record, update: async (change) => (record = change(record)) },
    forget: async (owner) => forgotten.push(owner),
  };
  const base = new URL("/", location.href);
"""


def signed_in(new_page: NewPage, service: Service, member: Member, *scripts: str, query: str = "") -> Page:
    """Open the page with scripts that run before its own, in all windows of the browser, and sign in."""
    page = new_page(service, query, extra_http_headers=from_nowhere())
    for script in scripts:
        page.context.add_init_script(script)
    if scripts:
        page.reload()
    sign_in(page, member.email)
    expect(page.locator("[data-connection=live]")).to_be_visible()
    return page


def unsent(page: Page) -> list[str]:
    """Return the titles of the writes that the browser keeps because they were not answered, of all accounts."""
    return [write["title"] for write in stored(page, "outbox")]


@pytest.fixture
def ada(guarded_client: httpx.Client) -> Member:
    """Somebody with an account."""
    return Member.new(guarded_client, name="Ada")


@pytest.fixture
def ben(guarded_client: httpx.Client) -> Member:
    """Somebody else with an account."""
    return Member.new(guarded_client, name="Ben")


@pytest.mark.long
@pytest.mark.parametrize("locks", [LOCKS, NO_LOCKS], ids=["with locks", "without locks"])
def test_two_windows_refresh_in_turn(guarded: Service, new_page: NewPage, ada: Member, locks: str) -> None:
    scripts = [REFRESHES, LOOKS, *([locks] if locks == NO_LOCKS else [])]
    page = signed_in(new_page, guarded, ada, *scripts)
    beside = new_page(guarded, beside=page)
    expect(beside.locator("[data-connection=live]")).to_be_visible()
    before = refresh_token(page)
    page.bring_to_front()
    page.evaluate(f"{HOLD}; window.refreshes = []; {LATER}")
    choose(page, "Tokens for scripts", "Ada")
    wait_for(lambda: page.evaluate("window.refreshes.length === 1"))
    beside.evaluate(f"window.refreshes = []; window.looked = false; {LATER}")
    beside.bring_to_front()
    choose(beside, "Tokens for scripts", "Ada")
    wait_for(lambda: beside.evaluate(WAITS[locks]))
    assert beside.evaluate("window.refreshes") == []
    page.evaluate("window.release()")
    for window in (page, beside):
        expect(window.get_by_text("There are no tokens.")).to_be_visible()
    used = [each["token"] for window in (page, beside) for each in window.evaluate("window.refreshes")]
    assert len(used) == len({*used}), "no token is used twice"
    assert refresh_token(page) != before
    for window in (page, beside):
        window.bring_to_front()
        window.reload()
        expect(window.locator("[data-connection=live]")).to_be_visible()


@pytest.mark.long
def test_a_window_that_died_while_it_refreshed_holds_nobody_up(
    guarded: Service, new_page: NewPage, ada: Member
) -> None:
    page = signed_in(new_page, guarded, ada)
    page.evaluate(CLAIMED_FOR, 45_000)
    stopped = "{ const now = Date.now(); Date.now = () => now; }"  # for a clock that stands still, no claim ends
    page.context.add_init_script(stopped)
    page.reload()
    expect(page.locator("[data-connection=live]")).to_be_visible()

    page = signed_in(new_page, guarded, ada, NO_LOCKS, REFRESHES)
    until = page.evaluate(CLAIMED_FOR, 1_500)
    page.reload()
    expect(page.locator("[data-connection=live]")).to_be_visible()
    [refreshed] = page.evaluate("window.refreshes")
    assert refreshed["at"] >= until, "without locks, a claim is waited for"


@pytest.mark.long
def test_a_session_ends_in_all_windows_and_is_taken_up_where_it_was(
    guarded: Service, guarded_client: httpx.Client, new_page: NewPage, ada: Member, ben: Member
) -> None:
    new_page.expect("status of 401", "ERR_INTERNET_DISCONNECTED")
    page = signed_in(new_page, guarded, ada, query="?show=open")
    add(page, "Ada's, and known")
    wait_for_titles(guarded_client, ada.number, ["Ada's, and known"], ada.headers)
    beside = new_page(guarded, beside=page)
    expect(task(beside, "Ada's, and known")).to_be_visible()
    beside.locator("#new-task").fill("half a thought")
    page.bring_to_front()
    page.context.set_offline(True)
    add(page, "Ada's, and not sent")
    assert ada.sign_in().ask("PATCH", "me", password=ANOTHER, current_password=PHRASE).status_code == 200
    page.context.set_offline(False)
    for window in (page, beside):
        expect(window.get_by_role("dialog", name="Sign in again")).to_be_visible()
    wait_for(lambda: unsent(page) == ["Ada's, and not sent"])
    page.reload()
    dialog = page.get_by_role("dialog", name="Sign in again")
    expect(dialog).to_contain_text("What you have written is kept here")
    expect(dialog.get_by_label("E-mail address")).to_have_value(ada.email)
    expect(dialog.get_by_label("Password", exact=True)).to_be_focused()
    assert violations(page) == []
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    expect(dialog).to_be_visible()
    sign_in(page, ada.email, PHRASE)
    expect(dialog.get_by_role("alert").filter(has_text="No account has")).to_be_visible()
    assert "half a thought" in beside.locator("#new-task").input_value()

    sign_in(page, ben.email)
    for window in (page, beside):
        expect(menu_of(window, "Ben")).to_be_visible()
        expect(task(window, "Ada's")).to_have_count(0)
        expect(window.locator("#new-task")).to_have_value("")
    add(page, "Ben's")
    wait_for_titles(guarded_client, ben.number, ["Ben's"], ben.headers)
    wait_for(lambda: "Ada's, and known" not in kept(page))
    wait_for(lambda: unsent(page) == ["Ada's, and not sent"])
    choose(page, "Sign out", "Ben")
    sign_in(page, ada.email, ANOTHER)
    expect(menu_of(page, "Ada")).to_be_visible()
    both = ["Ada's, and known", "Ada's, and not sent"]
    again = ada.sign_in(ANOTHER).headers
    wait_for_titles(guarded_client, ada.number, both, again)
    expect(beside.locator(".task")).to_have_count(2)
    expect(beside.locator("#new-task")).to_have_value("half a thought")
    assert page.url.endswith("?show=open")
    assert titles_of(guarded_client, ben.number, ben.headers) == ["Ben's"]


@pytest.mark.long
def test_after_a_lost_answer_to_a_refresh_nothing_that_was_written_is_lost(
    guarded: Service, guarded_client: httpx.Client, new_page: NewPage, ada: Member
) -> None:
    new_page.expect("status of 401")
    page = signed_in(new_page, guarded, ada, REFRESHES)
    page.evaluate(f"{LATER}; window.loses = true")
    add(page, "written meanwhile")
    expect(page.get_by_role("dialog", name="Sign in again")).to_be_visible()
    sign_in(page, ada.email)
    wait_for_titles(guarded_client, ada.number, ["written meanwhile"], ada.sign_in().headers)
    expect(page.get_by_role("dialog")).to_have_count(0)


@pytest.mark.long
def test_without_a_network_one_stays_signed_in_and_signing_out_asks_about_what_was_not_sent(
    guarded: Service, guarded_client: httpx.Client, new_page: NewPage, ada: Member
) -> None:
    page = signed_in(new_page, guarded, ada)
    add(page, "known")
    wait_for_titles(guarded_client, ada.number, ["known"], ada.headers)
    wait_until_sent(page)
    page.context.add_init_script("window.fetch = async () => { throw new TypeError('Nothing is reached.'); }")
    page.reload()
    expect(task(page, "known")).to_be_visible()
    expect(menu_of(page, "Ada")).to_be_visible()
    expect(page.locator("[data-connection=offline]")).to_be_visible()
    add(page, "written offline")
    beside = new_page(guarded, beside=page)
    expect(task(beside, "written offline")).to_be_visible()
    page.bring_to_front()
    choose(page, "Sign out", "Ada")
    expect(page.get_by_role("dialog")).to_contain_text("1 change was not sent yet")
    assert violations(page) == []
    page.get_by_role("button", name="Stay signed in").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    choose(page, "Sign out", "Ada")
    page.get_by_role("button", name="Sign out anyway").click()
    for window in (page, beside):
        expect(window.get_by_role("heading", name="Sign in", exact=True)).to_be_visible()
    wait_until_gone(page, "dnr_|known|written offline")


@pytest.mark.long
def test_an_account_whose_session_has_ended_can_be_removed_from_the_browser(
    guarded: Service, guarded_client: httpx.Client, new_page: NewPage, ada: Member
) -> None:
    new_page.expect("status of 401", "ERR_INTERNET_DISCONNECTED")
    page = signed_in(new_page, guarded, ada)
    add(page, "known")
    wait_for_titles(guarded_client, ada.number, ["known"], ada.headers)
    wait_until_sent(page)
    page.context.set_offline(True)
    add(page, "written offline")
    assert ada.sign_in().ask("PATCH", "me", password=ANOTHER, current_password=PHRASE).status_code == 200
    page.context.set_offline(False)
    page.get_by_role("button", name="Remove this account from this browser").click()
    expect(page.get_by_role("alert").filter(has_text="1 change was not sent yet. It will be lost.")).to_be_visible()
    page.get_by_role("alert").get_by_role("button", name="Remove this account from this browser").click()
    expect(page.get_by_role("heading", name="Sign in", exact=True)).to_be_visible()
    wait_until_gone(page, "dnr_|known|written offline")


def test_who_signs_out_while_the_session_is_refreshed_stays_signed_out(modules: Modules) -> None:
    """Browsers may tell of the end of a lock later than of what happened under it."""
    code = f"""async ({{ Session }}) => {{
        {SESSION}
        const [fetched, request] = [window.fetch, LockManager.prototype.request];
        const [lock, refresh] = [Promise.withResolvers(), Promise.withResolvers()];
        window.fetch = async () =>
            new Response(JSON.stringify(answer), {{ headers: {{ "Content-Type": "application/json" }} }});
        LockManager.prototype.request = async (_name, work) => {{
            const done = await work();
            refresh.resolve();
            await lock.promise;
            return done;
        }};
        try {{
            const session = new Session(storage, base, () => {{}});
            await session.start();
            const token = session.token().catch((error) => error.constructor.name);
            await refresh.promise;
            await session.signOut();
            lock.resolve();
            return [await token, session.state, session.account];
        }} finally {{
            window.fetch = fetched;
            LockManager.prototype.request = request;
        }}
    }}"""
    assert modules.run("data/session.js", code) == ["SignedOut", "signed-out", None]


def test_each_window_removes_what_it_has_kept_of_who_has_signed_out_in_another(modules: Modules) -> None:
    code = f"""async ({{ Session }}) => {{
        {SESSION}
        const heard = Promise.withResolvers();
        const session = new Session(storage, base, () => session.state === "signed-out" && heard.resolve());
        await session.start();
        record = undefined;
        const other = new BroadcastChannel("donebase session /");
        other.postMessage(null);
        await heard.promise;
        other.close();
        return forgotten;
    }}"""
    assert modules.run("data/session.js", code) == ["account:1"]


def test_two_changes_of_the_session_are_both_kept_where_the_storage_fails(modules: Modules) -> None:
    code = """async ({ Storage }) => {
        const storage = new Storage("two changes");
        await storage.open();
        await storage.session.update(() => ({ account: "Ada" }));
        const { transaction } = IDBDatabase.prototype;
        IDBDatabase.prototype.transaction = function (names, mode, options) {
            if (mode === "readwrite") throw new DOMException("", "QuotaExceededError");
            return transaction.call(this, names, mode, options);
        };
        try {
            const changes = [{ refreshToken: "new" }, { claimedUntil: 0 }];
            await Promise.all(changes.map((each) => storage.session.update((record) => ({ ...record, ...each }))));
            return await storage.session.read();
        } finally {
            IDBDatabase.prototype.transaction = transaction;
        }
    }"""
    assert modules.run("data/storage.js", code) == {"account": "Ada", "refreshToken": "new", "claimedUntil": 0}
