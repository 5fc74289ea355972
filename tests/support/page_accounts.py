"""People at the page of a service that asks for accounts: what they type, and what their browser keeps of it."""

import re
from typing import Any

from playwright.sync_api import Locator, Page, expect

from tests.support.accounts import PHRASE

# What a script of the page finds in all places where a browser keeps something.
_KEPT = """async () => {
  const kept = [{ ...localStorage }, { ...sessionStorage }, document.cookie];
  for (const { name } of await indexedDB.databases()) {
    const database = await new Promise((resolve, reject) => {
      const request = indexedDB.open(name);
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
    for (const store of database.objectStoreNames) {
      const objects = database.transaction(store).objectStore(store);
      for (const question of [objects.getAllKeys(), objects.getAll()]) {
        kept.push(await new Promise((resolve) => (question.onsuccess = () => resolve(question.result))));
      }
    }
    database.close();
  }
  for (const name of (await globalThis.caches?.keys()) ?? []) {
    for (const { url } of await (await caches.open(name)).keys()) kept.push(url);
  }
  return JSON.stringify(kept);
}"""


def kept(page: Page) -> str:
    """Return all that a script of the page's origin can read of what the browser keeps."""
    everything: str = page.evaluate(_KEPT)
    return everything


def refresh_token(page: Page) -> str:
    """Return the refresh token that the browser keeps."""
    [token] = re.findall(r"dnr_[\w-]{64}", kept(page))
    return str(token)


def sign_up(page: Page, email: str, password: str = PHRASE, name: str = "") -> None:
    """Create an account at the page, which shows its tasks then."""
    page.get_by_role("button", name="Create an account").click()
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_label("Your name").fill(name)
    page.get_by_role("button", name="Create an account").click()
    expect(menu_of(page, name or email)).to_be_visible()


def sign_in(page: Page, email: str, password: str = PHRASE) -> None:
    """Type who one is, and send it: by Enter, as people do."""
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_label("Password", exact=True).press("Enter")


def menu_of(page: Page, name: str) -> Locator:
    """Return the button of the menu that shows who is signed in."""
    return page.get_by_role("button", name=name, exact=True)


def choose(page: Page, item: str, name: str) -> None:
    """Open the menu of somebody, and choose an item of it."""
    menu_of(page, name).click()
    page.get_by_role("button", name=item, exact=True).click()


def add(page: Page, title: str) -> None:
    """Write a task."""
    page.locator("#new-task").fill(title)
    page.locator("#new-task").press("Enter")
    expect(page.locator(".task-title", has_text=title)).to_have_count(1)


def own_client(headers: dict[str, str]) -> dict[str, Any]:
    """Return options of a browser whose requests have an IP address of their own, by headers of `from_nowhere`."""
    return {"extra_http_headers": headers}
