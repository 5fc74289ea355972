"""The keyboard reaches everything, the focus is seen, and no message or dialog loses it."""

import httpx
from playwright.sync_api import Page, expect

from tests.support.processes import Service
from tests.support.web_page import NewPage, create

TITLES = ["Buy milk", "Call Ada", "Water the plants", "Read"]
# The element that has the focus, and whether a person sees that: an outline at it or around it, nothing above it.
FOCUSED = """() => {
    const element = document.activeElement;
    if (!element || element === document.body) return null;
    const { left, top, width, height } = element.getBoundingClientRect();
    const above = document.elementFromPoint(left + width / 2, top + height / 2);
    const outlined = (one) => {
        const { outlineStyle, outlineWidth } = getComputedStyle(one);
        return outlineStyle !== "none" && parseFloat(outlineWidth) >= 1;
    };
    const around = [element, element.parentElement];
    return {
        name: element.ariaLabel || element.textContent.trim() || element.id,
        seen: around.some(outlined) && (element.contains(above) || above?.contains(element)),
        row: element.closest(".task")?.querySelector(".task-title")?.textContent ?? null,
        html: element.outerHTML.slice(0, 200),
    };
}"""
CONTROLS = """() => [...document.querySelectorAll("a[href], button, input, select, textarea, summary")]
    .filter((each) => each.checkVisibility({ visibilityProperty: true }) && !each.matches(":disabled, .task *"))
    .map((each) => each.outerHTML.slice(0, 200))"""


def test_the_tab_key_reaches_every_control_and_the_focus_is_seen(
    service: Service, client: httpx.Client, new_page: NewPage, alice: int
) -> None:
    create(client, alice, *({"title": title, "tags": ["home"]} for title in TITLES))
    page = new_page(service, f"?user={alice}", viewport={"width": 390, "height": 844})
    expect(page.locator(".task")).to_have_count(len(TITLES))
    reached = []
    for _ in range(60):
        page.keyboard.press("Tab")
        focused = page.evaluate(FOCUSED)
        if not focused:
            break
        assert focused["seen"], focused
        assert focused["name"], focused
        reached.append(focused)
    htmls = {each["html"] for each in reached}
    assert [each for each in page.evaluate(CONTROLS) if each not in htmls] == []
    assert {each["row"] for each in reached} == {None, TITLES[0]}  # from row to row leads an arrow key
    assert len([each for each in reached if each["row"]]) >= 4


def assert_focus_is_kept(page: Page) -> None:
    """Wait until something has the focus: the body has not."""
    expect(page.locator(":focus")).to_have_count(1)


def test_no_message_and_no_dialog_loses_the_focus(
    service: Service, client: httpx.Client, new_page: NewPage, alice: int
) -> None:
    create(client, alice, *({"title": title, "completed": title == "Read"} for title in TITLES))
    page = new_page(service, f"?user={alice}")
    rows, undo = page.locator(".task"), page.get_by_role("button", name="Undo", exact=True)
    expect(rows).to_have_count(4)
    page.get_by_role("button", name="Delete completed").click()
    expect(rows).to_have_count(3)
    assert_focus_is_kept(page)
    undo.click()
    expect(rows).to_have_count(4)
    assert_focus_is_kept(page)
    page.get_by_role("link", name="Open").click()
    expect(rows).to_have_count(3)
    expect(page.get_by_role("link", name="Open")).to_be_focused()
    page.keyboard.press("Control+z")
    assert_focus_is_kept(page)
    menu = page.get_by_role("button", name="Menu", exact=True)
    for item in ("Trash", "Keyboard"):
        menu.click()
        page.get_by_role("button", name=item, exact=True).click()
        page.get_by_role("dialog").wait_for()
        assert page.evaluate("document.querySelector('dialog').contains(document.activeElement)")
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)
        assert_focus_is_kept(page)
