"""Other windows and other clients: what one has done, all show, by one stream; and the copy is the list, exactly."""

import json
import random
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import expect

from tests.support.page_store import StoreWindow
from tests.support.processes import Service
from tests.support.waiting import wait_for
from tests.support.web_page import Json, NewPage, create, stored, tasks_of, titles_of, wait_for_titles
from tests.support.web_relay import LOST, Asked, Said, web_relay

FOREIGN = 4  # fewer tasks than are drawn at once, with those of the windows
HIDDEN = """(isHidden) => {
    Object.defineProperty(document, "hidden", { value: isHidden, configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
}"""
NO_LOCKS = "Object.defineProperty(navigator, 'locks', { value: undefined })"
# Another window has taken the turn to listen: until it is gone, for as long as a turn lasts.
TAKEN = """() => new Promise((resolve) => {
    const opened = indexedDB.open("donebase /");
    opened.onsuccess = () => {
        const leases = opened.result.transaction("leases", "readwrite").objectStore("leases");
        leases.getAllKeys().onsuccess = ({ target }) => {
            const [turn] = target.result.filter((name) => name.endsWith("listens"));
            leases.put({ holder: "another", until: Date.now() + 5_000 }, turn);
        };
        leases.transaction.oncomplete = () => (opened.result.close(), resolve());
    };
})"""
HELD = "(name) => void navigator.locks.request(name, () => new Promise(() => {})).catch(() => {})"
HOLDER = """async () => {
    const { held } = await navigator.locks.query();
    return held.find(({ name }) => name.endsWith(" listens")).clientId;
}"""
WAITING = """async () => {
    const { pending } = await navigator.locks.query();
    return pending.filter(({ name }) => name.endsWith(" listens")).length;
}"""
KEPT = """async (owner) => {
    const copy = await storage.readCopy(owner);
    return JSON.stringify([copy.change, copy.tasks]);
}"""


@pytest.mark.long
@pytest.mark.parametrize(("windows", "locks"), [(7, "with locks"), (3, "without locks")])
def test_windows_of_one_browser_share_one_stream(
    service: Service, client: httpx.Client, new_page: NewPage, alice: int, windows: int, locks: str
) -> None:
    """A browser has six connections to a host. Locks are missing over plain HTTP in a local network."""
    new_page.expect("ERR_", "network error")
    with web_relay(service.address) as network:
        first = new_page(network.address, "livez", expected=["favicon.ico"])
        if locks == "without locks":
            first.context.add_init_script(NO_LOCKS)
        pages = [new_page(network.address, f"?user={alice}", beside=first) for _ in range(windows)]
        for page in pages:
            expect(page.locator("[data-connection=live]")).to_be_visible()
        wait_for(lambda: network.streams == 1)
        network.asked.clear()
        for number in range(FOREIGN):
            create(client, alice, f"from elsewhere {number}")
        for page in pages:
            expect(page.locator(".task")).to_have_count(FOREIGN)
        paths = [asked.path for asked in network.asked]
        # Without locks, a window that is not scheduled for seconds loses its turn; the next asks what it has missed.
        is_handed_over = locks == "without locks" and any("/events" in path for path in paths)
        assert is_handed_over or not [path for path in paths if "/changes" in path or "/tasks" in path]
        wanted = [f"from elsewhere {number}" for number in range(FOREIGN)]
        for number, page in enumerate(pages):
            page.locator("#new-task").fill(f"from window {number}")
            page.keyboard.press("Enter")
            wanted.append(f"from window {number}")
            wait_for_titles(client, alice, wanted)
        for page in pages:
            expect(page.locator(".task-title")).to_have_text(wanted)
        keys = [asked.key for asked in network.writes()]
        assert len(keys) == len({*keys}) == windows, "whoever sends it, each write is sent once"
        for _ in range(2):
            pages.pop(0).close()
        create(client, alice, "the last")
        for page in pages:
            expect(page.locator(".task").last).to_contain_text("the last")
        wait_for(lambda: network.streams == 1)
        for page in pages:
            page.evaluate(HIDDEN, True)
        wait_for(lambda: network.streams == 0, lambda: network.streams)


@pytest.mark.long
def test_a_window_that_has_lost_its_turn_gives_up_its_stream(service: Service, new_page: NewPage, alice: int) -> None:
    """As one that was suspended for longer. Windows that all hold a connection leave none to ask by."""
    new_page.expect("ERR_", "network error")
    with web_relay(service.address) as network:
        first = new_page(network.address, "livez", expected=["favicon.ico"])
        first.context.add_init_script(NO_LOCKS)
        page = new_page(network.address, f"?user={alice}", beside=first)
        wait_for(lambda: network.streams == 1)

        def is_given_up() -> bool:
            page.evaluate(TAKEN)
            return network.streams == 0

        wait_for(is_given_up)
        wait_for(lambda: network.streams == 1)


def test_a_window_that_listens_no_more_and_keeps_its_turn_holds_nobody_up(
    service: Service, client: httpx.Client, new_page: NewPage, alice: int
) -> None:
    """As one that its browser has frozen, with the lock that it holds. One that listens is left to it."""
    frozen = new_page(service, "livez", expected=["favicon.ico"])
    frozen.evaluate(HELD, f"donebase / user:{alice} listens")
    page = new_page(service, "livez", beside=frozen)
    page.clock.install()
    page.goto(f"{service.address}/?user={alice}")
    expect(page.locator("[data-connection=live]")).to_be_visible()
    wait_for(lambda: page.evaluate(WAITING) == 1)
    create(client, alice, "Buy milk")
    page.clock.fast_forward("00:41")
    expect(page.locator(".task-title")).to_have_text(["Buy milk"])
    other = new_page(service, "livez", beside=frozen)
    other.clock.install()
    other.goto(f"{service.address}/?user={alice}")
    wait_for(lambda: page.evaluate(WAITING) == 1)
    holder = page.evaluate(HOLDER)
    for number in range(9):
        create(client, alice, f"{number}")
        expect(other.locator(".task-title").last).to_have_text(f"{number}")
        other.clock.run_for("00:05")
    assert other.evaluate(HOLDER) == holder


def anything(client: httpx.Client, user: int, chance: random.Random) -> None:
    """Do one thing that another client may do."""
    base = f"/users/{user}/tasks"
    tasks: list[Json] = client.get(base).json()
    some = chance.choice(tasks)["id"] if tasks else 0
    title = f"{chance.random()}"
    writes: list[tuple[str, str, Any]] = [
        ("POST", base, {"title": title}),
        ("POST", base, [{"title": title}, {"title": title, "completed": True}]),
    ]
    if some:
        writes += [
            ("PATCH", f"{base}/{some}", {"title": title}),
            ("PATCH", f"{base}/{some}/complete", None),
            ("DELETE", f"{base}/{some}", None),
            ("POST", f"{base}/{some}/move", {"to": chance.choice(["first", "last"])}),
            ("DELETE", f"{base}?completed=true", None),
        ]
    method, path, body = chance.choice(writes)
    answer = client.request(method, path, json=body)
    assert answer.status_code < 300, answer.text
    if chance.random() < 0.2 and (change := answer.headers.get("Change")):
        assert client.post(f"/users/{user}/history/{change}/undo").status_code == 200


@pytest.mark.long
def test_the_copy_is_the_list_whatever_happens(
    service: Service, client: httpx.Client, new_page: NewPage, alice: int
) -> None:
    new_page.expect("ERR_", "status of 4", "status of 50")
    seed = random.randrange(10**9)  # noqa: S311 - no secret
    chance = random.Random(seed)  # noqa: S311 - no secret
    with web_relay(service.address) as network:
        window = StoreWindow(new_page, network.address, alice)
        other = StoreWindow(new_page, network.address, alice, beside=window.page)
        window.wait_for("store.connection === 'live'")

        def happen() -> None:
            what = chance.randrange(6)
            if what == 0:
                window.page.evaluate(HIDDEN, chance.random() < 0.5)
            elif what == 1:
                network.cut()
            elif what == 2:
                network.restore()
            elif what == 3:
                network.restore()
                window.page.reload()
                window.open()
            else:
                done = json.dumps({"title": f"mine {chance.random()}"})
                # In one step: what the service tells between two may delete the task.
                window.run(f"const [task] = listed(); task ? store.change(task.key, {done}) : store.create({done})")

        for _ in range(25):
            for _ in range(chance.randrange(4)):
                anything(client, alice, chance)
            happen()
        network.restore()
        window.page.evaluate(HIDDEN, False)
        for each in (window, other):
            each.run("store.retry()")
        window.run("for (const write of stuck('conflict')) await store.discard(write)")

        def settled() -> bool:
            window.run("store.retry(); for (const write of stuck('conflict')) await store.discard(write)")
            wanted = tasks_of(client, alice)
            return all(without_keys(each.tasks()) == wanted for each in (window, other))

        wait_for(settled, lambda: f"seed {seed}: {window.tasks()} {tasks_of(client, alice)}", every=0.3)
        latest = client.get(f"/users/{alice}/changes?since=0").json()["latest"]

        def kept() -> Any:
            return json.loads(window.page.evaluate(KEPT, f"user:{alice}"))

        by_id = client.get(f"/users/{alice}/tasks").json()
        wait_for(lambda: kept() == [latest, by_id], lambda: f"seed {seed}: {kept()} {latest} {by_id}", every=0.1)


def without_keys(tasks: list[Json]) -> list[Json]:
    """Return tasks as the service has them."""
    return [{name: value for name, value in task.items() if name != "key"} for task in tasks]


@pytest.mark.long
def test_a_history_that_is_gone_and_a_lost_answer_show_nothing_twice(
    service: Service, client: httpx.Client, new_page: NewPage, alice: int
) -> None:
    new_page.expect("ERR_", "status of 4", "status of 50")
    pruned = Said(410, '{"status": 410, "code": "HISTORY_PRUNED"}', {"Content-Type": "application/problem+json"})
    create(client, alice, *[f"task {number}" for number in range(20)])
    with web_relay(service.address) as network:
        window = StoreWindow(new_page, network.address, alice)
        window.wait_for("store.connection === 'live'")
        # The answer is lost, and the stream tells of the task: it is shown once, under the key that it has here.
        lost = [LOST]
        again = Said(503, "")
        network.rule = lambda asked: (lost.pop() if lost else again) if asked.writes else None
        key = window.run("return (await store.create({ title: 'once' })).task")
        window.wait_for("store.all().some((task) => task.title === 'once' && task.id > 0)")
        assert window.run("return store.all().filter(({ title }) => title === 'once').map((task) => task.key)") == [key]
        network.restore()
        window.run("store.retry()")
        window.sent()
        assert window.run("return store.all().filter(({ title }) => title === 'once').map((task) => task.key)") == [key]
        # A database that was restored from a backup has not reached the number of the copy.
        network.cut()
        window.run("await store.create({ title: 'unsent' })")
        once = [pruned]
        network.rule = lambda asked: once.pop() if "/changes" in asked.path and once else None
        window.run("store.retry()")
        wait_for(lambda: once == [])
        wait_for(lambda: "unsent" in titles_of(client, alice))
        wait_for(lambda: without_keys(window.tasks()) == tasks_of(client, alice), lambda: window.shown("title"))
        window.sent()
        assert len(window.tasks()) == 22


@pytest.mark.long
@pytest.mark.parametrize("later", [0, 1], ids=["as far", "further"])
def test_another_database_whose_numbers_reach_as_far_is_not_taken_for_the_one_before(
    service: Service, client: httpx.Client, new_page: NewPage, alice: int, folder: Path, data: Path, later: int
) -> None:
    """As after the folder of the data was removed: the numbers of changes begin again with 1."""
    new_page.expect("ERR_", "status of 404", "network error")
    with (
        Service(folder, DATA_DIR=str(data)).ready() as former,
        httpx.Client(base_url=former.address) as before,
        web_relay(former.address) as network,
    ):
        for number in range(3):
            create(before, alice, f"old {number}")
        window = StoreWindow(new_page, network.address, alice)
        window.wait_for("store.connection === 'live' && store.all().length === 3")
        for number in range(3 + later):
            create(client, alice, f"new {number}")
        network.cut()
        network.to = service.address
        network.restore()
        window.run("store.retry()")
        wait_for(lambda: without_keys(window.tasks()) == tasks_of(client, alice), lambda: window.shown("title"))


def test_a_task_that_is_deleted_just_before_it_is_asked_for_does_not_mean_another_database(
    service: Service, client: httpx.Client, new_page: NewPage, alice: int
) -> None:
    new_page.expect("status of 404", "ERR_")
    _, last = create(client, alice, "stays", "goes")
    address = f"/users/{alice}/tasks/{last['id']}"
    with web_relay(service.address) as network:
        window = StoreWindow(new_page, network.address, alice)
        window.wait_for("store.connection === 'live'")
        window.page.reload()
        network.asked.clear()

        def delete_first(asked: Asked) -> Said | None:
            if asked.path == address:
                client.delete(address)
            return None

        network.rule = delete_first
        window.open()
        window.wait_for("store.connection === 'live' && store.all().length === 1")
        assert address in [asked.path for asked in network.asked]
        assert f"/users/{alice}/tasks" not in [asked.path for asked in network.asked], "the list is not read again"


LATE = """const { outboxes } = storage, read = outboxes.readOutbox.bind(outboxes);
    store.api.send = () => Promise.reject(new Error("not now"));
    const released = new Promise((resolve) => (window.release = resolve));
    window.key = (await store.create({ title: "new" })).task;
    outboxes.readOutbox = (owner) => released.then(() => read(owner));"""


def test_a_task_that_another_window_has_sent_keeps_its_key_however_late_that_is_heard(
    service: Service, client: httpx.Client, new_page: NewPage, alice: int
) -> None:
    new_page.expect("not now")
    window = StoreWindow(new_page, service.address, alice)
    window.wait_for("store.connection === 'live'")
    window.run(LATE)
    other = StoreWindow(new_page, service.address, alice, beside=window.page)
    other.sent()
    create(
        client, alice, "after it"
    )  # the copy then contains the other one, whichever came first of the answer and the event
    wait_for(lambda: stored(other.page, "tasks") and not stored(other.page, "settling"))
    window.run("release()")
    window.wait_for("store.writes.length === 0 && listed().length === 2")
    assert window.run("return listed().map(({ key }) => key === window.key)") == [True, False]
