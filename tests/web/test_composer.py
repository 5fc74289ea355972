"""The field for a new task: what is typed there is added once, and never lost."""

import json
import unicodedata
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect
from pydantic import TypeAdapter, ValidationError

from donebase.core.values import Title
from tests.conftest import NO_HURRY
from tests.support.killable_browser import killable_browser
from tests.support.processes import Service
from tests.support.servers import free_port
from tests.support.time_zones import zone_of_another_day
from tests.support.waiting import wait_for
from tests.support.web_modules import Modules
from tests.support.web_page import (
    NewPage,
    close_window,
    drafts_of,
    only_task,
    stored,
    tasks_of,
    wait_for_titles,
)

TITLE = TypeAdapter[str](Title)
FAULTS = """({ faultOfVisibleText }, texts) => texts.map((text) => faultOfVisibleText(text, 500))"""


def kept_drafts(page: Page) -> list[str]:
    """Return the texts for new tasks that the browser keeps, sorted."""
    return sorted(draft["text"] for draft in drafts_of(page))


def fault_of(text: str) -> str | None:
    """Return the code with which the service refuses a title."""
    try:
        TITLE.validate_python(text)
    except ValidationError as error:
        return error.errors()[0]["type"]
    return None


def test_the_page_refuses_the_titles_that_the_service_refuses(modules: Modules) -> None:
    spans = (
        (0, 0x3500),
        (0xA000, 0xD800),
        (0xF8F0, 0x1CFFF),
        (0x1D000, 0x1FFFF),
        (0xDFFF0, 0xE1010),
        (0x10FFF0, 0x110000),
    )
    texts = [chr(point) for span in spans for point in range(*span)]
    texts = [text for text in texts if unicodedata.category(text) != "Cn"]  # which the browser may know
    texts += ["", "\x1f\x85", "\ufeffa\u3000", "a\0", "a" * 500, "a" * 501, "e\u0301" * 251]
    texts += [f" {'😀' * 500}\u2003", "😀" * 501]
    found = modules.run("rules.js", FAULTS, texts)
    different = {ascii(text): fault for text, fault in zip(texts, found, strict=True) if fault != fault_of(text)}
    assert different == {}
    assert {*found} == {None, "blank", "too_long", "nul_character"}


@pytest.mark.long
def test_what_is_typed_outlives_the_service_and_the_browser(
    browser: Browser, database_url: str, tmp_path: Path, alice: int
) -> None:
    settings = {"DATABASE_URL": database_url, "PORT": str(free_port()), **NO_HURRY}
    service = Service(tmp_path, **settings).ready()
    address = f"{service.address}/?user={alice}"
    with killable_browser(browser, tmp_path / "profile") as context:
        page = context.pages[0]
        page.goto(address)
        expect(page.locator("#new-task")).to_be_visible()
        page.locator("#new-task").press_sequentially("Buy ")
        service.kill()
        page.keyboard.type("milk")
        page.keyboard.press("Enter")
        page.keyboard.type("Call Ann — 電話")
        wait_for(lambda: kept_drafts(page) == ["Call Ann — 電話"] and len(stored(page, "outbox")) == 1)
    with Service(tmp_path, **settings).ready() as service, killable_browser(browser, tmp_path / "profile") as context:
        page = context.pages[0]
        page.goto(address)
        expect(page.locator("#new-task")).to_have_value("Call Ann — 電話")
        with httpx.Client(base_url=service.address) as client:
            wait_for_titles(client, alice, ["Buy milk"])
            page.locator("#new-task").press("Enter")
            wait_for_titles(client, alice, ["Buy milk", "Call Ann — 電話"])
        expect(page.locator("#new-task")).to_have_value("")
        wait_for(lambda: kept_drafts(page) == [])


def test_each_window_keeps_its_own_text(new_page: NewPage, service: Service, client: httpx.Client, alice: int) -> None:
    page = new_page(service, f"?user={alice}")
    page.locator("#new-task").fill("In the first")
    second = new_page(service, f"?user={alice}", beside=page)
    second.locator("#new-task").fill("In the second")
    wait_for(lambda: kept_drafts(page) == ["In the first", "In the second"])
    for each, text in ((page, "In the first"), (second, "In the second")):
        each.reload()
        expect(each.locator("#new-task")).to_have_value(text)
    close_window(second, page)
    third = new_page(service, f"?user={alice}", beside=page)
    expect(third.locator("#new-task")).to_have_value("In the second")
    third.goto(f"{service.address}/?user={alice + 1}")
    expect(third.locator("#new-task")).to_have_value("")
    third.go_back()
    expect(third.locator("#new-task")).to_have_value("In the second")
    third.locator("#new-task").press("Enter")
    wait_for_titles(client, alice, ["In the second"])
    expect(page.locator("#new-task")).to_have_value("In the first")


def test_what_is_typed_at_once_in_a_page_that_was_loaded_again_follows_what_it_had(
    new_page: NewPage, service: Service, alice: int
) -> None:
    """A busy browser says only after a while which window this is."""
    page = new_page(service, f"?user={alice}")
    typed = {"owner": f"user:{alice}", "place": "composer", "draft": {"text": "Buy", "lines": None}}
    # As the page before this one leaves it.
    page.add_init_script(f"sessionStorage.setItem('donebase / drafts', {json.dumps(json.dumps([typed]))})")
    page.add_init_script("""
        const request = LockManager.prototype.request;
        const held = new Promise((resolve) => (window.release = resolve));
        LockManager.prototype.request = async function (name, ...rest) {
            if (name.startsWith("donebase window")) await held;
            return request.call(this, name, ...rest);
        };
    """)
    page.reload()
    page.locator("#new-task").press_sequentially("milk")
    page.evaluate("release()")
    expect(page.locator("#new-task")).to_have_value("Buy milk")
    wait_for(lambda: kept_drafts(page) == ["Buy milk"])


def test_it_adds_what_was_meant_and_says_why_not(
    new_page: NewPage, service: Service, client: httpx.Client, alice: int
) -> None:
    page = new_page(service, f"?user={alice}", viewport={"width": 320, "height": 640})
    field = page.locator("#new-task")
    field.focus()
    typing = page.context.new_cdp_session(page)
    typing.send("Input.imeSetComposition", {"text": "でんわ", "selectionStart": 3, "selectionEnd": 3})
    page.keyboard.press("Enter")
    expect(field).to_have_value("でんわ")
    typing.send("Input.insertText", {"text": "電話"})
    page.keyboard.press("Enter")
    page.keyboard.type("Next")
    page.keyboard.press("Enter")
    wait_for_titles(client, alice, ["電話", "Next"])
    expect(field).to_be_focused()
    for text, words in (("😀" * 501, "500 characters"), ("\u3164 \u200b", "can be seen")):
        field.fill(text)
        page.keyboard.press("Enter")
        expect(page.get_by_role("alert")).to_contain_text(words)
        expect(field).to_have_value(text)
        expect(field).to_be_focused()
        expect(field).to_have_accessible_description(page.get_by_role("alert").inner_text())
    field.fill("😀" * 500)
    expect(page.get_by_role("alert")).to_have_count(0)
    page.keyboard.press("Enter")
    wait_for_titles(client, alice, ["電話", "Next", "😀" * 500])
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


def paste(page: Page, text: str) -> None:
    """Paste a text where the focus is, as a person does."""
    page.evaluate(
        """(text) => {
            const clipboardData = new DataTransfer();
            clipboardData.setData("text/plain", text);
            const event = new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true });
            if (document.activeElement.dispatchEvent(event)) document.execCommand("insertText", false, text);
        }""",
        text,
    )


def test_several_lines_become_what_the_person_says(
    new_page: NewPage, service: Service, client: httpx.Client, alice: int
) -> None:
    page = new_page(service, f"?user={alice}")
    field = page.locator("#new-task")
    field.fill("Buy ")
    paste(page, "milk\r\n\n  bread\n")
    expect(page.get_by_role("button", name="Add 2 tasks")).to_be_focused()
    page.reload()
    page.get_by_role("button", name="Add 2 tasks").click()
    wait_for_titles(client, alice, ["Buy milk", "bread"])
    expect(field).to_be_focused()
    expect(field).to_have_value("")
    paste(page, "one line\n")
    expect(field).to_have_value("one line")
    field.fill("")
    paste(page, "Call Ann\n  at 9\nor later")
    page.get_by_role("button", name="One task").click()
    wait_for_titles(client, alice, ["Buy milk", "bread", "Call Ann"])
    assert tasks_of(client, alice)[2]["description"] == "  at 9\nor later"
    paste(page, f"short\n{'x' * 501}")
    expect(page.get_by_role("button", name="Add 2 tasks")).to_be_disabled()
    expect(page.get_by_text("Line 2: At most 500 characters.")).to_be_visible()
    page.keyboard.press("Escape")
    expect(field).to_be_focused()
    expect(page.get_by_role("button", name="Add 2 tasks")).to_have_count(0)


def test_a_new_task_is_shown_by_the_filter_that_it_is_added_to(
    new_page: NewPage, service: Service, client: httpx.Client, alice: int
) -> None:
    page = new_page(service, f"?user={alice}&show=today&tag=shop", timezone_id=zone_of_another_day())
    field = page.locator("#new-task")
    expect(field).to_have_accessible_description("New tasks get the tag “shop”. New tasks are due today.")
    field.fill("Buy milk")
    page.keyboard.press("Enter")
    expect(page.locator(".task")).to_have_count(1)
    wait_for_titles(client, alice, ["Buy milk"])
    today = page.evaluate("new Date().toLocaleDateString('sv')")
    task = only_task(client, alice)
    assert (task["tags"], task["due"]["time"], task["due"]["time_zone"]) == (["shop"], None, None)
    assert task["due"]["date"] <= today
    page.goto(f"{service.address}/?user={alice}&show=overdue")
    expect(field).to_have_accessible_description("New tasks are shown here only where they fit.")
