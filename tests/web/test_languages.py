"""The page in both languages, both directions, and with text of every script."""

import re
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.support.processes import Service
from tests.support.web_page import NewPage, create, wait_for_titles

SCRIPTS = (Path(__file__).parents[1] / "data" / "page" / "scripts.txt").read_text().splitlines()
ENGLISH, ARABIC = "Buy milk!", "اتصل بالطبيب!"
# Where a character of a text is drawn.
LEFT_OF = """(element, place) => {
    const range = document.createRange();
    const text = document.createTreeWalker(element, NodeFilter.SHOW_TEXT).nextNode();
    const start = (place + text.length) % text.length;
    range.setStart(text, start);
    range.setEnd(text, start + 1);
    return range.getBoundingClientRect().left;
}"""


def left(element: Locator) -> float:
    box = element.bounding_box()
    assert box
    return box["x"]


def row(page: Page, title: str) -> Locator:
    return page.locator(".task").filter(has_text=title)


def drawn_from_right_to_left(text: Locator) -> bool:
    """Say whether a text is in the order of a script from right to left, with the mark at its end at the left."""
    return bool(text.evaluate(LEFT_OF, -1) < text.evaluate(LEFT_OF, 0))


@pytest.mark.long
@pytest.mark.parametrize("locale", ["ar-EG", "en-US"])
def test_the_page_is_mirrored_and_every_text_keeps_its_own_direction(
    new_page: NewPage, service: Service, client: httpx.Client, alice: int, locale: str
) -> None:
    is_arabic = locale == "ar-EG"
    create(client, alice, ENGLISH, ARABIC)
    page = new_page(service, f"?user={alice}", locale=locale, viewport={"width": 390, "height": 844})
    expect(page.locator(".task")).to_have_count(2)
    assert page.locator("html").get_attribute("lang") == ("ar" if is_arabic else "en")
    assert page.locator("html").get_attribute("dir") == ("rtl" if is_arabic else "ltr")
    for title, is_title_arabic in ((ENGLISH, False), (ARABIC, True)):
        text = row(page, title).get_by_text(title)
        assert drawn_from_right_to_left(text) == is_title_arabic
        assert (left(row(page, title).get_by_role("checkbox")) > left(text)) == is_arabic
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    expect(page.get_by_role("textbox", name="مهمة جديدة" if is_arabic else "New task").first).to_be_visible()
    page.locator("#new-task").fill(ARABIC)
    assert page.locator("#new-task").evaluate("(field) => getComputedStyle(field).direction") == "rtl"
    page.locator("#new-task").fill(ENGLISH)
    assert page.locator("#new-task").evaluate("(field) => getComputedStyle(field).direction") == "ltr"


@pytest.mark.long
@pytest.mark.parametrize(
    ("locale", "due", "counted"),
    [
        ("en-US", "Dec 31, 2099, 5:00 PM", "Open 2"),
        ("de-DE", "31 Dec 2099, 17:00", "Open 2"),
        ("ar-EG", "٣١ ديسمبر ٢٠٩٩، ٥:٠٠ م", "المفتوحة ٢"),
    ],
)
def test_dates_and_numbers_are_those_of_the_browser(
    new_page: NewPage, service: Service, client: httpx.Client, alice: int, locale: str, due: str, counted: str
) -> None:
    create(client, alice, {"title": ENGLISH, "due": {"date": "2099-12-31", "time": "17:00"}}, ARABIC)
    page = new_page(service, f"?user={alice}", locale=locale)
    expect(page.get_by_role("link", name=counted)).to_be_visible()
    shown = row(page, ENGLISH).locator(".due").inner_text()
    assert re.sub("[\u2066-\u2069]", "", " ".join(shown.split())).endswith(due)


def test_a_person_chooses_the_language_and_loses_nothing(new_page: NewPage, service: Service, alice: int) -> None:
    page = new_page(service, f"?user={alice}&show=open", locale="fr-FR")
    page.locator("#new-task").fill("Not saved yet")
    page.locator("button.account").click()
    page.get_by_role("combobox", name="Language").select_option("العربية")
    expect(page.locator("html")).to_have_attribute("dir", "rtl")
    expect(page.get_by_role("link", name="المفتوحة")).to_have_attribute("aria-current", "true")
    expect(page.locator("#new-task")).to_have_value("Not saved yet")
    assert page.url.endswith(f"?user={alice}&show=open&lang=ar")
    page.reload()
    expect(page.locator("html")).to_have_attribute("lang", "ar")
    page.locator("button.account").click()
    page.get_by_role("combobox", name="اللغة").select_option("English")
    expect(page.get_by_role("link", name="Open 0")).to_have_attribute("aria-current", "true")


@pytest.mark.long
def test_every_script_is_written_kept_and_found(
    new_page: NewPage, service: Service, client: httpx.Client, alice: int
) -> None:
    page = new_page(service, f"?user={alice}")
    for text in SCRIPTS:
        page.locator("#new-task").fill(text)
        page.keyboard.press("Enter")
        expect(page.locator("#new-task")).to_have_value("")
    wait_for_titles(client, alice, SCRIPTS)
    expect(page.locator(".task")).to_have_count(len(SCRIPTS))
    for text in SCRIPTS:
        expect(row(page, text)).to_have_count(1)
