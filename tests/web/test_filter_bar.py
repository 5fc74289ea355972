"""Which tasks are shown: the choices, their counts, the search, the order, and the address that says all of it."""

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import httpx
from playwright.sync_api import Page, expect

from tests.support.processes import Service
from tests.support.time_zones import zone_of_another_day
from tests.support.web_page import NewPage, create, tasks_of, wait_for_titles


def some_tasks(client: httpx.Client, user: int, zone: str = "UTC") -> None:
    """Two that are overdue, one of them done; one for today, which it is in a time zone; Milk twice."""
    today = datetime.now(ZoneInfo(zone)).date()
    create(
        client,
        user,
        {"title": "Buy milk", "tags": ["shop"], "priority": "low", "due": {"date": str(today - timedelta(days=3))}},
        {"title": "Drink mílk", "tags": ["shop", "مطبخ"], "due": {"date": str(today)}, "priority": "high"},
        {"title": "Write", "completed": True, "due": {"date": str(today - timedelta(days=3))}},
        {"title": "Aim", "description": "high, with milk", "tags": ["home"]},
        {"title": "Read", "completed": True, "tags": ["home"]},
    )


def expect_titles(page: Page, *titles: str) -> None:
    expect(page.locator(".task-title")).to_have_text(list(titles))


def test_a_person_filters_searches_and_sorts_and_the_address_says_it(
    service: Service, client: httpx.Client, new_page: NewPage, alice: int
) -> None:
    zone = zone_of_another_day()
    some_tasks(client, alice, zone)
    page = new_page(service, f"?user={alice}", timezone_id=zone)
    bar = page.get_by_role("search")
    expect(bar.get_by_role("link")).to_have_text(["All 5", "Open 3", "Done 2", "Overdue 1", "Today 1"])
    expect(bar.locator("[aria-current]")).to_have_text(["All 5"])

    bar.get_by_role("link", name="Open").click()
    expect_titles(page, "Buy milk", "Drink mílk", "Aim")
    expect(page.get_by_role("status").get_by_text("3 tasks are shown.")).to_be_attached()
    page.get_by_label("Tag", exact=True).select_option(label="shop (2)")
    expect_titles(page, "Buy milk", "Drink mílk")
    expect(bar.get_by_role("link")).to_have_text(["All 2", "Open 2", "Done 0", "Overdue 1", "Today 1"])
    expect(page.get_by_label("Tag", exact=True).locator("option")).to_have_text(
        ["All tags", "home (1)", "shop (2)", re.compile("مطبخ.*1")]
    )
    page.get_by_label("Order", exact=True).select_option("Important first")
    expect_titles(page, "Drink mílk", "Buy milk")
    expect(page).to_have_url(re.compile(r"\?user=\d+&show=open&tag=shop&sort=priority$"))

    same = new_page(service, page.url.rpartition("/")[2], beside=page)
    expect_titles(same, "Drink mílk", "Buy milk")
    expect(same.get_by_label("Order", exact=True)).to_have_value("priority")
    expect(same.get_by_label("Tag", exact=True)).to_have_value("=shop")

    page.get_by_role("button", name="Show tasks without this tag as well").click()
    expect(page.get_by_label("Tag", exact=True)).to_be_focused()
    expect_titles(page, "Drink mílk", "Buy milk", "Aim")
    page.go_back()
    expect_titles(page, "Drink mílk", "Buy milk")
    expect(page.get_by_role("status").get_by_text("2 tasks are shown.")).to_be_attached()
    page.go_back()
    expect(page.get_by_label("Order", exact=True)).to_have_value("order")
    expect_titles(page, "Buy milk", "Drink mílk")
    page.go_forward()
    expect_titles(page, "Drink mílk", "Buy milk")
    page.get_by_label("Order", exact=True).select_option("Newest first")
    page.get_by_label("Tag", exact=True).select_option("All tags")
    bar.get_by_role("link", name="All").click()
    expect_titles(page, "Read", "Aim", "Write", "Drink mílk", "Buy milk")


def test_words_are_found_as_they_are_typed(
    service: Service, client: httpx.Client, new_page: NewPage, alice: int
) -> None:
    some_tasks(client, alice)
    page = new_page(service, f"?user={alice}&show=open")
    search = page.get_by_role("searchbox")
    before = page.evaluate("history.length")
    search.press_sequentially("MILK")
    expect_titles(page, "Buy milk", "Drink mílk", "Aim")
    search.press_sequentially(" high")
    expect_titles(page, "Aim")
    expect(page.get_by_role("status").get_by_text("1 task is shown.")).to_be_attached()
    expect(page).to_have_url(re.compile("q=MILK\\+high"))
    assert page.evaluate("history.length") == before
    search.press("Escape")
    expect(search).to_have_value("")
    expect_titles(page, "Buy milk", "Drink mílk", "Aim")
    expect(page).to_have_url(re.compile("show=open$"))


def test_completed_tasks_are_deleted_and_come_back_at_once(
    service: Service, client: httpx.Client, new_page: NewPage, alice: int
) -> None:
    some_tasks(client, alice)
    titles = [task["title"] for task in tasks_of(client, alice)]
    page = new_page(service, f"?user={alice}&tag=shop")
    clear = page.get_by_role("button", name="Delete completed (2)")
    clear.click()
    expect(page.get_by_role("button", name="Delete completed (0)")).to_be_disabled()
    wait_for_titles(client, alice, [title for title in titles if title not in ("Write", "Read")])
    page.get_by_role("button", name="Undo").click()
    wait_for_titles(client, alice, titles)
    expect(clear).to_be_enabled()
    assert [row["change"] for row in client.get(f"/users/{alice}/history").json()] == [3, 3, 2, 2, 1, 1, 1, 1, 1]
