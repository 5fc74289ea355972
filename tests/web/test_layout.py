"""The page fits every window, whatever the tasks are called, and moves nothing for those who want no motion."""

import re

import httpx
import pytest
from playwright.sync_api import FloatRect, Page, expect

from tests.support.page_sources import WEB
from tests.support.processes import Service
from tests.support.web_page import Json, NewPage, change, create

WIDE = "W" * 50
WORST: list[Json] = [
    {"title": "W" * 500, "description": "M" * 5000, "tags": [f"{WIDE[:-2]}{n:02}" for n in range(20)]},
    {"title": "كلمة" * 125, "priority": "high", "due": {"date": "9999-12-31", "time": "23:59:59"}},
    {
        "title": "👩‍👩‍👧‍👦" * 20,
        "priority": "medium",
        "completed": True,
        "due": {"date": "2020-02-29", "time": "12:34:56", "time_zone": "America/Argentina/ComodRivadavia"},
        "tags": ["עברית" * 9, "ไทย" * 16, "漢" * 50],
    },
    {"title": "short", "tags": ["a", "b"], "due": {"date": "2020-01-01"}},
]
# What is drawn beyond the sides of the window, unless something around it cuts it off or lets it be scrolled.
BEYOND = """() => {
    const cuts = (element) => getComputedStyle(element).overflowX !== "visible";
    const cut = (element) => element && (cuts(element) || cut(element.parentElement));
    const beyond = [...document.body.querySelectorAll("*")].filter((element) => {
        const { left, right, width } = element.getBoundingClientRect();
        const shown = width > 1 && element.checkVisibility({ visibilityProperty: true });
        return shown && (left < -1 || right > document.documentElement.clientWidth + 1) && !cut(element.parentElement);
    });
    return beyond.map((element) => element.outerHTML.slice(0, 200));
}"""
MOVING = """() => [...document.querySelectorAll("*")].filter((element) => {
    const { animationName, transitionDuration, scrollBehavior } = getComputedStyle(element);
    return animationName !== "none" || !/^0s(, 0s)*$/.test(transitionDuration) || scrollBehavior !== "auto";
}).map((element) => element.outerHTML.slice(0, 100))"""
OVERLAPS = """() => [...document.querySelectorAll(".task")].flatMap((row) => {
    const parts = [...row.children].map((part) => part.getBoundingClientRect()).filter(({ width }) => width > 0);
    return parts.some((one, n) => parts.slice(n + 1).some((other) =>
        Math.min(one.right, other.right) - Math.max(one.left, other.left) > 1 &&
        Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top) > 1)) ? [row.outerHTML.slice(0, 300)] : [];
})"""


def assert_it_fits(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
    assert page.evaluate(BEYOND) == []
    assert page.evaluate(OVERLAPS) == []


@pytest.mark.long
@pytest.mark.parametrize("language", ["en", "ar"])
def test_nothing_is_wider_than_the_window(
    service: Service, client: httpx.Client, new_page: NewPage, alice: int, language: str
) -> None:
    create(client, alice, *WORST)
    page = new_page(service, f"?user={alice}&lang={language}", viewport={"width": 320, "height": 640}, has_touch=True)
    expect(page.locator(".task")).to_have_count(len(WORST))
    for width, height in ((320, 640), (390, 844), (1440, 900), (3840, 2160)):
        page.set_viewport_size({"width": width, "height": height})
        assert_it_fits(page)
    page.set_viewport_size({"width": 320, "height": 640})
    page.locator(".task-title").first.click()
    page.locator(".editor").wait_for()
    assert_it_fits(page)
    page.keyboard.press("Escape")
    # Text of twice the size, as a person sets it in the browser.
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    for width in (640, 1440):
        page.set_viewport_size({"width": width, "height": 900})
        assert_it_fits(page)


@pytest.mark.parametrize("language", ["en", "ar"])
def test_the_header_is_one_line_on_the_smallest_phone(
    service: Service, new_page: NewPage, alice: int, language: str
) -> None:
    page = new_page(service, f"?user={alice}&lang={language}", viewport={"width": 320, "height": 640}, has_touch=True)
    expect(page.locator("[data-connection=live]")).to_be_visible()
    centres = page.locator(".bar > *").evaluate_all(
        "(parts) => parts.map((part) => part.getBoundingClientRect()).filter(({ height }) => height)"
        ".map(({ top, bottom }) => (top + bottom) / 2)"
    )
    assert len(centres) == 4
    assert max(centres) - min(centres) < 2


def test_marks_that_a_title_piles_up_cover_nothing_else(
    service: Service, client: httpx.Client, new_page: NewPage, alice: int
) -> None:
    [task] = create(client, alice, "e")
    page = new_page(service, f"?user={alice}")
    title = page.locator(".task-title")
    expect(title).to_have_text("e")
    boxes = [page.locator(each).bounding_box() for each in (".filters", ".tasks")]
    top, bottom = [box["y"] + box["height"] * below for box, below in zip(boxes, (1, 0), strict=True) if box]
    # Around a row there is room for the ring of the focus.
    gap = FloatRect(x=0, y=top + 1, width=page.evaluate("innerWidth"), height=bottom - top - 8)
    blank = page.screenshot(clip=gap)
    change(client, alice, task, title="e" + 100 * "\u0301")
    expect(title).not_to_have_text("e")
    assert page.screenshot(clip=gap) == blank


def test_nothing_moves_where_no_motion_is_wanted(
    service: Service, client: httpx.Client, new_page: NewPage, alice: int
) -> None:
    create(client, alice, *WORST)
    page = new_page(service, f"?user={alice}", reduced_motion="reduce")
    page.get_by_role("checkbox").last.click()
    page.locator(".toast").wait_for()
    assert page.evaluate(MOVING) == []
    page.emulate_media(reduced_motion="no-preference")
    assert page.evaluate(MOVING) != []


def test_the_style_sheet_names_no_side() -> None:
    """It would be the wrong one from right to left. Ends and starts of lines and blocks are the right ones in both."""
    physical = re.compile(r"^\s*(?:[\w-]+-)?(?:left|right|top|bottom|width|height)\s*:", re.MULTILINE)
    named = physical.findall((WEB / "style.css").read_text())
    assert {each.strip(" :\n") for each in named} <= {"border-width", "stroke-width", "line-height"}
