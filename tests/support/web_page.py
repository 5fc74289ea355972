"""The web page, open in windows of a browser, and what the service knows meanwhile."""

import re
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any

import httpx
from playwright.sync_api import Browser, BrowserContext, Page

from tests.support.browser import new_context
from tests.support.processes import Service
from tests.support.waiting import wait_for

Json = dict[str, Any]

# On a busy machine a test comes later than a person to the message of what was done, which stays for 12 s.
_MESSAGES_STAY = """{
    const { setTimeout } = window;
    window.setTimeout = (run, milliseconds, ...more) =>
        setTimeout(run, milliseconds === 12_000 ? 2 ** 30 : milliseconds, ...more);
}"""


class NewPage:
    """Opens windows of the page, and collects what they complain of and which other hosts they ask.

    Each is in a context of its own, as another person or another machine has it; with `beside` it is one more window of
    the same browser, with the same storage. A context takes the options of Playwright's `Browser.new_context`, such as
    `viewport`, `color_scheme`, `locale`, `timezone_id`, `reduced_motion`, `has_touch`.
    """

    def __init__(self, browser: Browser) -> None:
        self.complaints: list[str] = []
        # Of the service worker, which a slow browser asks for last, when a test has cut the network already.
        self._expected = ["unknown error occurred when fetching the script"]
        self._browser = browser
        self._contexts = ExitStack()

    def __call__(
        self,
        service: Service | str,
        query: str = "",
        *,
        beside: Page | None = None,
        expected: Sequence[str] = (),
        **options: Any,
    ) -> Page:
        """Open the page of a service, or of an address, such as with `?user=1`.

        `expected` are regular expressions of complaints that are no fault. A browser complains of every answer from
        400 on, and of every request that fails: `expected=["status of 412", "ERR_INTERNET_DISCONNECTED"]`.
        """
        address = service if isinstance(service, str) else service.address
        self.expect(*expected)
        context = beside.context if beside else self._context(address, options)
        page = context.new_page()
        page.goto(f"{address}/{query}")
        return page

    def expect(self, *complaints: str) -> None:
        """Take complaints that match a regular expression for no fault, from now on and before."""
        self._expected += complaints

    def close(self) -> None:
        """Close all windows. Raises AssertionError where a page complained of what was not expected."""
        self._contexts.close()
        unexpected = [each for each in self.complaints if not any(re.search(one, each) for one in self._expected)]
        assert not unexpected, "\n".join(unexpected)

    def _context(self, address: str, options: Json) -> BrowserContext:
        context = self._contexts.enter_context(new_context(self._browser, **options))
        # No `route`: requests would wait whenever a test does something else than to ask the browser.
        context.on("request", lambda request: self._asked(request.url, address))
        context.add_init_script(_MESSAGES_STAY)
        context.on("console", lambda said: self._said(said.type, f"{said.type}: {said.text} ({said.location['url']})"))
        context.on("weberror", lambda error: self.complaints.append(f"uncaught: {error.error}"))
        return context

    def _asked(self, url: str, address: str) -> None:
        if not url.startswith((f"{address}/", "blob:", "data:")):
            self.complaints.append(f"asked elsewhere: {url}")

    def _said(self, kind: str, text: str) -> None:
        if kind in ("error", "warning"):
            self.complaints.append(text)


def create(client: httpx.Client, user: int | str, *tasks: Json | str, headers: dict[str, str] | None = None) -> Any:
    """Create tasks, at most 1,000, in one request, a text being a title, and return them."""
    body = [{"title": task} if isinstance(task, str) else task for task in tasks]
    response = client.post(f"/users/{user}/tasks", json=body, headers=headers)
    assert response.status_code == 201, response.text
    return response.json()


def tasks_of(client: httpx.Client, user: int | str, headers: dict[str, str] | None = None) -> list[Json]:
    """Return the tasks that the service knows, in the order made by hand."""
    response = client.get(f"/users/{user}/tasks?sort=order", headers=headers)
    assert response.status_code == 200, response.text
    tasks: list[Json] = response.json()
    return tasks


def titles_of(client: httpx.Client, user: int | str, headers: dict[str, str] | None = None) -> list[str]:
    """Return the titles that the service knows, in the order made by hand."""
    return [task["title"] for task in tasks_of(client, user, headers)]


def wait_for_titles(
    client: httpx.Client, user: int | str, titles: list[str], headers: dict[str, str] | None = None
) -> None:
    """Wait until these are the titles that the service knows, in the order made by hand."""
    wait_for(lambda: titles_of(client, user, headers) == titles, lambda: titles_of(client, user, headers), every=0.05)


def only_task(client: httpx.Client, user: int | str, headers: dict[str, str] | None = None) -> Json:
    """Return the one task that the service knows."""
    [task] = tasks_of(client, user, headers)
    return task


def change(
    client: httpx.Client, user: int | str, task: Json, headers: dict[str, str] | None = None, **members: Any
) -> Any:
    """Change a task, as another program does, and return it."""
    response = client.patch(f"/users/{user}/tasks/{task['id']}", json=members, headers=headers)
    assert response.status_code == 200, response.text
    return response.json()


def stored(page: Page, store: str) -> list[Any]:
    """Return what the browser keeps in a store of the page's database."""
    rows: list[Any] = page.evaluate(
        """async (store) => {
            const result = (request) => new Promise((resolve, reject) => {
                request.onsuccess = () => resolve(request.result);
                request.onerror = () => reject(request.error);
            });
            const [{ name }] = await indexedDB.databases();
            const database = await result(indexedDB.open(name));
            const rows = await result(database.transaction(store).objectStore(store).getAll());
            database.close();
            return rows;
        }""",
        store,
    )
    return rows


def drafts_of(page: Page) -> list[Any]:
    """Return what the browser keeps of what is being typed."""
    return [draft["what"] for draft in stored(page, "drafts")]


def wait_until_sent(page: Page) -> None:
    """Wait until the browser keeps no write that the service has not answered."""
    wait_for(lambda: not stored(page, "outbox"), lambda: stored(page, "outbox"), every=0.05)


def close_window(window: Page, beside: Page) -> None:
    """Close a window, and wait until another one of the same browser can see that it is gone."""
    name = window.evaluate("sessionStorage.getItem('donebase window')")
    window.close()
    locks = "navigator.locks.query().then(({ held }) => held.map(({ name }) => name))"
    wait_for(lambda: f"donebase window {name}" not in beside.evaluate(locks), every=0.05)
