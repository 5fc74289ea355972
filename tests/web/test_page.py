"""What a person does first, in two windows."""

import httpx
from playwright.sync_api import expect

from tests.support.processes import Service
from tests.support.waiting import wait_for
from tests.support.web_page import NewPage, only_task, wait_for_titles


def test_a_task_is_added_ticked_deleted_and_undone_in_two_windows(
    service: Service, client: httpx.Client, new_page: NewPage, alice: int
) -> None:
    page = new_page(service, f"?user={alice}")
    page.locator("#new-task").fill("Buy milk")
    page.keyboard.press("Enter")
    expect(page.locator(".task")).to_have_count(1)
    wait_for_titles(client, alice, ["Buy milk"])
    page.get_by_role("checkbox").click()
    second = new_page(service, f"?user={alice}", beside=page)
    expect(second.get_by_role("checkbox")).to_be_checked()
    second.get_by_role("checkbox").click()
    expect(page.get_by_role("checkbox")).not_to_be_checked()
    second.get_by_role("button", name="Undo").last.click()
    expect(page.get_by_role("checkbox")).to_be_checked()
    wait_for(lambda: only_task(client, alice)["completed"])  # what one window has written, the others show before
    page.get_by_role("button", name="Delete: Buy milk").click()
    expect(second.get_by_role("checkbox")).to_have_count(0)
    page.get_by_role("button", name="Undo").last.click()
    expect(second.get_by_role("checkbox")).to_be_checked()
    client.post(f"/users/{alice}/tasks", json={"title": "From elsewhere"})
    expect(page.locator(".task")).to_have_count(2)
