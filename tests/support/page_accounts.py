"""People at the page of a service that asks for accounts: what they type, and what their browser keeps of it."""

import re

from playwright.sync_api import Locator, Page, expect

from tests.support.accounts import PHRASE
from tests.support.waiting import wait_for

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


def wait_until_gone(page: Page, what: str) -> None:
    """Wait until the browser keeps nothing that this expression finds: the page shows the sign-in a moment before."""
    wait_for(lambda: not re.search(what, kept(page)), lambda: kept(page), every=0.05)


def refresh_token(page: Page) -> str:
    """Return the refresh token that the browser keeps."""
    [token] = re.findall(r"dnr_[\w-]{64}", kept(page))
    return str(token)


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
    expect(task(page, title)).to_be_visible()


def task(page: Page, title: str) -> Locator:
    """Return the row of a task."""
    return page.locator(".task").filter(has_text=title)
