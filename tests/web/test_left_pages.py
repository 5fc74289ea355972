"""A page is left, or dies, while it stores what somebody has written: that is there once afterwards."""

from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.support.processes import Service
from tests.support.waiting import wait_for
from tests.support.web_modules import Modules
from tests.support.web_page import NewPage, close_window, drafts_of, only_task, wait_for_titles
from tests.web.test_composer import paste

HOLD = """async (stores) => {
    const [{ name }] = await indexedDB.databases();
    const opened = indexedDB.open(name);
    await new Promise((resolve) => (opened.onsuccess = resolve));
    const transaction = opened.result.transaction(stores, "readwrite");
    window.released = false;
    await new Promise((begun) => {
        const hold = () => {
            begun();
            if (!released) transaction.objectStore(stores[0]).count().onsuccess = hold;
        };
        transaction.objectStore(stores[0]).count().onsuccess = hold;
    });
    opened.result.close();
}"""
# The page itself hears of the end of a transaction after `heard`.
AT_ADDING = """(stops) => {
    const { add } = IDBObjectStore.prototype;
    window.stored = new Promise((resolve) => {
        IDBObjectStore.prototype.add = function (...parts) {
            IDBObjectStore.prototype.add = add;
            const { db } = this.transaction;
            const heard = (event) => {
                if (event.target !== this.transaction) return;
                if (stops) event.stopImmediatePropagation();
                const transaction = db.transaction(["drafts", "outbox"]);
                const [drafts, outbox] = ["drafts", "outbox"].map((name) => transaction.objectStore(name).getAll());
                transaction.oncomplete = () => resolve([drafts.result.length, outbox.result.map(({ title }) => title)]);
            };
            db.addEventListener("complete", heard, { capture: true });
            return add.apply(this, parts);
        };
    });
}"""


@pytest.fixture
def page(new_page: NewPage, service: Service, alice: int) -> Page:
    """A window of Alice, who has no task."""
    page = new_page(service, f"?user={alice}", expected=["favicon.ico"])
    expect(page.locator(".status[data-connection=live]")).to_be_visible()
    return page


@contextmanager
def held(new_page: NewPage, service: Service, page: Page, *stores: str) -> Iterator[Page]:
    """Keep the pages of a browser from reading or writing some of its stores until the end. Yields one more window."""
    holder = new_page(service, "livez", beside=page)
    holder.evaluate(HOLD, stores)
    yield holder
    holder.evaluate("released = true")


@pytest.mark.parametrize("is_closed", [False, True])
def test_what_is_not_stored_when_a_page_is_left_is_stored_by_the_next(
    page: Page, new_page: NewPage, service: Service, client: httpx.Client, alice: int, is_closed: bool
) -> None:
    with held(new_page, service, page, "outbox"):
        page.locator("#new-task").fill("Buy milk")
        page.keyboard.press("Enter")
        page.get_by_role("checkbox", name="Buy milk").press("Space")
        if is_closed:
            page.evaluate("dispatchEvent(new Event('pagehide'))")  # a browser that is busy does not wait for it
            page.close()
            page = new_page(service, f"?user={alice}", beside=page)
        else:
            page.locator("#new-task").fill("Call Ann")
            page.evaluate(
                "addEventListener('pagehide', (event) => event.stopImmediatePropagation(), { capture: true })"
            )
            page.reload()  # by a browser that is busy
    wait_for_titles(client, alice, ["Buy milk"])
    wait_for(lambda: only_task(client, alice)["completed"])
    expect(page.locator("#new-task")).to_have_value("" if is_closed else "Call Ann")


@pytest.mark.parametrize("is_sent", [False, True])
def test_what_was_stored_without_the_knowledge_of_its_page_is_there_once(
    page: Page, new_page: NewPage, service: Service, client: httpx.Client, alice: int, is_sent: bool
) -> None:
    page.evaluate(AT_ADDING, True)
    page.locator("#new-task").fill("Buy milk")
    page.keyboard.press("Enter")
    assert page.evaluate("stored") == [0, ["Buy milk"]]
    if is_sent:
        new_page(service, f"?user={alice}", beside=page)
        wait_for_titles(client, alice, ["Buy milk"])
    page.reload()
    expect(page.locator(".task")).to_have_count(1)
    page.locator("#new-task").fill("Call Ann")
    page.keyboard.press("Enter")
    wait_for_titles(client, alice, ["Buy milk", "Call Ann"])
    assert drafts_of(page) == []


def test_text_is_either_typed_or_written(page: Page, client: httpx.Client, alice: int) -> None:
    page.locator("#new-task").focus()
    paste(page, "Buy milk\nCall Ann\nDo sums")
    wait_for(lambda: drafts_of(page))
    page.evaluate(AT_ADDING, False)
    page.get_by_role("button", name="Add 3 tasks").click()
    assert page.evaluate("stored") == [0, ["Buy milk", "Call Ann", "Do sums"]]
    wait_for_titles(client, alice, ["Buy milk", "Call Ann", "Do sums"])
    page.get_by_role("button", name="Do sums", exact=True).click()
    page.get_by_label("Title").fill("Do crosswords")
    wait_for(lambda: drafts_of(page))
    page.evaluate(AT_ADDING, False)
    page.keyboard.press("Enter")
    assert page.evaluate("stored") == [0, ["Do sums"]]
    wait_for_titles(client, alice, ["Buy milk", "Call Ann", "Do crosswords"])


def test_what_is_typed_before_a_draft_was_read_follows_it(page: Page, new_page: NewPage, service: Service) -> None:
    field = page.locator("#new-task")
    field.fill("Buy milk")
    wait_for(lambda: drafts_of(page))
    with held(new_page, service, page, "drafts"):
        page.reload()
        field.fill("and bread")
    for _ in range(2):
        expect(field).to_have_value("Buy milk and bread")
        wait_for(lambda: [draft["text"] for draft in drafts_of(page)] == ["Buy milk and bread"])
        page.reload()


def test_what_was_typed_in_a_closed_window_goes_to_one_other(
    page: Page, new_page: NewPage, service: Service, alice: int
) -> None:
    page.locator("#new-task").fill("Buy milk")
    wait_for(lambda: drafts_of(page))
    with held(new_page, service, page, "drafts") as holder:
        close_window(page, holder)
        windows = [new_page(service, f"?user={alice}", beside=page) for _ in range(2)]
        for window in windows:
            expect(window.locator("#new-task")).to_be_visible()
    fields = [window.locator("#new-task") for window in windows]
    wait_for(lambda: any(field.input_value() for field in fields))
    [other] = [field for field in fields if not field.input_value()]
    other.fill("Call Ann")
    wait_for(lambda: sorted(draft["text"] for draft in drafts_of(windows[0])) == ["Buy milk", "Call Ann"])
    expect(other).to_have_value("Call Ann")


def test_nothing_that_a_page_has_left_outlives_a_sign_out(modules: Modules) -> None:
    code = """async ({ LeftWrites }) => {
        const additions = [1, 2].map((number) => ({ owner: `account:${number}`, writes: [], draft: null }));
        localStorage.setItem("storage left page", JSON.stringify(additions));
        localStorage.setItem("storage left other page", JSON.stringify(additions.slice(0, 1)));
        const left = new LeftWrites("storage");
        left.forget("account:1");
        const taken = [];
        await left.take(async ({ owner }) => taken.push(owner));
        return [taken, { ...localStorage }];
    }"""
    assert modules.run("data/left_writes.js", code) == [["account:2"], {}]
