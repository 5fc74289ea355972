"""What is written without the service is kept, shown, and sent when that is possible: once each, in order."""

import json

import httpx
import pytest
from playwright.sync_api import expect

from tests.support.page_store import StoreWindow
from tests.support.processes import Service
from tests.support.waiting import wait_for
from tests.support.web_page import NewPage, create, tasks_of, titles_of, wait_for_titles
from tests.support.web_relay import BAD_GATEWAY, BUSY, FAULT, LOST, PORTAL, Asked, Said, web_relay

CHAIN = """
    const [one, two, three] = ["one", "two", "three"].map(keyOf);
    const { task: first } = await store.create({ title: "first" });
    await store.change(first, { title: "first, edited", tags: ["a"] });
    const { task: second } = await store.create({ title: "second" });
    await store.move(first, { after: second });
    await store.move(second, { before: one });
    await store.change(one, { completed: true });
    await store.change(one, { title: "one, done" });
    await store.remove(two);
    await store.undo();
    await store.change(two, { priority: "high" });
    await store.remove(three);
    const { task: third } = await store.create({ title: "third" });
    await store.undo();
"""
NAMES = ("title", "completed", "tags", "priority")


def without_service(new_page: NewPage) -> None:
    """A browser complains of each request that fails."""
    new_page.expect("ERR_", "status of 50")


def offline_window(new_page: NewPage, service: Service, user: int) -> StoreWindow:
    """A window that has followed the service until the network was gone."""
    new_page.expect("ERR_INTERNET_DISCONNECTED")
    window = StoreWindow(new_page, service.address, user)
    window.wait_for("store.connection === 'live'")
    window.page.context.set_offline(True)
    return window


@pytest.mark.long
def test_a_chain_of_writes_comes_to_what_was_shown(
    service: Service, client: httpx.Client, new_page: NewPage, alice: int
) -> None:
    without_service(new_page)
    create(client, alice, "one", "two", "three")
    with web_relay(service.address) as network:
        window = StoreWindow(new_page, network.address, alice)
        window.wait_for("store.connection === 'live' && listed().length === 3")
        network.cut()
        window.run(CHAIN)
        shown = window.shown(*NAMES)
        assert [title for title, *_ in shown] == ["second", "one, done", "two", "first, edited"]
        window.wait_for("store.connection === 'offline'")
        assert titles_of(client, alice) == ["one", "two", "three"]
        network.rule = lambda asked: None if asked.path == "/livez" or asked.path.startswith("/web/") else BAD_GATEWAY
        window.page.reload()
        window.open()
        assert window.shown(*NAMES) == shown
        passed: list[Asked] = []
        network.rule = passed.append
        window.run("store.retry()")
        window.sent()
        assert window.run("return refused.length") == 0
        assert window.shown(*NAMES) == shown
        assert [[task[name] for name in NAMES] for task in tasks_of(client, alice)] == shown
        keys = [asked.key for asked in passed if asked.writes]
        assert len(keys) == len({*keys}) == 13, "each is sent once"
        chain = [asked.version for asked in passed if asked.method in ("PATCH", "DELETE")]
        assert all(chain), "each is conditional, also on what was created before"


def test_an_answer_changes_only_what_is_kept_of_writes_that_it_is_about(
    service: Service, client: httpx.Client, new_page: NewPage, alice: int
) -> None:
    """Else a long list that somebody pastes is written anew with the answer to each of its lines."""
    window = offline_window(new_page, service, alice)
    window.run("""
        const put = IDBObjectStore.prototype.put;
        window.puts = 0;
        IDBObjectStore.prototype.put = function (...all) {
            if (this.name === "outbox") window.puts++;
            return put.apply(this, all);
        };
        for (let number = 0; number < 20; number++) await store.create({ title: `${number}` });
    """)
    window.page.context.set_offline(False)
    window.run("store.retry()")
    window.sent()
    assert titles_of(client, alice) == [str(number) for number in range(20)]
    assert window.run("return puts") == 20, "each, when it is sent for the first time"


@pytest.mark.long
def test_an_answer_is_lost_or_comes_from_somebody_else(
    service: Service, client: httpx.Client, new_page: NewPage, alice: int
) -> None:
    without_service(new_page)
    new_page.expect("unsupported MIME type")  # of a service worker that a slow browser asks for so late
    faults: list[Said] = [LOST, PORTAL, BAD_GATEWAY, BUSY, LOST, Said(200, "{}", {"Content-Type": "application/json"})]

    def rule(asked: Asked) -> Said | None:
        return faults.pop(0) if asked.writes and faults else None

    with web_relay(service.address) as network:
        window = StoreWindow(new_page, network.address, alice)
        page = new_page(network.address, f"?user={alice}", beside=window.page)
        network.rule = rule
        for title in ("a", "b", "c"):
            page.locator("#new-task").fill(title)
            page.keyboard.press("Enter")

        def arrived() -> bool:
            window.run("store.retry()")
            return titles_of(client, alice) == ["a", "b", "c"]

        wait_for(arrived, lambda: titles_of(client, alice), every=0.2)
        window.sent()
        assert faults == []
        expect(page.locator(".task-title")).to_have_text(["a", "b", "c"])
        assert len({asked.key for asked in network.writes()}) == 3
        # A portal that says this to everything destroys nothing.
        network.cut()
        network.rule = lambda _asked: PORTAL
        window.run("store.retry()")
        window.wait_for("store.connection === 'offline'")
        assert window.shown("title") == ["a", "b", "c"]
        network.restore()
        window.run("store.retry()")
        window.sent()
        assert window.shown("title") == ["a", "b", "c"]


@pytest.mark.long
def test_a_write_at_which_the_service_fails_is_set_aside_with_its_text(
    service: Service, client: httpx.Client, new_page: NewPage, alice: int
) -> None:
    without_service(new_page)
    new_page.expect("status of 400")
    with web_relay(service.address) as network:
        network.rule = lambda asked: FAULT if b"poison" in asked.body else None
        window = StoreWindow(new_page, network.address, alice)
        window.wait_for("store.connection === 'live'")
        window.run("await store.create({ title: 'before' })")
        window.run("await store.create({ title: 'poison' })")
        window.run("await store.create({ title: 'wrong', priority: 'none' })")
        window.run("await store.create({ title: 'after' })")
        wait_for(lambda: window.run("store.retry(); return stuck('waiting').length") == 0, every=0.2)
        assert titles_of(client, alice) == ["before", "after"]
        window.wait_for("stuck('refused').length === 2")
        told = json.loads(window.run("return JSON.stringify(stuck('refused'))"))
        assert [(each["members"]["title"], each["code"]) for each in told] == [
            ("poison", "INTERNAL_ERROR"),
            ("wrong", "VALIDATION_ERROR"),
        ]
        network.restore()
        window.run("await store.keepMine(stuck('refused')[0]); await store.discard(stuck('refused')[0])")
        window.sent()
        assert sorted(titles_of(client, alice)) == ["after", "before", "poison"]


@pytest.mark.long
def test_a_browser_that_keeps_nothing_says_so_and_works(
    service: Service, client: httpx.Client, new_page: NewPage, alice: int
) -> None:
    without_service(new_page)
    page = new_page(service, "livez", expected=["favicon.ico"])
    page.context.add_init_script(
        "const open = () => { throw new DOMException('', 'SecurityError'); };"
        "Object.defineProperty(window, 'indexedDB', { value: { open } });"
    )
    page.clock.install()
    page.goto(f"{service.address}/?user={alice}")
    expect(page.get_by_text("This browser keeps nothing for this page")).to_be_visible()
    page.clock.run_for(15_000)  # what was given up complains of nothing later
    page.locator("#new-task").fill("Not kept")
    page.keyboard.press("Enter")
    wait_for_titles(client, alice, ["Not kept"])
    page.context.set_offline(True)
    new_page.expect("ERR_INTERNET_DISCONNECTED")
    page.locator("#new-task").fill("Waits")
    page.keyboard.press("Enter")
    expect(page.get_by_text("1 change waits in this window only")).to_be_visible()
    page.context.set_offline(False)
    page.get_by_role("button", name="Try now").or_(page.locator("[data-connection=live]")).first.click()
    wait_for_titles(client, alice, ["Not kept", "Waits"])


@pytest.mark.long
def test_a_full_storage_gives_up_the_copies_before_what_was_written(
    service: Service, client: httpx.Client, new_page: NewPage, alice: int
) -> None:
    without_service(new_page)
    window = offline_window(new_page, service, alice)
    window.run("await store.create({ title: 'kept' })")
    # The next transaction of the outbox fails for want of room, as long as there are copies; then always.
    window.run("""
        const transaction = IDBDatabase.prototype.transaction;
        window.full = () => true;
        IDBDatabase.prototype.transaction = function (names, mode, options) {
            if (mode === "readwrite" && [names].flat().includes("outbox") && window.full())
                throw new DOMException("", "QuotaExceededError");
            if ([names].flat().includes("clocks") && ![names].flat().includes("outbox")) window.room = true;
            return transaction.call(this, names, mode, options);
        };
        window.full = () => !window.room;
    """)
    window.run("await store.create({ title: 'kept as well' })")
    assert window.run("return [store.unkept, storage.fault]") == [0, None]
    window.run("window.full = () => true")
    window.run("await store.create({ title: 'in memory' })")
    assert window.run("return [store.unkept, storage.fault]") == [1, "full"]
    assert window.shown("title") == ["kept", "kept as well", "in memory"]
    window.run("window.full = () => false")
    window.page.context.set_offline(False)
    window.run("store.retry()")
    wait_for_titles(client, alice, ["kept", "kept as well", "in memory"])
    window.sent()
    assert window.run("return store.unkept") == 0
    window.page.reload()
    window.open()
    window.sent()
    wait_for(lambda: window.shown("title") == ["kept", "kept as well", "in memory"])
    assert titles_of(client, alice) == ["kept", "kept as well", "in memory"]


def test_what_is_written_together_is_all_kept_where_the_storage_fails(
    service: Service, client: httpx.Client, new_page: NewPage, alice: int
) -> None:
    without_service(new_page)
    window = offline_window(new_page, service, alice)
    window.run("""
        const transaction = IDBDatabase.prototype.transaction;
        IDBDatabase.prototype.transaction = function (names, mode, options) {
            if (mode === "readwrite" && [names].flat().includes("outbox"))
                throw new DOMException("", "QuotaExceededError");
            return transaction.call(this, names, mode, options);
        };
        await Promise.all(["one", "two", "three"].map((title) => store.create({ title })));
    """)
    assert window.shown("title") == ["one", "two", "three"]
    assert window.run("return store.unkept") == 3
    window.page.context.set_offline(False)
    window.run("store.retry()")
    wait_for_titles(client, alice, ["one", "two", "three"])


@pytest.mark.parametrize("other", ["offline", "live"])
def test_what_a_closed_window_has_written_is_sent_by_another_one(
    service: Service, client: httpx.Client, new_page: NewPage, alice: int, other: str
) -> None:
    without_service(new_page)
    with web_relay(service.address) as network:
        window = StoreWindow(new_page, network.address, alice)
        closed = StoreWindow(new_page, network.address, alice, beside=window.page)
        for each in (window, closed):
            each.wait_for("store.connection === 'live'")
        if other == "offline":
            network.cut()
            for each in (window, closed):
                each.wait_for("store.connection === 'offline'")
        else:
            network.rule = lambda asked: BUSY if asked.writes else None
        closed.run("await store.create({ title: 'left' })")
        window.wait_for("store.writes.length === 1")
        if other == "live":
            wait_for(network.writes)
        closed.page.close()
        network.restore()
        wait_for_titles(client, alice, ["left"])
        window.sent()


def test_tasks_that_are_made_together_are_told_apart(service: Service, new_page: NewPage, alice: int) -> None:
    window = offline_window(new_page, service, alice)
    window.run("await store.createAll(Array.from({ length: 500 }, (_, index) => ({ title: `${index}` })), null)")
    assert window.shown("title") == [str(number) for number in range(500)]


def test_a_browser_without_room_says_so_and_sends_what_is_written(
    service: Service, client: httpx.Client, new_page: NewPage, alice: int
) -> None:
    page = new_page(service, "livez", expected=["favicon.ico", "ERR_INTERNET_DISCONNECTED"])
    quota = {"origin": service.address, "quotaSize": 1000}
    page.context.new_cdp_session(page).send("Storage.overrideQuotaForOrigin", quota)
    page.goto(f"{service.address}/?user={alice}")
    expect(page.get_by_text("The storage of this browser is full")).to_be_visible()
    expect(page.locator("[data-connection=live]")).to_be_visible()
    page.context.set_offline(True)
    page.locator("#new-task").fill("Buy milk")
    page.keyboard.press("Enter")
    expect(page.get_by_text("1 change waits in this window only")).to_be_visible()
    page.context.set_offline(False)
    wait_for_titles(client, alice, ["Buy milk"])
    expect(page.locator("[data-connection=live]")).to_be_visible()
    expect(page.locator(".task-title")).to_have_text(["Buy milk"])
