"""The EventSource of a real browser, on a page of another origin, follows changes and resumes by itself."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.support.browser import another_origin, browser_context
from tests.support.databases import fetchval
from tests.support.families import USERS
from tests.support.processes import Service
from tests.support.servers import free_port

FOLLOW = """address => {
    window.seen = [];
    window.source = new EventSource(address);
    source.addEventListener("change", event => seen.push([event.lastEventId, JSON.parse(event.data)]));
    return new Promise(settled => source.onopen = source.onerror = settled).then(() => source.readyState);
}"""
OPEN = 1


@pytest.fixture
def origin(folder: Path) -> Iterator[str]:
    """Another origin, where there is an empty page."""
    (folder / "index.html").write_text("<!doctype html><title>x</title>")
    with another_origin(folder) as origin:
        yield origin


@pytest.fixture
def page(own_database: str, origin: str) -> Iterator[Page]:
    """A page of that origin. The database is there for as long."""
    assert own_database
    with browser_context() as context:
        page = context.new_page()
        page.goto(f"{origin}/")
        yield page


def create(url: str, title: str) -> None:
    """Create a task in the database, in a thread: Playwright has an event loop in this one."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(fetchval, url, "INSERT INTO tasks (user_id, title) VALUES (1, $1)", title).result()


def titles(page: Page, number: int) -> list[tuple[str, str]]:
    """Wait for so many events, and return for each its id and the title of its task."""
    page.wait_for_function("number => seen.length >= number", arg=number)
    return [(last_id, data["tasks"][0]["title"]) for last_id, data in page.evaluate("seen")]


def test_a_browser_follows_changes_across_a_restart_of_the_service(
    own_database: str, page: Page, origin: str, folder: Path
) -> None:
    settings = {"DATABASE_URL": own_database, "PORT": str(free_port()), "CORS_ORIGINS": origin}
    with Service(folder, **settings) as service:
        assert page.evaluate(FOLLOW, service.ready().address + USERS.beside(1, "events")) == OPEN
        create(own_database, "first")
        assert titles(page, 1) == [("1", "first")]
        service.kill()
    create(own_database, "while it was away")
    with Service(folder, **settings) as service:
        service.ready()
        assert titles(page, 2)[1:] == [("2", "while it was away")]
        create(own_database, "after it")
        assert titles(page, 3) == [("1", "first"), ("2", "while it was away"), ("3", "after it")]
        page.close()
        service.wait_for("request", route="/users/{user_id}/events")


def test_a_browser_that_was_stopped_before_the_first_change_misses_none(
    own_database: str, page: Page, origin: str, folder: Path
) -> None:
    """It has been sent no event then, only an id."""
    settings = {"DATABASE_URL": own_database, "PORT": str(free_port()), "CORS_ORIGINS": origin}
    with Service(folder, **settings) as service:
        assert page.evaluate(FOLLOW, service.ready().address + USERS.beside(1, "events")) == OPEN
        assert service.stop() == 0
    create(own_database, "while it was away")
    with Service(folder, **settings) as service:
        service.ready()
        assert titles(page, 1) == [("1", "while it was away")]
