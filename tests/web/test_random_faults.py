"""Somebody writes while pages, the browser, the service and the network fail: all of it is there once."""

import random
import time
from contextlib import ExitStack, closing
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page

from tests.conftest import NO_HURRY
from tests.support.killable_browser import killable_browser
from tests.support.processes import Service
from tests.support.waiting import wait_for
from tests.support.web_page import close_window, drafts_of, stored, tasks_of, wait_until_sent
from tests.support.web_relay import web_relay

FAULTS = ["none"] * 6 + ["reload"] * 8 + ["close"] * 2 + ["kill"] * 2 + ["service"] * 2 + ["network"] * 2
ENDS = ("close", "kill")  # a browser that is busy does not wait for a window that is closed
PAUSES = (0, 0, 0.001, 0.002, 0.004, 0.008, 0.02)  # seconds until the fault, which may come at any moment
ROWS = """() => [...document.querySelectorAll(".task")].map((row) => [
    row.querySelector(".task-title")?.textContent ?? "",
    row.querySelector("[data-control=check]").checked,
])"""


class Writer:
    """A person, who writes what waits in a field after a fault, and a world that fails."""

    def __init__(self, browser: Browser, folder: Path, database_url: str, user: int, chance: random.Random) -> None:
        self.chance = chance
        self.wanted: dict[str, bool] = {}  # whether it is completed, by the title
        self.done: list[str] = []
        self.pages: list[Page] = []
        self._titles = 0
        self._before: tuple[Page, dict[str, bool]] | None = None
        self._browser, self._folder = browser, folder
        self._settings = {"DATABASE_URL": database_url, **NO_HURRY}
        self.service = Service(folder, **self._settings).ready()
        self._ends = ExitStack()
        self._network = self._ends.enter_context(web_relay(self.service.address))
        self._address = f"{self._network.address}/?user={user}"
        self._running = ExitStack()
        self._start_browser()

    def step(self, fault: str) -> None:
        """Write something in one of the windows, where a fault comes upon it."""
        page = self.chance.choice(self.pages)
        self.look(page)
        kinds = ["add", "add", *(["edit", "tick", "delete"] if self.wanted else [])]
        if self._before and self._before[0] is page:
            kinds.append("undo")
        kind = self.chance.choice(kinds)
        self.done.append(f"{kind} in window {self.pages.index(page)}, {fault}")
        before = (page, dict(self.wanted))
        self._write(page, kind, fault)
        self._before = before if fault == "none" and kind != "undo" else None
        time.sleep(self.chance.choice(PAUSES))
        self._fail(page, fault)

    def look(self, page: Page) -> None:
        """Write what waits in either window, until this one shows what was written, and nothing else."""
        wait_for(lambda: self._shows(page), lambda: (self.done, self.wanted, self._rows(page), drafts_of(page)))

    def end(self) -> None:
        """Let everything be there again, and everything be sent."""
        if self.service.process.poll() is not None:
            self._start_service()
        self._network.restore()
        for page in self.pages:
            page.evaluate("window.dispatchEvent(new Event('online'))")
            self.look(page)
            wait_until_sent(page)
        wait_for(lambda: not drafts_of(self.pages[0]), lambda: (self.done, drafts_of(self.pages[0])))

    def close(self) -> None:
        """End all that was started."""
        self._running.close()
        self._ends.close()
        self.service.kill()

    def _shows(self, page: Page) -> bool:
        for each in self.pages:
            editor = each.locator(".task .editor")
            if each.locator("#new-task").input_value():
                each.locator("#new-task").press("Enter")
            elif editor.count():
                editor.get_by_label("Title").press("Enter")
        return self._rows(page) == sorted(self.wanted.items())

    def _rows(self, page: Page) -> list[tuple[str, bool]]:
        return sorted((title, completed) for title, completed in page.evaluate(ROWS))

    def _write(self, page: Page, kind: str, fault: str) -> None:
        title = self.chance.choice([*self.wanted, ""][: max(len(self.wanted), 1)])
        if kind == "add":
            page.locator("#new-task").focus()
            self.wanted[self._typed(page, fault)] = False
            page.keyboard.press("Enter")
            if fault == "reload":
                self.wanted[self._typed(page, fault)] = False
        elif kind == "edit":
            page.get_by_role("button", name=title, exact=True).press("Enter")
            page.locator(".task .editor").get_by_label("Title").press("Control+a")
            self.wanted[self._typed(page, fault)] = self.wanted.pop(title)
            page.keyboard.press("Enter")
        elif kind == "undo" and self._before:
            page.keyboard.press("Control+z")
            self.wanted = self._before[1]
        else:
            if kind == "tick":
                page.get_by_role("checkbox", name=title).click()
            else:
                page.get_by_role("button", name=f"Delete: {title}").click()
            completed = self.wanted.pop(title)
            if kind == "tick":
                self.wanted[title] = not completed
        if fault in ENDS and kind not in ("add", "edit"):
            stored(page, "drafts")  # behind what is being stored: it is no text, and has no draft

    def _typed(self, page: Page, fault: str) -> str:
        """Type a new title. Of letters that are not stored when a window ends, nothing is expected."""
        self._titles += 1
        title = f"t{self._titles:03}"
        page.keyboard.type(title)
        if fault in ENDS:
            wait_for(lambda: title in str(drafts_of(page)))
        return title

    def _fail(self, page: Page, fault: str) -> None:
        if fault == "reload":
            page.reload()
        elif fault == "close":
            number = self.pages.index(page)
            close_window(page, self.pages[1 - number])
            self.pages[number] = self._opened(page.context.new_page())
        elif fault == "kill":
            self._running.close()
            self._start_browser()
        elif fault == "service" and self.service.process.poll() is None:
            self.service.kill()
        elif fault == "service":
            self._start_service()
        elif fault == "network" and self._is_cut:
            self._network.restore()
        elif fault == "network":
            self._network.cut()
        self._is_cut ^= fault == "network"

    _is_cut = False

    def _start_browser(self) -> None:
        view = {"viewport": {"width": 1000, "height": 4000}}  # in which all tasks are drawn
        context = self._running.enter_context(killable_browser(self._browser, self._folder / "profile", **view))
        self.pages = [self._opened(context.pages[0]), self._opened(context.new_page())]

    def _opened(self, page: Page) -> Page:
        page.goto(self._address)
        page.evaluate("navigator.serviceWorker.ready.then(() => 0)")  # opens it without the service
        return page

    def _start_service(self) -> None:
        self.service = Service(self._folder, **self._settings).ready()
        self._network.to = self.service.address


@pytest.mark.long
def test_nothing_is_lost_and_nothing_is_there_twice(
    browser: Browser, database_url: str, tmp_path: Path, alice: int
) -> None:
    chance = random.Random(random.randrange(10**9))  # noqa: S311 - no secret: pytest prints the seed of both
    faults = chance.sample(FAULTS, len(FAULTS))
    with closing(Writer(browser, tmp_path, database_url, alice, chance)) as writer:
        for fault in faults:
            writer.step(fault)
        writer.end()
        with httpx.Client(base_url=writer.service.address) as client:
            tasks = sorted((task["title"], task["completed"]) for task in tasks_of(client, alice))
        assert tasks == sorted(writer.wanted.items()), writer.done
