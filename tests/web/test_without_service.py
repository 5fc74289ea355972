"""The page opens again without its service, in the newest release that this browser has seen, and with its tasks."""

import re
import shutil
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.support.page_sources import WEB, WORKER
from tests.support.processes import ExecutedService, Service
from tests.support.servers import free_port
from tests.support.waiting import wait_for
from tests.support.web_page import NewPage, create

AWAY = [
    "status of 503",
    "ERR_",
    "Failed to fetch",
]
KEPT = """async () => {
  const names = await caches.keys();
  const kept = await Promise.all(names.map(async (name) => (await caches.open(name)).keys()));
  return [names, kept.flat().map((request) => new URL(request.url).pathname)];
}"""

NAMED = re.compile(r'(?:href|src)="(web/[^"]+)"')
READY = """async () => {
  const release = document.querySelector("script").src.split("/").at(-2);
  const registration = await navigator.serviceWorker.ready;
  return registration.active?.state === "activated" && (await caches.keys()).join() === `donebase-${release}`;
}"""
DOCUMENT = "async () => (await caches.match('/'))?.text() ?? ''"
[PATIENCE] = map(int, re.findall(r"PATIENCE = (\d+);", (WEB / WORKER).read_text()))
ANSWERED_AFTER = "performance.getEntriesByType('navigation')[0].responseStart"
NO_WORKER = "async () => (await navigator.serviceWorker.getRegistrations()).length === 0"


@pytest.fixture
def port() -> int:
    """A port that services of a test take one after another: what a browser keeps, it keeps for an origin."""
    return free_port()


@pytest.fixture
def next_release(folder: Path) -> dict[str, str]:
    """What starts a service whose page has another text, and so another release."""
    shutil.copytree(WEB.parent, folder / "next" / "donebase", ignore=shutil.ignore_patterns("__pycache__"))
    document = folder / "next" / "donebase" / "web" / "index.html"
    document.write_text(document.read_text().replace("<noscript>", "<noscript data-next>"))
    return {"PYTHONPATH": str(folder / "next")}


def is_ready(page: Page) -> None:
    """Wait until the worker of the release that a page is of has all that it keeps."""
    wait_for(lambda: page.evaluate(READY), lambda: page.evaluate(KEPT), every=0.05)


def shows_what_is_served(page: Page, address: str, is_served: Callable[[], object]) -> bool:
    """Open an address of the page, and tell whether what is served now is shown, and not what was kept before.

    Raises AssertionError where it is not although the service has answered while the worker waited for it.
    """
    page.goto(address)
    is_shown = bool(is_served())
    assert is_shown or page.evaluate(ANSWERED_AFTER) >= PATIENCE
    return is_shown


class _Trouble(BaseHTTPRequestHandler):
    """Answers as a proxy does whose service is away."""

    def do_GET(self) -> None:
        self.send_error(503)

    def log_message(self, *_arguments: object) -> None: ...


@contextmanager
def in_trouble(port: int) -> Iterator[None]:
    """Answer everything with 503."""
    with ThreadingHTTPServer(("127.0.0.1", port), _Trouble) as server:
        thread = Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()


def silent(port: int) -> socket.socket:
    """Accept connections, and say nothing."""
    return socket.create_server(("127.0.0.1", port))


@pytest.mark.long
def test_the_page_opens_without_its_service(
    new_page: NewPage, folder: Path, database_url: str, alice: int, port: int, next_release: dict[str, str]
) -> None:
    settings = {"DATABASE_URL": database_url, "PORT": str(port)}
    with Service(folder, **settings) as service, httpx.Client(base_url=service.ready().address) as client:
        address = service.address
        create(client, alice, "Buy milk")
        page = new_page(service, f"?user={alice}", expected=AWAY)
        expect(page.get_by_text("Buy milk")).to_be_visible()
        expect(page.locator("[data-connection=live]")).to_be_visible()  # by then the task is kept
        is_ready(page)
        _, kept = page.evaluate(KEPT)
        assert {*kept} == {"/", *(f"/{address}" for address in NAMED.findall(client.get("/").text))}
    for away in (nullcontext, in_trouble, silent):
        with away(port):
            page.reload()
            expect(page.get_by_text("Buy milk")).to_be_visible()

    with ExecutedService(folder, **settings, **next_release) as service:
        service.ready()
        newest = page.locator("noscript[data-next]")
        wait_for(lambda: shows_what_is_served(page, f"{address}/?user={alice}", newest.count))
        expect(page.get_by_text("Buy milk")).to_be_visible()
        is_ready(page)
    page.reload()
    expect(newest).to_be_attached()
    expect(page.get_by_text("Buy milk")).to_be_visible()

    with Service(folder, **settings, WEB="off") as service:
        service.ready()
        wait_for(lambda: shows_what_is_served(page, address, lambda: page.url == f"{address}/docs"))
        wait_for(lambda: page.evaluate(NO_WORKER), lambda: page.evaluate(KEPT), every=0.05)
        assert page.evaluate(KEPT) == [[], []]


def test_the_mode_of_a_service_is_kept_anew(new_page: NewPage, folder: Path, database_url: str, port: int) -> None:
    """The files are the same then, and so is the release."""
    settings = {"DATABASE_URL": database_url, "PORT": str(port)}
    with Service(folder, **settings) as service:
        page = new_page(service.ready(), expected=AWAY)
        is_ready(page)
    with Service(folder, **settings, AUTH="required") as service:
        service.ready()
        page.reload()
        wait_for(lambda: 'content="required"' in page.evaluate(DOCUMENT), lambda: page.evaluate(DOCUMENT), every=0.05)


def test_an_open_page_says_that_its_service_now_asks_for_accounts(
    new_page: NewPage, folder: Path, database_url: str, alice: int, port: int
) -> None:
    settings = {"DATABASE_URL": database_url, "PORT": str(port)}
    new_page.expect(*AWAY, "ERR_", "network error", "status of 401")
    with Service(folder, **settings) as service:
        page = new_page(service.ready(), f"?user={alice}")
        expect(page.locator("[data-connection=live]")).to_be_visible()
    with Service(folder, **settings, AUTH="required") as service:
        service.ready()
        page.evaluate("window.dispatchEvent(new Event('online'))")
        expect(page.get_by_text("This service now asks people to sign in")).to_be_visible()
        page.get_by_role("button", name="Load again").click()
        expect(page.get_by_label("E-mail address")).to_be_visible()


def test_a_browser_without_workers_shows_the_page(
    new_page: NewPage, service: Service, client: httpx.Client, alice: int
) -> None:
    """As all do where the address is neither https nor this machine."""
    create(client, alice, "Buy milk")
    page = new_page(service, "docs")
    page.context.add_init_script("delete Navigator.prototype.serviceWorker")
    page.goto(f"{service.address}/?user={alice}")
    expect(page.get_by_text("Buy milk")).to_be_visible()
    assert page.evaluate("'serviceWorker' in navigator") is False
