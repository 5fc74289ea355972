"""The list of tasks: what a row says and does, by mouse and by keyboard, and where the focus is."""

import re
from datetime import UTC, datetime

import httpx
from playwright.sync_api import Locator, Page, expect

from tests.support.processes import Service
from tests.support.web_page import NewPage, change, create, titles_of, wait_for_titles

LATE = """
    const query = LockManager.prototype.query;
    const held = new Promise((resolve) => (window.release = resolve));
    LockManager.prototype.query = async function () {
        await held;
        return query.call(this);
    };
"""


def row(page: Page, title: str) -> Locator:
    return page.get_by_role("listitem").filter(has=page.get_by_role("button", name=title, exact=True))


def title_of(page: Page, title: str) -> Locator:
    return page.locator("[data-control=title]", has_text=title)


def expect_focus(page: Page, wanted: str) -> None:
    """Wait until a control of a row has the focus, such as "title of Buy milk"."""
    control, title = wanted.split(" of ")
    expect(page.locator(".task:focus-within .task-title")).to_have_text(title)
    expect(page.locator(":focus")).to_have_attribute("data-control", control)


def test_a_row_says_all_that_is_known_of_its_task(
    service: Service, client: httpx.Client, new_page: NewPage, alice: int
) -> None:
    long = "Pay the invoice of the electricity works " * 12
    create(
        client,
        alice,
        {"title": long.strip(), "description": "By bank", "due": {"date": "2020-02-01"}, "priority": "high"},
        {"title": "Buy milk", "tags": ["shop", "دكان"], "completed": True, "due": {"date": "2020-02-01"}},
    )
    page = new_page(service, f"?user={alice}&lang=en", viewport={"width": 320, "height": 700}, locale="en-GB")
    tasks = page.get_by_role("list", name="Tasks")
    expect(tasks.get_by_role("listitem")).to_have_count(2)
    first, second = tasks.get_by_role("listitem").all()
    title = first.get_by_role("button", name=long.strip(), exact=True)
    for control in (title, first.get_by_role("checkbox", name=f"Done: {long.strip()}")):
        expect(control).to_have_accessible_description("Overdue: 1 Feb 2020 Priority: High")
    expect(first.locator(".overdue .icon")).to_be_visible()  # not by colour alone
    assert title.evaluate("each => each.scrollHeight <= each.clientHeight && each.clientHeight > 100")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    expect(first.get_by_text("By bank")).to_be_visible()
    expect(second.get_by_role("checkbox")).to_be_checked()
    expect(second.get_by_role("button", name="Buy milk", exact=True)).to_have_accessible_description("Due: 1 Feb 2020")
    assert [each.get_attribute("aria-posinset") for each in (first, second)] == ["1", "2"]
    expect(second).to_have_attribute("aria-setsize", "2")
    page.set_viewport_size({"width": 900, "height": 700})
    expect(second.get_by_role("button", name="Delete: Buy milk")).to_be_visible()

    second.get_by_role("button", name="Filter by the tag shop").click()
    expect(tasks.get_by_role("listitem")).to_have_count(1)
    expect(page).to_have_url(re.compile("tag=shop"))
    first.get_by_role("button", name="Filter by the tag shop").click()
    expect(tasks.get_by_role("listitem")).to_have_count(2)


def test_a_list_without_tasks_says_why(service: Service, client: httpx.Client, new_page: NewPage, alice: int) -> None:
    page = new_page(service, f"?user={alice}&lang=en&q=juice")
    expect(page.get_by_text("No tasks yet.")).to_be_visible()
    create(client, alice, "Buy milk")
    expect(page.get_by_text("No task matches.")).to_be_visible()
    page.get_by_role("button", name="Show all tasks").click()
    expect(title_of(page, "Buy milk")).to_be_visible()
    expect(page).not_to_have_url(re.compile("q="))

    page.context.route("**/tasks", lambda route: route.abort())
    new_page.expect("ERR_FAILED")
    page.goto(f"{service.address}/?user={alice + 1}&lang=en")
    expect(page.get_by_text("The tasks were never loaded in this browser")).to_be_visible()
    page.context.unroute_all()
    expect(page.get_by_text("No tasks yet.")).to_be_visible()


def test_the_list_is_used_by_keyboard(service: Service, client: httpx.Client, new_page: NewPage, alice: int) -> None:
    create(client, alice, "one", "two", "three", "four", "five")
    page = new_page(service, f"?user={alice}&lang=en")
    title_of(page, "one").wait_for()
    # One stop for the whole list, and one for each control of its active row.
    reachable = page.locator(".task [tabindex='0']")
    expect(reachable).to_have_count(5)
    title_of(page, "one").focus()
    for key, wanted in {
        "ArrowDown": "title of two",
        "End": "title of five",
        "ArrowUp": "title of four",
        "Tab": "grip of four",
        "Home": "grip of one",
        "Shift+Tab": "title of one",
    }.items():
        page.keyboard.press(key)
        expect_focus(page, wanted)
    expect(reachable).to_have_count(5)

    page.keyboard.press("Alt+ArrowDown")
    said = page.get_by_role("status").filter(has_text="one, moved to place 2 of 5")
    expect(said).to_be_attached()
    page.keyboard.press("Alt+ArrowDown")
    wait_for_titles(client, alice, ["two", "three", "one", "four", "five"])
    expect_focus(page, "title of one")
    page.keyboard.press("Alt+End")
    wait_for_titles(client, alice, ["two", "three", "four", "five", "one"])
    page.keyboard.press("Alt+Home")
    wait_for_titles(client, alice, ["one", "two", "three", "four", "five"])
    page.keyboard.press("Alt+ArrowUp")
    expect(page.get_by_role("status").filter(has_text="one, moved to place 1 of 5")).to_be_attached()
    expect_focus(page, "title of one")

    row(page, "two").get_by_role("button", name="Move: two").click()
    page.get_by_role("button", name="Down", exact=True).click()
    page.get_by_role("button", name="Down", exact=True).press("Enter")
    wait_for_titles(client, alice, ["one", "three", "four", "two", "five"])
    expect_focus(page, "down of two")
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Down", exact=True)).to_have_count(0)
    expect_focus(page, "grip of two")


def test_the_focus_goes_to_the_next_task_when_one_goes(
    service: Service, client: httpx.Client, new_page: NewPage, alice: int
) -> None:
    tasks = create(client, alice, "one", "two", "three", "four", "five", "six")
    page = new_page(service, f"?user={alice}&lang=en&show=open")
    title_of(page, "two").focus()
    page.keyboard.press("Delete")
    expect_focus(page, "title of three")
    row(page, "three").get_by_role("checkbox").press("Space")
    expect_focus(page, "check of four")
    row(page, "four").get_by_role("button", name="Delete: four").press("Enter")
    expect_focus(page, "title of five")
    client.delete(f"/users/{alice}/tasks/{tasks[4]['id']}").raise_for_status()
    expect_focus(page, "title of six")
    page.keyboard.press("Delete")
    expect_focus(page, "title of one")
    page.keyboard.press("Delete")
    expect(page.locator("#new-task")).to_be_focused()
    wait_for_titles(client, alice, ["three"])


def test_a_task_moves_next_to_what_is_shown_and_only_in_the_order_made_by_hand(
    service: Service, client: httpx.Client, new_page: NewPage, alice: int
) -> None:
    create(client, alice, "a", {"title": "b", "completed": True}, {"title": "c", "completed": True}, "d", "e")
    page = new_page(service, f"?user={alice}&lang=en&show=open")
    title_of(page, "e").focus()
    page.keyboard.press("Alt+ArrowUp")
    wait_for_titles(client, alice, ["a", "b", "c", "e", "d"])
    page.keyboard.press("Alt+ArrowUp")
    wait_for_titles(client, alice, ["e", "a", "b", "c", "d"])
    expect(page.get_by_role("status").filter(has_text="e, moved to place 1 of 3")).to_be_attached()

    sorted_by_title = new_page(service, f"?user={alice}&lang=en&sort=title", beside=page)
    expect(sorted_by_title.get_by_text("Tasks can be moved where")).to_be_visible()
    expect(sorted_by_title.locator(".grip")).to_have_count(0)
    title_of(sorted_by_title, "a").press("Alt+ArrowDown")
    expect(sorted_by_title.get_by_role("status").filter(has_text="Tasks can be moved where")).to_be_attached()
    assert titles_of(client, alice) == ["e", "a", "b", "c", "d"]


def edit(page: Page, title: str, text: str) -> Locator:
    """Open the editor of a task by its title, type after that, and return the field."""
    title_of(page, title).click()
    field = page.get_by_role("form").get_by_label("Title")
    expect(field).to_be_focused()
    page.keyboard.press("End")
    page.keyboard.type(text)
    return field


def test_a_row_tells_of_what_was_not_sent_and_of_what_was_changed_elsewhere(
    service: Service, client: httpx.Client, new_page: NewPage, alice: int
) -> None:
    [milk] = create(client, alice, "Buy milk")
    page = new_page(service, f"?user={alice}&lang=en", expected=["INTERNET_DISCONNECTED", "status of 412"])
    title_of(page, "Buy milk").wait_for()
    page.context.set_offline(True)
    edit(page, "Buy milk", " and bread").press("Enter")
    expect(title_of(page, "Buy milk and bread")).to_have_accessible_description("Not sent yet")
    change(client, alice, milk, title="Buy cheese")
    page.context.set_offline(False)
    mark = page.locator(".task").get_by_role("button", name="Changed elsewhere as well")
    expect(mark).to_be_visible()
    expect(page.get_by_text("Not sent yet")).to_have_count(0)
    mark.click()
    expect(page.get_by_role("dialog").get_by_text("Buy cheese")).to_be_visible()


def test_a_row_that_is_edited_stays_whatever_others_do(
    service: Service, client: httpx.Client, new_page: NewPage, alice: int
) -> None:
    tasks = create(client, alice, "one", "two", "three", *(f"task {number}" for number in range(200)))
    page = new_page(service, f"?user={alice}&lang=en&show=open")
    field = edit(page, "two", " and")
    # It neither loses the focus nor is taken out of the document for a moment, which ends an input method.
    page.evaluate("document.activeElement.addEventListener('blur', () => (window.wasLost = true))")
    client.post(f"/users/{alice}/tasks/{tasks[0]['id']}/move", json={"after": tasks[2]["id"]}).raise_for_status()
    expect(page.locator(".task").nth(2).locator(".task-title")).to_have_text("one")
    client.post(f"/users/{alice}/tasks/{tasks[1]['id']}/move", json={"after": tasks[50]["id"]}).raise_for_status()
    expect(page.locator(".task[aria-posinset='1'] .task-title")).to_have_text("three")
    change(client, alice, tasks[1], completed=True)
    expect(page.locator(".task:focus-within").get_by_role("checkbox")).to_be_checked()
    page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
    expect(title_of(page, "task 199")).to_be_in_viewport()
    page.keyboard.type(" more")
    expect(field).to_have_value("two and more")
    expect(field).to_be_focused()
    assert not page.evaluate("window.wasLost")

    field.fill("")  # which cannot be saved
    page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
    title_of(page, "task 199").focus()
    expect(page.locator(".task:focus-within")).to_have_attribute("aria-posinset", "203")
    expect(field).to_have_value("")


def test_what_is_typed_leads_nowhere_when_it_is_known_late_that_there_was_nothing_before(
    service: Service, client: httpx.Client, new_page: NewPage, alice: int
) -> None:
    """A browser that is busy says after seconds what was typed in windows that are gone."""
    create(client, alice, "one", *(f"task {number}" for number in range(100)))
    page = new_page(service, "livez", expected=["favicon.ico"])
    page.context.add_init_script(LATE)
    page.goto(f"{service.address}/?user={alice}&lang=en")
    edit(page, "one", " and")
    page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
    expect(title_of(page, "task 99")).to_be_in_viewport()
    page.evaluate("async () => { release(); await navigator.locks.query(); }")
    expect(title_of(page, "task 99")).to_be_in_viewport()
    expect(page.get_by_role("form").get_by_label("Title")).to_have_value("one and")


def test_a_list_that_was_open_over_night_tells_of_the_new_day(
    service: Service, client: httpx.Client, new_page: NewPage, alice: int
) -> None:
    """The computer has slept: timers go on where they were, and fire once."""
    create(client, alice, *({"title": f"of {day}", "due": {"date": f"2026-11-{day}"}} for day in (22, 23)))
    page = new_page(service, "livez", timezone_id="America/New_York", expected=["favicon.ico"])
    page.clock.install(time=datetime(2026, 11, 23, 4, 58, tzinfo=UTC))
    page.goto(f"{service.address}/?user={alice}&show=today")
    titles = page.locator(".task-title")
    expect(titles).to_have_text(["of 22"])
    page.clock.fast_forward("09:00:00")
    expect(titles).to_have_text(["of 23"])
    page.get_by_role("link", name="Overdue").click()
    expect(titles).to_have_text(["of 22"])
    expect(page.locator(".task")).to_contain_text("Overdue: Yesterday")
    create(client, alice, {"title": "of 1999", "due": {"date": "1999-12-31"}})
    expect(titles).to_have_text(["of 22", "of 1999"])
