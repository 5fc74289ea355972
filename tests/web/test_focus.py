"""The keyboard reaches everything, the focus is seen, and no action loses it."""

import httpx
from playwright.sync_api import expect

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
    .filter((control) => control.checkVisibility() && !control.disabled && !control.closest(".task"))
    .map((control) => control.outerHTML.slice(0, 200))"""


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
