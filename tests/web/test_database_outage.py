"""The database stops and starts again while somebody writes: nothing is lost, and nothing is there twice."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import expect

from tests.support.postgresql import Postgresql, postgresql
from tests.support.processes import Service
from tests.support.waiting import wait_for
from tests.support.web_page import NewPage, create, tasks_of


@pytest.fixture(scope="module")
def lasting() -> Iterator[tuple[Postgresql, str]]:
    """A PostgreSQL to do harm to, and a database with tables; begun before the browser: it has an event loop."""
    with postgresql(fsync="off") as server:
        yield server, server.url(server.database_with_tables())


@pytest.mark.long
def test_what_is_written_while_the_database_is_away_is_stored_in_order_once_it_is_back(
    lasting: tuple[Postgresql, str], new_page: NewPage, folder: Path, alice: int
) -> None:
    server, url = lasting
    new_page.expect("status of 500", "ERR_")
    with Service(folder, DATABASE_URL=url) as service, httpx.Client(base_url=service.ready().address) as client:
        create(client, alice, "before")
        page = new_page(service, f"?user={alice}")
        expect(page.locator("[data-connection=live]")).to_be_visible()
        server.stop()
        for title in ("one", "two"):
            page.locator("#new-task").fill(title)
            page.keyboard.press("Enter")
        page.get_by_role("checkbox", name="before").click()
        expect(page.get_by_text("3 changes are kept here and will be sent")).to_be_visible()
        server.start()
        page.evaluate("window.dispatchEvent(new Event('online'))")
        changes = f"/users/{alice}/changes?since=0"
        wait_for(lambda: client.get(changes).json().get("latest") == 4, lambda: client.get(changes).text, every=0.2)
        expect(page.get_by_role("status").get_by_text("Up to date")).to_be_visible()
        expect(page.locator(".task-title")).to_have_text(["before", "one", "two"])
        tasks = tasks_of(client, alice)
        assert [(task["title"], task["completed"]) for task in tasks] == [
            ("before", True),
            ("one", False),
            ("two", False),
        ]
