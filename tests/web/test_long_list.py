"""A list of 5,000 tasks: drawn as it is seen, and steady while others change it."""

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.support.processes import Service
from tests.support.waiting import wait_for
from tests.support.web_page import Json, NewPage, create

pytestmark = pytest.mark.long
MANY = 5_000
FEW = 100  # rows, of which a window shows 20


def many(client: httpx.Client, user: int) -> list[Json]:
    """Create many tasks, some of several lines, and return them."""
    tasks: list[Json] = [{"title": f"task {number} " + "and more " * (number % 7 * 6)} for number in range(1, MANY + 1)]
    tasks[MANY // 2]["tags"] = ["rare"]
    tasks[0]["tags"] = ["rare"]
    return [made for at in range(0, MANY, 1000) for made in create(client, user, *tasks[at : at + 1000])]


def at_place(page: Page, place: int) -> Locator:
    return page.locator(f".task[aria-posinset='{place}'] .task-title")


def has_rows(page: Page) -> bool:
    """Whether there is a row in the middle of the window, and few elsewhere."""
    assert page.locator(".task").count() < FEW
    return bool(page.evaluate("document.elementFromPoint(innerWidth / 2, innerHeight / 2).closest('.task') !== null"))


def scroll_to(page: Page, part: float) -> None:
    page.evaluate("part => window.scrollTo(0, part * document.documentElement.scrollHeight)", part)
    wait_for(lambda: has_rows(page))


def middle(page: Page) -> Locator:
    """Return the title that is in the middle of the window."""
    key = page.evaluate("document.elementFromPoint(innerWidth / 2, innerHeight / 2).closest('.task').dataset.key")
    return page.locator(f".task[data-key='{key}'] .task-title")


def top_of(locator: Locator) -> float:
    box = locator.bounding_box()
    assert box
    return box["y"]


def test_a_long_list_is_drawn_as_seen_and_steady(
    service: Service, client: httpx.Client, new_page: NewPage, alice: int
) -> None:
    tasks = many(client, alice)
    page = new_page(service, f"?user={alice}&lang=en", viewport={"width": 900, "height": 800})
    rows = page.locator(".task")
    expect(at_place(page, 1)).to_be_in_viewport()
    for part in (0.3, 0.31, 0.8, 1):
        scroll_to(page, part)
    page.keyboard.press("End")  # what was not drawn before has other heights than were assumed
    expect(at_place(page, MANY)).to_be_in_viewport()
    expect(rows.last).to_have_attribute("aria-setsize", str(MANY))

    scroll_to(page, 0.5)
    seen = middle(page)
    seen.focus()
    row = page.locator(".task:focus-within")
    place = int(row.get_attribute("aria-posinset") or 0)
    before = top_of(seen)
    for task in tasks[1:4]:
        client.delete(f"/users/{alice}/tasks/{task['id']}").raise_for_status()
    [new] = create(client, alice, "a new one " * 30)
    client.post(f"/users/{alice}/tasks/{new['id']}/move", json={"to": "first"}).raise_for_status()
    expect(row).to_have_attribute("aria-posinset", str(place - 2))
    expect(row).to_have_attribute("aria-setsize", str(MANY - 2))
    assert abs(top_of(seen) - before) < 2
    expect(seen).to_be_focused()
    scroll_to(page, 0.2)
    expect(seen).to_be_focused()
    expect(seen).not_to_be_in_viewport()
    page.keyboard.press("ArrowDown")
    expect(page.locator(".task-title:focus")).to_be_in_viewport()
    assert rows.count() < FEW


def test_a_long_list_is_filtered_and_ticked(
    service: Service, client: httpx.Client, new_page: NewPage, alice: int
) -> None:
    many(client, alice)
    page = new_page(service, f"?user={alice}&lang=en", viewport={"width": 900, "height": 800})
    rows = page.locator(".task")
    at_place(page, 1).focus()
    page.keyboard.press("End")
    expect(at_place(page, MANY)).to_be_in_viewport()
    expect(at_place(page, MANY)).to_be_focused()
    page.keyboard.press("Alt+Home")
    expect(at_place(page, 1)).to_contain_text(f"task {MANY} and more")
    page.get_by_role("searchbox").fill(f"task {MANY // 2 + 1} ")
    expect(rows).to_have_count(1)
    rare = rows.get_by_role("button", name="Filter by the tag rare")
    rare.click()
    page.get_by_role("searchbox").fill("")
    expect(rows).to_have_count(2)
    rows.nth(1).get_by_role("checkbox").click()
    expect(rows.nth(1).get_by_role("checkbox")).to_be_checked()
    rows.nth(1).get_by_role("button", name="Filter by the tag rare").click()
    expect(rows.last).to_have_attribute("aria-setsize", str(MANY))
    ticked = at_place(page, MANY // 2 + 2)
    expect(ticked).to_be_in_viewport()
    assert rows.count() < FEW


def test_all_tasks_are_printed(service: Service, client: httpx.Client, new_page: NewPage, alice: int) -> None:
    create(client, alice, *(f"task {number}" for number in range(1, 301)))
    page = new_page(service, f"?user={alice}")
    at_place(page, 10).focus()
    page.evaluate("addEventListener('beforeprint', () => (window.printed = document.querySelectorAll('.task').length))")
    page.pdf()
    assert page.evaluate("printed") == 300
    wait_for(lambda: page.locator(".task").count() < FEW)
    expect(at_place(page, 10)).to_be_in_viewport()
