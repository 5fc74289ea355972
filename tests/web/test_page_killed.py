"""The service is killed while somebody types, and so is the browser: nothing is lost, nothing is there twice."""

from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.support.processes import Service
from tests.support.servers import free_port
from tests.support.waiting import wait_for
from tests.support.web_page import NewPage, titles_of

MANY = 30


def add(page: Page, number: int) -> None:
    """Type a title and press Enter."""
    page.locator("#new-task").fill(f"task {number}")
    page.keyboard.press("Enter")


@pytest.mark.long
def test_thirty_tasks_survive_two_kills_of_the_service(
    database_url: str, new_page: NewPage, folder: Path, alice: int
) -> None:
    new_page.expect("ERR_", "status of 50", "network error")
    settings = {"DATABASE_URL": database_url, "PORT": str(free_port())}
    service = Service(folder, **settings).ready()
    page = new_page(service, f"?user={alice}")
    expect(page.locator("[data-connection=live]")).to_be_visible()
    for number in range(MANY):
        add(page, number)
        if number in (8, 20):
            service.kill()
        if number == 14:
            service = Service(folder, **settings).ready()
    expect(page.locator("[data-connection=offline]")).to_be_visible()
    with Service(folder, **settings).ready() as service, httpx.Client(base_url=service.address) as client:
        wanted = [f"task {number}" for number in range(MANY)]
        page.evaluate("window.dispatchEvent(new Event('online'))")
        wait_for(lambda: titles_of(client, alice) == wanted, lambda: titles_of(client, alice), every=0.2)
        expect(page.locator("[data-connection=live]")).to_be_visible()
        expect(page.get_by_role("status").get_by_text("Up to date")).to_be_visible()
        changes = client.get(f"/users/{alice}/changes?since=0").json()
        assert changes["latest"] == MANY, "each was done once"
