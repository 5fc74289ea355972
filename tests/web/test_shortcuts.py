"""The keys of the page: what they do, where they are left alone, and the list that names them."""

import httpx
from playwright.sync_api import expect

from tests.support.processes import Service
from tests.support.waiting import wait_for
from tests.support.web_page import NewPage, create

PLACE_OF_A_KEY = """
    ([key, code, more]) => {
        const event = new KeyboardEvent("keydown", { key, code, bubbles: true, cancelable: true, ...more });
        document.activeElement.dispatchEvent(event);
        return event.defaultPrevented;
    }
"""
MAC = "Object.defineProperty(Navigator.prototype, 'platform', { get: () => 'MacIntel' })"


def test_keys_do_what_the_list_says(service: Service, client: httpx.Client, new_page: NewPage, alice: int) -> None:
    create(client, alice, "Aim")
    page = new_page(service, f"?user={alice}")
    page.get_by_role("checkbox", name="Aim").focus()
    page.keyboard.press("n")
    expect(page.locator("#new-task")).to_be_focused()
    page.keyboard.type("n/?")  # which is text here
    expect(page.locator("#new-task")).to_have_value("n/?")
    page.get_by_role("checkbox", name="Aim").focus()
    page.keyboard.press("/")
    expect(page.locator("#search")).to_be_focused()
    expect(page.locator("#search")).to_have_value("")
    page.get_by_role("checkbox", name="Aim").focus()
    page.keyboard.press("Control+n")  # the browser's
    page.keyboard.press("Shift+?")
    dialog = page.get_by_role("dialog", name="Keyboard")
    expect(dialog.locator(".shortcuts > div", has_text="Redo").locator("kbd")).to_have_text(["Ctrl", "Shift", "Z"])
    page.keyboard.press("n")
    expect(dialog.get_by_role("button", name="Close")).to_be_focused()
    dialog.get_by_role("checkbox", name="Keys without Ctrl").uncheck()
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(page.get_by_role("checkbox", name="Aim")).to_be_focused()
    page.reload()
    page.get_by_role("checkbox", name="Aim").focus()
    page.keyboard.press("n")
    page.keyboard.press("?")
    expect(page.get_by_role("checkbox", name="Aim")).to_be_focused()
    page.get_by_role("button", name="Menu").click()
    menu = page.get_by_role("group", name="Menu")
    expect(menu.get_by_role("link", name="API")).to_have_attribute("href", "docs")
    expect(menu.get_by_role("button", name="Undo")).to_be_disabled()
    menu.get_by_role("button", name="Keyboard").click()
    dialog.get_by_role("checkbox").check()
    dialog.get_by_role("button", name="Close").click()
    expect(page.get_by_role("button", name="Menu")).to_be_focused()
    page.keyboard.press("n")
    expect(page.locator("#new-task")).to_be_focused()


def test_keys_are_found_on_an_arabic_keyboard_and_on_a_mac(
    service: Service, client: httpx.Client, new_page: NewPage, alice: int
) -> None:
    create(client, alice, "Aim")
    page = new_page(service, f"?user={alice}")
    page.get_by_role("button", name="Delete: Aim").click()
    page.locator("main").focus()
    assert page.evaluate(PLACE_OF_A_KEY, ["ئ", "KeyZ", {"ctrlKey": True}])
    expect(page.locator("[data-announcer]")).to_have_text("Undone – Deleted: Aim")
    page.locator("main").focus()
    assert page.evaluate(PLACE_OF_A_KEY, ["ى", "KeyN", {}])
    expect(page.locator("#new-task")).to_be_focused()
    page.locator("main").focus()
    assert page.evaluate(PLACE_OF_A_KEY, ["؟", "Slash", {"shiftKey": True}])
    expect(page.get_by_role("dialog", name="Keyboard")).to_be_visible()

    wait_for(lambda: client.get(f"/users/{alice}/changes?since=0").json()["latest"] == 3)
    page.add_init_script(MAC)
    page.reload()
    page.locator("main").focus()
    assert not page.evaluate(PLACE_OF_A_KEY, ["z", "KeyZ", {"ctrlKey": True}])
    assert page.evaluate(PLACE_OF_A_KEY, ["z", "KeyZ", {"metaKey": True}])
    expect(page.locator("[data-announcer]")).to_have_text("There is nothing to undo.")
    page.keyboard.press("Shift+?")
    keys = page.get_by_role("dialog", name="Keyboard").locator(".shortcuts > div", has_text="Redo").locator("kbd")
    expect(keys).to_have_text(["⌘", "⇧", "Z"])
