"""Tasks are dragged to another place."""

from typing import Any

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.support.processes import Service
from tests.support.waiting import wait_for
from tests.support.web_page import NewPage, create, titles_of, wait_for_titles

FIVE = ["a", "b", "c", "d", "e"]


def row(page: Page, title: str) -> Locator:
    return page.locator(".task", has=page.locator(".task-title", has_text=title))


def centre(locator: Locator) -> tuple[float, float]:
    box = locator.bounding_box()
    assert box
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def grip(page: Page, title: str) -> tuple[float, float]:
    return centre(row(page, title).locator(".grip"))


def wait_until_still(page: Page) -> None:
    """Wait until the page is drawn: nothing moves by itself any more."""
    page.locator(".status[data-connection=live]").wait_for()


def take(page: Page, title: str) -> None:
    """Press the handle of a task, and move a little."""
    x, y = grip(page, title)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, y + 10)


def carry(page: Page, title: str, part: float) -> None:
    """Go to a part of the height of another row: less than half is before it."""
    box = row(page, title).bounding_box()
    assert box
    page.mouse.move(box["x"] + 20, box["y"] + part * box["height"], steps=4)


@pytest.mark.parametrize("language", ["en", "ar"])
def test_a_task_is_dragged_by_its_handle(
    service: Service, client: httpx.Client, new_page: NewPage, alice: int, language: str
) -> None:
    tasks = create(client, alice, *FIVE)
    page = new_page(service, f"?user={alice}&lang={language}")
    wait_until_still(page)
    take(page, "b")
    expect(page.locator(".task-ghost")).to_have_text("b")
    carry(page, "d", 0.8)
    expect(page.locator(".drop-after .task-title")).to_have_text("d")
    page.mouse.up()
    expect(page.locator(".task-title")).to_have_text(["a", "c", "d", "b", "e"])
    wait_for_titles(client, alice, ["a", "c", "d", "b", "e"])
    expect(page.locator(".task-moves, .task-ghost, .dragged, .drop-after")).to_have_count(0)
    take(page, "e")
    carry(page, "a", 0.2)
    expect(page.locator(".drop-before .task-title")).to_have_text("a")
    page.keyboard.press("Escape")
    expect(page.locator(".drop-before, .task-ghost")).to_have_count(0)
    page.mouse.up()
    row(page, "a").locator(".grip").click()
    expect(row(page, "a").locator(".task-moves")).to_be_visible()

    # Somebody else moves and deletes tasks meanwhile.
    take(page, "e")
    carry(page, "c", 0.2)
    client.post(f"/users/{alice}/tasks/{tasks[4]['id']}/move", json={"to": "first"}).raise_for_status()
    client.delete(f"/users/{alice}/tasks/{tasks[3]['id']}").raise_for_status()
    expect(page.locator(".task-title")).to_have_text(["e", "a", "c", "b"])
    expect(page.locator(".drop-before, .drop-after").locator(".task-title")).to_have_text(
        "a"
    )  # where the pointer rests
    carry(page, "b", 0.8)
    page.mouse.up()
    wait_for_titles(client, alice, ["a", "c", "b", "e"])
    take(page, "e")
    client.delete(f"/users/{alice}/tasks/{tasks[4]['id']}").raise_for_status()
    expect(page.locator(".task-ghost")).to_have_count(0)
    page.mouse.up()
    assert titles_of(client, alice) == ["a", "c", "b"]


def test_a_task_is_dragged_with_a_finger(service: Service, client: httpx.Client, new_page: NewPage, alice: int) -> None:
    create(client, alice, *FIVE)
    page = new_page(service, f"?user={alice}", has_touch=True, viewport={"width": 390, "height": 800})
    touch = page.context.new_cdp_session(page)

    def at(kind: str, *points: tuple[float, float]) -> None:
        touches: list[dict[str, Any]] = [{"x": x, "y": y} for x, y in points]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})

    wait_until_still(page)
    # Before the drag: Chromium takes a tap that follows one at once for the end of its movement.
    page.touchscreen.tap(*grip(page, "d"))
    expect(row(page, "d").locator(".task-moves")).to_be_visible()
    x, y = grip(page, "a")
    at("touchStart", (x, y))
    at("touchMove", (x, y + 20))
    at("touchMove", (x, centre(row(page, "c"))[1] + 5))
    expect(page.locator(".drop-after .task-title")).to_have_text("c")
    at("touchEnd")
    wait_for_titles(client, alice, ["b", "c", "a", "d", "e"])


def test_the_list_scrolls_under_a_dragged_task(
    service: Service, client: httpx.Client, new_page: NewPage, alice: int
) -> None:
    titles = [f"task {number:03}" for number in range(1, 301)]
    create(client, alice, *titles)
    page = new_page(service, f"?user={alice}&lang=en", viewport={"width": 900, "height": 600})
    wait_until_still(page)
    take(page, "task 002")
    page.mouse.move(450, 590, steps=4)
    wait_for(lambda: page.evaluate("scrollY") > 2500)  # a row may have come and gone before it is looked for
    page.mouse.move(450, 300, steps=4)
    page.locator(".drop-before, .drop-after").wait_for()
    expect(page.locator(".task-title", has_text="task 002")).to_have_count(1)
    page.mouse.up()
    said = page.get_by_role("status").filter(has_text="task 002, moved to place")
    place = int(said.inner_text().split("place ")[1].split(" ")[0])
    assert place > 30
    expect(row(page, "task 002")).to_have_attribute("aria-posinset", str(place))
    expect(row(page, "task 002")).to_be_in_viewport()
    titles.insert(place - 1, titles.pop(1))
    wait_for_titles(client, alice, titles)


def test_a_drag_ends_where_the_tasks_of_somebody_else_are_shown(
    service: Service, client: httpx.Client, new_page: NewPage, alice: int
) -> None:
    create(client, alice, *FIVE)
    create(client, alice + 1, "other")
    page = new_page(service, f"?user={alice}")
    take(page, "b")
    expect(page.locator(".task-ghost")).to_have_text("b")
    page.evaluate(
        "(query) => { history.pushState(null, '', query); dispatchEvent(new Event('popstate')); }", f"?user={alice + 1}"
    )
    expect(page.locator(".task-title")).to_have_text(["other"])
    expect(page.locator(".task-ghost")).to_have_count(0)
    carry(page, "other", 0.8)
    expect(page.locator(".drop-after, .drop-before")).to_have_count(0)
    page.mouse.up()
    assert titles_of(client, alice) == FIVE
