"""A list of 5,000 tasks: drawn as it is seen, and steady while others change it."""

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.support.processes import Service
from tests.support.waiting import wait_for
from tests.support.web_page import NewPage, create

pytestmark = pytest.mark.long
MANY = 5_000
FEW = 100  # rows, of which a window shows 20


def titles(client: httpx.Client, user: int) -> list[dict[str, object]]:
    """Create many tasks, some of several lines, and return them."""
    tasks = [{"title": f"task {number} " + "and more " * (number % 7 * 6)} for number in range(1, MANY + 1)]
    return [made for at in range(0, MANY, 1000) for made in create(client, user, *tasks[at : at + 1000])]


def title_of(page: Page, number: int) -> Locator:
    return page.locator(f".task[aria-posinset='{number}'] .task-title")


def scroll_to(page: Page, part: float) -> None:
    page.evaluate("part => window.scrollTo(0, part * document.documentElement.scrollHeight)", part)


def in_the_middle(page: Page) -> Locator:
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
    tasks = titles(client, alice)
    page = new_page(service, f"?user={alice}&lang=en", viewport={"width": 900, "height": 800})
    rows = page.locator(".task")
    expect(title_of(page, 1)).to_be_in_viewport()
    for part in (0.3, 0.31, 0.8, 0.5, 1):
        scroll_to(page, part)
        wait_for(lambda: page.evaluate("document.elementFromPoint(450, 400).closest('.task') !== null"))
        assert rows.count() < FEW
    # What was not drawn before has other heights than were assumed.
    wait_for(lambda: scroll_to(page, 1) or title_of(page, MANY).is_visible())
    expect(title_of(page, MANY)).to_be_in_viewport()
    expect(rows.last).to_have_attribute("aria-setsize", str(MANY))

    scroll_to(page, 0.5)
    wait_for(lambda: page.evaluate("document.elementFromPoint(450, 400).closest('.task') !== null"))
    middle = in_the_middle(page)
    middle.focus()
    page.wait_for_timeout(0)
    before = top_of(middle)
    for task in tasks[:3]:
        client.delete(f"/users/{alice}/tasks/{task['id']}").raise_for_status()
    [new] = create(client, alice, "a new one " * 30)
    client.post(f"/users/{alice}/tasks/{new['id']}/move", json={"to": "first"}).raise_for_status()
    expect(rows.last).to_have_attribute("aria-setsize", str(MANY - 2))
    assert abs(top_of(middle) - before) < 2
    expect(middle).to_be_focused()
