"""Editing a task in its place: what is saved is what was changed, and nothing that somebody writes is lost."""

import re
from contextlib import suppress
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Error, Locator, Page, Request, Route, expect

from tests.conftest import NO_HURRY
from tests.support.axe import violations
from tests.support.processes import Service
from tests.support.servers import free_port
from tests.support.time_zones import zone_of_another_day
from tests.support.waiting import wait_for
from tests.support.web_page import (
    Json,
    NewPage,
    change,
    close_window,
    create,
    drafts_of,
    only_task,
    stored,
    tasks_of,
    titles_of,
    wait_for_titles,
    wait_until_sent,
)
from tests.support.web_relay import CUT, LOST, Asked, Said, WebRelay, web_relay

BOTH_LINES = "  two\r\nlitres\t"
TASK: Json = {
    "title": "Buy milk",
    "description": BOTH_LINES,
    "priority": "low",
    "tags": ["shop"],
    "due": {"date": "2026-12-01", "time": "17:00:30", "time_zone": "America/New_York"},
}


def edit(page: Page, title: str) -> Locator:
    """Open the editor of a task, and return it when its title has the focus."""
    page.get_by_role("button", name=title, exact=True).click()
    editor = page.get_by_role("form", name=f"Edit: {title}")
    expect(editor.get_by_label("Title")).to_be_focused()
    return editor


def bodies(page: Page) -> list[Json]:
    """Return a list of what the page sends as changes from now on."""
    sent: list[Json] = []

    def note(request: Request) -> None:
        if request.method == "PATCH":
            sent.append(request.post_data_json or {})

    page.on("request", note)
    return sent


def wait_for_members(client: httpx.Client, user: int, **members: object) -> None:
    """Wait until the only task has these members."""

    def found() -> Json:
        task = only_task(client, user)
        return {name: task[name] for name in members}

    wait_for(lambda: found() == members, found, every=0.05)


def test_what_is_saved_is_what_was_changed(
    service: Service, client: httpx.Client, new_page: NewPage, alice: int
) -> None:
    create(client, alice, TASK, {"title": "Other", "tags": ["home", "شراء"]})
    page = new_page(service, f"?user={alice}", viewport={"width": 320, "height": 900}, timezone_id="Asia/Tokyo")
    sent = bodies(page)
    edit(page, "Buy milk")
    page.keyboard.type(" and more")
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Buy milk", exact=True)).to_be_focused()
    page.get_by_role("checkbox", name="Buy milk").press("Enter")
    expect(page.locator(".editor").get_by_label("Title")).to_be_focused()
    page.keyboard.press("Enter")
    editor = edit(page, "Buy milk")
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    assert violations(page) == []
    page.keyboard.type(" 🥛 ")
    page.keyboard.press("Enter")
    wait_for_titles(client, alice, ["Buy milk 🥛", "Other"])
    expect(page.get_by_role("button", name="Buy milk 🥛", exact=True)).to_be_focused()
    editor = edit(page, "Buy milk 🥛")
    assert editor.get_by_label("Description").input_value() == "  two\nlitres\t"
    editor.get_by_label("Description").press("End")
    page.keyboard.press("Control+End")
    page.keyboard.type("\nby ")
    editor.get_by_role("radio", name="High").check(force=True)
    tags = editor.get_by_role("combobox", name="Tags")
    tags.press("Backspace")
    expect(editor.get_by_role("button", name="Remove the tag")).to_have_count(0)
    tags.press_sequentially("home, a b ,")
    tags.fill("home")
    tags.press("Enter")
    assert page.locator("datalist option").evaluate_all("all => all.map((each) => each.value)") == ["shop", "شراء"]
    tags.fill("last")
    with page.expect_request(lambda request: request.method == "PATCH"):
        page.keyboard.press("Control+Enter")
    assert sent == [
        {"title": "Buy milk 🥛"},
        {"description": "  two\r\nlitres\t\r\nby ", "priority": "high", "tags": ["home", "a b", "last"]},
    ]
    expect(page.locator(".task-title").first).to_be_focused()
    edit(page, "Buy milk 🥛")
    page.keyboard.type("!")
    page.get_by_role("checkbox", name="Done: Other").click()  # below, where nothing moves until it is pressed
    expect(page.get_by_role("checkbox", name="Done: Other")).to_be_checked()
    expect(page.locator(".editor")).to_have_count(0)
    wait_for_titles(client, alice, ["Buy milk 🥛!", "Other"])


def test_a_task_is_due_at_a_day_or_a_time_here_or_somewhere(
    service: Service, client: httpx.Client, new_page: NewPage, alice: int
) -> None:
    create(client, alice, "Call")
    page = new_page(service, f"?user={alice}", timezone_id=zone_of_another_day())
    editor = edit(page, "Call")
    date, time, zone = (editor.get_by_label(name, exact=True) for name in ("Date", "Time", "Time zone"))
    expect(zone).to_be_disabled()
    editor.get_by_role("button", name="Today").click()
    today = page.evaluate("new Date().toLocaleDateString('sv')")
    expect(date).to_have_value(today)
    editor.get_by_role("button", name="In a week").click()
    time.fill("17:00")
    page.locator("#new-task").focus()  # leaving saves
    due = {"date": page.evaluate("new Date(Date.now() + 7 * 864e5).toLocaleDateString('sv')"), "time": "17:00"}
    wait_for_members(client, alice, due={**due, "time_zone": None})
    expect(editor).to_have_count(0)
    edit(page, "Call")
    assert zone.locator("option").first.inner_text() == "Wherever I am"
    zone.select_option("Europe/Berlin")
    editor.get_by_role("button", name="Save").click()
    wait_for_members(client, alice, due={**due, "time_zone": "Europe/Berlin"})
    edit(page, "Call")
    expect(zone).to_have_value("Europe/Berlin")
    editor.get_by_role("button", name="No date").click()
    time.fill("09:00")
    page.keyboard.press("Enter")
    expect(editor.get_by_role("alert")).to_have_text("A time needs a date.")
    expect(date).to_have_accessible_description("A time needs a date.")
    expect(date).to_be_focused()
    date.press_sequentially("12")
    page.keyboard.press("Enter")
    expect(editor.get_by_role("alert")).to_have_text("Please give a whole date.")
    editor.get_by_role("button", name="No date").click()
    page.keyboard.press("Control+Enter")
    wait_for_members(client, alice, due=None)
    # Every zone that is offered is one that the service takes.
    edit(page, "Call")
    zones = zone.locator("option").evaluate_all("all => all.map((each) => each.value).filter(Boolean)")
    tasks = [{"title": each, "due": {"date": "2026-12-01", "time": "17:00", "time_zone": each}} for each in zones]
    assert len(create(client, alice + 1, *tasks)) > 400


def test_what_others_change_meanwhile_is_neither_lost_nor_hidden(
    service: Service, client: httpx.Client, new_page: NewPage, alice: int
) -> None:
    [task] = create(client, alice, "Buy milk")
    page = new_page(service, f"?user={alice}", expected=["status of 412"])
    editor = edit(page, "Buy milk")
    page.keyboard.type(" and bread")
    task = change(client, alice, task, description="news", priority="high")
    expect(editor.get_by_label("Description")).to_have_value("news")
    expect(editor.get_by_label("Title")).to_have_value("Buy milk and bread")
    editor.get_by_label("Description").press_sequentially("fresh ")
    page.keyboard.press("Control+Enter")
    wait_for_members(client, alice, title="Buy milk and bread", description="newsfresh ", priority="high")

    edit(page, "Buy milk and bread")
    page.keyboard.type(" and butter")
    change(client, alice, task, title="Buy oat milk", tags=["shop"])
    expect(page.locator(".editor .chip.tag")).to_have_text("shop")
    page.keyboard.press("Enter")
    expect(page.locator(".task .chip.conflict")).to_be_visible()
    assert only_task(client, alice)["title"] == "Buy oat milk"


def test_a_change_of_a_task_that_was_made_meanwhile_hides_nothing_either(
    service: Service, client: httpx.Client, new_page: NewPage, alice: int
) -> None:
    page = new_page(service, f"?user={alice}", expected=["status of 412", "ERR_INTERNET_DISCONNECTED"])
    expect(page.locator(".status[data-connection=live]")).to_be_visible()
    page.context.set_offline(True)
    page.locator("#new-task").fill("Buy milk")
    page.keyboard.press("Enter")
    edit(page, "Buy milk")
    page.keyboard.type(" and bread")
    page.context.set_offline(False)
    wait_for_titles(client, alice, ["Buy milk"])
    change(client, alice, only_task(client, alice), title="Buy oat milk", priority="high")
    expect(page.locator(".editor").get_by_role("radio", name="High")).to_be_checked()
    page.keyboard.press("Enter")
    expect(page.locator(".task .chip.conflict")).to_be_visible()
    assert only_task(client, alice)["title"] == "Buy oat milk"


def test_a_task_that_is_deleted_elsewhere_can_be_kept(
    service: Service, client: httpx.Client, new_page: NewPage, alice: int
) -> None:
    task, other = create(client, alice, TASK, "Other")
    page = new_page(service, f"?user={alice}")
    edit(page, "Buy milk")
    page.keyboard.type(" tomorrow")
    client.delete(f"/users/{alice}/tasks/{task['id']}")
    expect(page.get_by_role("alert")).to_have_text(
        "“Buy milk” was deleted while you were editing it. What you have written is kept here."
    )
    page.reload()
    expect(page.get_by_label("Title")).to_have_value("Buy milk tomorrow")
    page.get_by_role("button", name="Keep as a new task").click()
    wait_for_titles(client, alice, ["Other", "Buy milk tomorrow"])
    kept = tasks_of(client, alice)[1]
    assert {name: kept[name] for name in TASK} == {**TASK, "title": "Buy milk tomorrow"}
    expect(page.get_by_role("alert")).to_have_count(0)

    expect(page.locator(".status[data-connection=live]")).to_be_visible()  # it asks once whether the last task is there
    edit(page, "Other")
    client.delete(f"/users/{alice}/tasks/{other['id']}")
    expect(page.locator(".task")).to_have_count(1)
    expect(page.locator(".editor")).to_have_count(0)


@pytest.mark.long
def test_what_is_typed_outlives_a_killed_service_and_is_saved_once(
    new_page: NewPage, database_url: str, folder: Path, alice: int
) -> None:
    settings = {"DATABASE_URL": database_url, "PORT": str(free_port()), **NO_HURRY}
    with Service(folder, **settings).ready() as service, httpx.Client(base_url=service.address) as client:
        create(client, alice, "Buy milk")
        page = new_page(service, f"?user={alice}", expected=["ERR_", "status of 50"])
        expect(page.locator(".status[data-connection=live]")).to_be_visible()
        page.locator("#new-task").fill("Made before")
        page.keyboard.press("Enter")
        wait_for_titles(client, alice, ["Buy milk", "Made before"])
        edit(page, "Made before")
        page.keyboard.type(" and after")
        service.kill()
    page.keyboard.type(" – 電話")
    with suppress(Error):  # where the page needs the service to be opened
        page.reload()
    with Service(folder, **settings).ready() as service, httpx.Client(base_url=service.address) as client:
        page.goto(f"{service.address}/?user={alice}")
        expect(page.get_by_label("Title")).to_have_value("Made before and after – 電話")
        page.get_by_role("button", name="Save").click()
        wait_for_titles(client, alice, ["Buy milk", "Made before and after – 電話"])
        history = client.get(f"/users/{alice}/history?task_id={tasks_of(client, alice)[1]['id']}").json()
        assert [entry["action"] for entry in history] == ["changed", "created"]
        wait_for(lambda: drafts_of(page) == [], lambda: drafts_of(page))
        page.reload()
        expect(page.locator(".task")).to_have_count(2)
        expect(page.locator(".editor")).to_have_count(0)


def assert_it_is_taken_up_and_saved(page: Page, network: WebRelay, client: httpx.Client, user: int) -> None:
    """After the page is loaded again, the editor is in the row of its task, and saving makes no second one."""
    page.reload()
    expect(page.locator(".task .editor").get_by_label("Title")).to_have_value("Buy milk and bread")
    network.restore()
    page.get_by_role("button", name="Save").click()
    wait_for_titles(client, user, ["Buy milk and bread"])
    page.close()


# The browser reads the writes that were not answered, which it is asked for first of all, after all else.
OUTBOX_IS_READ_LAST = """{
    const getAll = IDBIndex.prototype.getAll;
    IDBIndex.prototype.getAll = function (owner) {
        IDBIndex.prototype.getAll = getAll;
        const request = this.getAll(owner);
        request.addEventListener = (type, heard) => request[`on${type}`] = (event) => setTimeout(heard, 300, event);
        return request;
    };
}"""


@pytest.mark.parametrize("is_answered", [False, True])
def test_what_is_typed_of_a_task_that_was_just_made_is_in_its_row_again(
    service: Service, client: httpx.Client, new_page: NewPage, alice: int, *, is_answered: bool
) -> None:
    new_page.expect("ERR_")
    with web_relay(service.address) as network:
        page = new_page(network.address, f"?user={alice}")
        page.context.add_init_script(OUTBOX_IS_READ_LAST)
        expect(page.locator(".status[data-connection=live]")).to_be_visible()

        def rule(asked: Asked) -> Said | None:
            """Let nothing of the change through but, perhaps, the answer to the page."""
            return CUT if "since=" in asked.path or (asked.writes and not is_answered) else None

        network.cut()  # the stream as well
        network.rule = rule
        expect(page.locator(".status[data-connection=offline]")).to_be_visible()
        page.locator("#new-task").fill("Buy milk")
        page.keyboard.press("Enter")
        if is_answered:
            wait_for_titles(client, alice, ["Buy milk"])
            expect(page.locator(".chip.unsent")).to_have_count(0)
        edit(page, "Buy milk")
        page.keyboard.type(" and bread")
        wait_for(lambda: "Buy milk and bread" in str(drafts_of(page)))
        wait_for(lambda: len(stored(page, "outbox")) == (0 if is_answered else 1))
        assert_it_is_taken_up_and_saved(page, network, client, alice)


def test_what_is_typed_of_a_task_that_was_told_of_and_not_answered_is_in_its_row_again(
    service: Service, client: httpx.Client, new_page: NewPage, alice: int
) -> None:
    new_page.expect("ERR_")
    with web_relay(service.address) as network:
        page = new_page(network.address, f"?user={alice}")
        expect(page.locator(".status[data-connection=live]")).to_be_visible()
        network.rule = lambda asked: LOST if asked.writes else None
        page.locator("#new-task").fill("Buy milk")
        page.keyboard.press("Enter")
        edit(page, "Buy milk")
        page.keyboard.type(" and bread")
        wait_for(lambda: [draft.get("id", 0) > 0 for draft in drafts_of(page)] == [True], lambda: drafts_of(page))
        assert_it_is_taken_up_and_saved(page, network, client, alice)


def test_what_was_typed_in_a_closed_window_of_a_task_that_another_one_has_sent_is_in_its_row(
    service: Service, client: httpx.Client, new_page: NewPage, alice: int
) -> None:
    new_page.expect("ERR_")
    with web_relay(service.address) as network:
        page = new_page(network.address, f"?user={alice}")
        window = new_page(network.address, f"?user={alice}", beside=page)
        for each in (page, window):
            expect(each.locator(".status[data-connection=live]")).to_be_visible()
        network.cut()
        expect(page.locator(".status[data-connection=offline]")).to_be_visible()
        window.locator("#new-task").fill("Buy milk")
        window.keyboard.press("Enter")
        edit(window, "Buy milk")
        window.keyboard.type(" and bread")
        wait_for(lambda: "Buy milk and bread" in str(drafts_of(page)) and stored(page, "outbox"))
        close_window(window, page)
        network.restore()
        wait_until_sent(page)
        create(client, alice, "Call Ann")
        wait_for(lambda: not stored(page, "settling"), lambda: stored(page, "settling"))  # all is in the copy
        page.reload()
        expect(page.locator(".task .editor").get_by_label("Title")).to_have_value("Buy milk and bread")
        page.get_by_role("button", name="Save").click()
        wait_for_titles(client, alice, ["Buy milk and bread", "Call Ann"])
        page.close()


def test_what_was_typed_in_closed_windows_is_offered(
    service: Service, client: httpx.Client, new_page: NewPage, alice: int
) -> None:
    create(client, alice, "Buy milk", "Call Ann")
    page = new_page(service, f"?user={alice}")
    first, second = (new_page(service, f"?user={alice}", beside=page) for _ in range(2))
    for window, title in ((first, "Buy milk"), (second, "Call Ann")):
        edit(window, title)
        window.keyboard.type(" today")
        wait_for(lambda: f"{title} today" in str(drafts_of(page)))  # noqa: B023
        close_window(window, page)
    page.reload()
    expect(page.locator(".editor").get_by_label("Title")).to_have_value("Call Ann today")
    expect(page.locator(".banner")).to_contain_text("Not saved yet: Buy milk")
    assert titles_of(client, alice) == ["Buy milk", "Call Ann"]
    page.get_by_role("button", name="Continue").click()
    wait_for_titles(client, alice, ["Buy milk", "Call Ann today"])
    expect(page.locator(".editor").get_by_label("Title")).to_have_value("Buy milk today")
    page.keyboard.press("Escape")
    expect(page.locator(".editor, .banner")).to_have_count(0)
    wait_for(lambda: drafts_of(page) == [], lambda: drafts_of(page))
    page.reload()
    expect(page.locator(".task")).to_have_count(2)
    expect(page.locator(".editor, .banner")).to_have_count(0)


def test_what_the_service_would_refuse_or_refuses_can_be_mended(
    service: Service, client: httpx.Client, new_page: NewPage, alice: int
) -> None:
    create(client, alice, "Buy milk", "Other")
    page = new_page(service, f"?user={alice}", expected=["status of 400"])
    editor = edit(page, "Buy milk")
    title = editor.get_by_label("Title")
    for text, words in (("\u200b", "can be seen"), ("😀" * 501, "500 characters")):
        title.fill(text)
        page.keyboard.press("Enter")
        expect(editor.get_by_role("alert")).to_contain_text(words)
        expect(title).to_have_accessible_description(editor.get_by_role("alert").inner_text())
    page.get_by_role("button", name="Other", exact=True).click()
    expect(title).to_be_focused()  # nothing that cannot be saved is put away
    title.fill("Buy bread")
    tags = editor.get_by_role("combobox", name="Tags")
    tags.fill("x" * 51)
    page.keyboard.press("Control+Enter")
    expect(editor.get_by_role("alert")).to_have_text("At most 50 characters.")
    tags.fill(",".join(map(str, range(21))))
    page.keyboard.press("Control+Enter")
    expect(editor.get_by_role("alert")).to_have_text("At most 20 tags.")
    tags.press("Escape")
    expect(editor).to_have_count(0)

    def refuse(route: Route) -> None:
        fault = {"field": "title", "code": "blank", "message": "must be nicer"}
        problem = {"type": "about:blank", "status": 400, "code": "VALIDATION_ERROR", "title": "Bad", "errors": [fault]}
        body = {**problem, "detail": "title: must be nicer"}
        route.fulfill(status=400, json=body, headers={"Content-Type": "application/problem+json"})

    page.route(re.compile(r"/tasks"), refuse, times=2)
    edit(page, "Buy milk")
    page.keyboard.type(" and bread")
    page.keyboard.press("Enter")
    expect(page.locator(".task .chip.refused")).to_be_visible()
    page.locator("#new-task").fill("Third")
    page.keyboard.press("Enter")
    expect(page.locator(".banner.error").last).to_contain_text("Not saved: Third. title: must be nicer")
    page.get_by_role("button", name="Edit again").first.click()
    expect(title).to_have_value("Buy milk and bread")
    expect(title).to_have_accessible_description("must be nicer")
    page.keyboard.press("Enter")
    wait_for_titles(client, alice, ["Buy milk and bread", "Other"])
    page.get_by_role("button", name="Edit again").click()
    title = page.locator(".card").get_by_label("Title")
    expect(title).to_have_accessible_description("must be nicer")
    expect(page.locator(".banner")).to_have_count(0)  # given up only now
    page.reload()
    title.fill("Fourth")
    page.get_by_role("button", name="Keep as a new task").click()
    wait_for_titles(client, alice, ["Buy milk and bread", "Other", "Fourth"])
    expect(page.locator(".banner, .card")).to_have_count(0)
