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
# On which side of the last letter the mark at the end of a text is drawn, wherever that text is seen.
SIDES = """(text) => {
    const nodes = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const sides = [];
    while (nodes.nextNode()) {
        const end = nodes.currentNode.data.indexOf(text) + text.length - 1;
        if (end < text.length - 1 || !nodes.currentNode.parentElement.checkVisibility()) continue;
        const [letter, mark] = [end - 1, end].map((place) => {
            const range = document.createRange();
            range.setStart(nodes.currentNode, place);
            range.setEnd(nodes.currentNode, place + 1);
            return range.getBoundingClientRect().left;
        });
        sides.push(mark < letter ? "left" : "right");
    }
    return sides;
}"""


def left(element: Locator) -> float:
    box = element.bounding_box()
    assert box
    return box["x"]


def row(page: Page, title: str) -> Locator:
    return page.locator(".task").filter(has_text=title)


def expect_readable(page: Page, text: str, places: int) -> None:
    """Expect a text to be seen in at least so many places, in each from the side from which its script is read."""
    expect(page.get_by_text(text).nth(places - 1)).to_be_attached()
    sides = page.evaluate(SIDES, text)
    assert len(sides) >= places
    assert {*sides} == {"left" if text == ARABIC else "right"}, text


@pytest.mark.long
@pytest.mark.parametrize("locale", ["ar-EG", "en-US"])
def test_the_page_is_mirrored_and_every_text_keeps_its_own_direction(
    new_page: NewPage, service: Service, client: httpx.Client, alice: int, locale: str
) -> None:
    is_arabic = locale == "ar-EG"
    for text in (ENGLISH, ARABIC):
        create(client, alice, {"title": text, "description": text, "tags": [text]})
    page = new_page(service, f"?user={alice}", locale=locale, viewport={"width": 390, "height": 844})
    expect(page.locator("html")).to_have_attribute("lang", "ar" if is_arabic else "en")
    expect(page.locator("html")).to_have_attribute("dir", "rtl" if is_arabic else "ltr")
    field = page.get_by_role("textbox", name="مهمة جديدة" if is_arabic else "New task").first
    for text in (ENGLISH, ARABIC):
        expect_readable(page, text, 3)
        title = row(page, text).locator(".task-title")
        assert (left(row(page, text).get_by_role("checkbox")) > left(title)) == is_arabic
        field.fill(text)
        assert field.evaluate("(field) => getComputedStyle(field).direction") == ("rtl" if text == ARABIC else "ltr")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    for text in (ENGLISH, ARABIC):  # in a message, in the trash and in the history
        page.get_by_role("button", name=re.compile("^(Delete|حذف): .*" + text)).click()
        expect_readable(page, text, 1)
    page.get_by_role("button", name="القائمة" if is_arabic else "Menu").click()
    page.get_by_role("button", name="المهملات" if is_arabic else "Trash").click()
    for text in (ENGLISH, ARABIC):
        expect_readable(page, text, 3)
        page.get_by_role("button", name=re.compile("^(History|السجل): .*" + text)).click()
        expect_readable(page, text, 7)
        page.keyboard.press("Escape")


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
def test_a_task_is_edited_in_arabic_with_the_commas_of_every_script(
    new_page: NewPage, service: Service, client: httpx.Client, alice: int
) -> None:
    create(client, alice, ENGLISH)
    page = new_page(service, f"?user={alice}", locale="ar-EG")
    page.locator(".task-title").click()
    page.get_by_role("textbox", name="العنوان").fill(ARABIC)
    page.get_by_role("combobox", name="الوسوم").press_sequentially("صحة، 健康、家，b,c")
    page.get_by_role("radio", name="عالية").check()
    page.get_by_role("button", name="حفظ").click()
    expect(row(page, ARABIC).locator(".tag")).to_have_text(["صحة", "健康", "家", "b", "c"])
    expect(row(page, ARABIC)).to_contain_text("عالية")
    wait_for_titles(client, alice, [ARABIC])


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
