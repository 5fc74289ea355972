"""The same is changed here and elsewhere: both versions are shown, a person chooses, nothing is overwritten unseen."""

import threading
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.support.page_store import StoreWindow
from tests.support.processes import Service
from tests.support.waiting import DEADLINE, wait_for
from tests.support.web_modules import Modules
from tests.support.web_page import Json, NewPage, change, create, only_task, tasks_of, titles_of, wait_for_titles
from tests.support.web_relay import CUT, WebRelay, web_relay


@pytest.fixture
def network(service: Service, new_page: NewPage) -> Iterator[WebRelay]:
    """The network between the browser and the service."""
    new_page.expect("ERR_", "status of 4")
    with web_relay(service.address) as network:
        yield network


class Scene:
    """A window with the data, a page beside it, and somebody else who uses the API."""

    def __init__(self, network: WebRelay, client: httpx.Client, new_page: NewPage, user: int) -> None:
        self.network, self.client, self.user = network, client, user
        self.window = StoreWindow(new_page, network.address, user)
        self.page: Page = new_page(network.address, f"?user={user}", beside=self.window.page)
        self.window.wait_for("store.connection === 'live'")

    def apart(self, here: str, task: Json, **elsewhere: Any) -> None:
        """Write here what the service does not learn before somebody else has changed a task, or deleted it."""
        self.window.wait_for(f"store.all().some((task) => task.version === {task['version']})")
        self.network.cut()
        self.window.run(f"await store.{here}")
        if elsewhere:
            change(self.client, self.user, task, **elsewhere)
        else:
            assert self.client.delete(f"/users/{self.user}/tasks/{task['id']}").status_code == 200
        self.network.restore()
        self.window.run("store.retry()")

    def sent(self, *titles: str) -> None:
        """Wait until every write is answered, and the tasks that are shown have these titles."""
        self.window.sent()
        wait_for(lambda: self.window.shown("title") == [*titles], lambda: self.window.shown("title"), every=0.05)

    def decide(self, *names: str) -> None:
        """Press buttons of the dialog, which is opened from the row or the banner."""
        self.page.get_by_role("button", name="Decide").first.click()
        for name in names:
            self.page.get_by_role("dialog").get_by_role("button", name=name, exact=True).click()
        expect(self.page.get_by_role("dialog")).to_have_count(0)


@pytest.fixture
def scene(network: WebRelay, client: httpx.Client, new_page: NewPage, alice: int) -> Scene:
    """A scene without tasks."""
    return Scene(network, client, new_page, alice)


@pytest.mark.long
def test_both_versions_are_shown_and_one_is_chosen(scene: Scene, client: httpx.Client, alice: int) -> None:
    [task] = create(client, alice, "Buy milk")
    mine = "change(keyOf({!r}), {{ title: {!r} }})".format

    scene.apart(mine("Buy milk", "Buy oat milk"), task, title="Buy soy milk")
    scene.page.get_by_role("button", name="Decide").first.click()
    dialog = scene.page.get_by_role("dialog")
    expect(dialog.locator(".version").first).to_contain_text("Buy oat milk")
    expect(dialog.locator(".version").last).to_contain_text("Buy soy milk")
    change(client, alice, task, title="Buy almond milk")  # while the person looks
    expect(dialog.locator(".version").last).to_contain_text("Buy almond milk")
    dialog.get_by_role("button", name="Keep mine").click()
    wait_for_titles(client, alice, ["Buy oat milk"])
    scene.window.sent()

    scene.apart(mine("Buy oat milk", "Buy rice milk"), only_task(client, alice), title="Buy cream")
    scene.decide("Keep theirs")
    scene.sent("Buy cream")
    assert titles_of(client, alice) == ["Buy cream"]

    scene.apart(mine("Buy cream", "Buy butter"), only_task(client, alice), title="Buy quark")
    scene.page.get_by_role("button", name="Decide").first.click()
    dialog.get_by_role("button", name="Write something else").click()
    dialog.get_by_role("textbox").fill("Buy butter and quark")
    dialog.get_by_role("button", name="Save this").click()
    wait_for_titles(client, alice, ["Buy butter and quark"])
    scene.window.sent()
    expect(scene.page.locator(".task-title")).to_have_text(["Buy butter and quark"])


@pytest.mark.long
def test_a_deletion_meets_a_change_either_way(scene: Scene, client: httpx.Client, alice: int) -> None:
    task, other = create(client, alice, "Buy milk", "Buy bread")
    scene.apart("remove(keyOf('Buy milk'))", task, title="Buy milk, it is important")
    scene.page.get_by_role("button", name="Decide").first.click()
    expect(scene.page.get_by_role("dialog")).to_contain_text("Buy milk, it is important")
    scene.page.get_by_role("button", name="Keep the task").click()
    scene.sent("Buy milk, it is important", "Buy bread")

    scene.apart("change(keyOf('Buy bread'), { description: 'Rye' })", other)
    scene.decide("Bring it back with my change")
    scene.window.sent()
    back = next(each for each in tasks_of(client, alice) if each["title"] == "Buy bread")
    assert (back["id"], back["description"]) == (other["id"], "Rye")

    scene.apart("change(keyOf('Buy bread'), { description: 'White' })", back)
    scene.decide("Let it go")
    scene.window.sent()
    assert titles_of(client, alice) == ["Buy milk, it is important"]


@pytest.mark.long
def test_what_meets_nothing_asks_nobody(scene: Scene, client: httpx.Client, alice: int) -> None:
    [task] = create(client, alice, "Buy milk")
    scene.apart("change(keyOf('Buy milk'), { completed: true })", task, completed=True, title="Buy oat milk")
    scene.window.sent()
    task = only_task(client, alice)
    assert (task["title"], task["completed"]) == ("Buy oat milk", True)
    # A merged write is no basis for the next one: it has seen nothing of the title that somebody else has written.
    scene.window.wait_for(f"listed()[0].version === {task['version']}")
    scene.network.cut()
    scene.window.run("await store.change(keyOf('Buy oat milk'), { priority: 'high' })")
    scene.window.run("await store.change(keyOf('Buy oat milk'), { title: 'Mine' })")
    change(client, alice, task, title="Theirs")
    scene.network.restore()
    scene.window.run("store.retry()")
    scene.window.wait_for("stuck('conflict').length === 1")
    assert (only_task(client, alice)["title"], only_task(client, alice)["priority"]) == ("Theirs", "high")
    # What waits for a decision is not being sent, however long it waits.
    scene.window.run("await store.change(keyOf('Mine'), { tags: ['shop'] })")
    scene.window.run("await store.update((all) => all.map((each) => ({ ...each, at: '2026-01-01T00:00:00Z' })))")
    scene.page.reload()
    expect(scene.page.get_by_role("button", name="Decide").first).to_be_visible()
    expect(scene.page.get_by_role("status").get_by_text("Up to date")).to_be_visible()
    scene.decide("Keep mine")
    scene.window.sent()
    wait_for(lambda: titles_of(client, alice) == ["Mine"])


@pytest.mark.long
def test_a_decision_that_is_carried_out_later_closes_no_other_dialog(
    scene: Scene, client: httpx.Client, alice: int
) -> None:
    milk, bread = create(client, alice, "Buy milk", "Buy bread")
    scene.apart("change(keyOf('Buy milk'), { description: 'Oat' })", milk)
    scene.window.wait_for("stuck('conflict').length === 1")
    scene.apart("change(keyOf('Buy bread'), { description: 'Rye' })", bread, description="Toast")
    scene.window.wait_for("stuck('conflict').length === 2")
    arrives = threading.Event()
    scene.network.rule = lambda asked: None if "/history" not in asked.path or arrives.wait(DEADLINE) else CUT
    scene.page.locator(".banner").get_by_role("button", name="Decide").click()
    scene.page.get_by_role("button", name="Bring it back with my change").click()
    scene.page.keyboard.press("Escape")
    scene.page.locator(".task").get_by_role("button", name="Changed elsewhere as well").click()
    other = scene.page.get_by_role("dialog", name="Buy bread")
    expect(other).to_be_visible()
    arrives.set()
    scene.window.wait_for("store.all().some(({ title }) => title === 'Buy milk')")
    expect(other).to_be_visible()


def test_a_task_is_brought_back_once_however_often_that_is_decided(modules: Modules) -> None:
    code = """({ broughtBack }) => {
        const gone = { id: 7, title: "Aim", priority: null };
        const write = { key: "w", owner: "user:1", kind: "change", place: 1, task: 7, members: { priority: "high" } };
        const once = broughtBack([{ ...write, state: "conflict" }], write, 5, gone);
        return [once, broughtBack(once, write, 5, gone)];
    }"""
    once, twice = modules.run("data/decisions.js", code)
    assert [write["kind"] for write in once] == ["undo", "change"]
    assert once == twice
