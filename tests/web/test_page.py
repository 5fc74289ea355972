"""What a person does first, in two windows."""

import httpx
from playwright.sync_api import Request, expect

from tests.support.browser import A_NAME
from tests.support.processes import Service
from tests.support.waiting import wait_for
from tests.support.web_page import NewPage, create, only_task, tasks_of, wait_for_titles


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


def test_each_write_has_a_key_of_its_own_and_names_the_version_that_was_seen(
    service: Service, client: httpx.Client, new_page: NewPage, alice: int
) -> None:
    create(client, alice, "Last")
    page = new_page(service, f"?user={alice}")
    requests: list[Request] = []
    page.on("request", lambda request: None if request.method == "GET" else requests.append(request))

    page.locator("#new-task").fill("First")
    page.keyboard.press("Enter")
    wait_for_titles(client, alice, ["Last", "First"])
    first = page.get_by_role("checkbox", name="First")
    first.focus()
    page.keyboard.press("Alt+ArrowUp")
    wait_for_titles(client, alice, ["First", "Last"])
    first.click()
    wait_for(lambda: [task["completed"] for task in tasks_of(client, alice)] == [True, False])
    first.focus()
    page.keyboard.press("Delete")
    wait_for_titles(client, alice, ["Last"])
    page.keyboard.press("Control+z")
    wait_for_titles(client, alice, ["First", "Last"])

    expect(first).to_be_visible()  # the browser is heard only while it is asked
    written = [(request.method, request.url.removeprefix(f"{service.address}/users/{alice}/")) for request in requests]
    task = tasks_of(client, alice)[0]["id"]
    assert written == [
        ("POST", "tasks"),
        ("POST", f"tasks/{task}/move"),
        ("PATCH", f"tasks/{task}"),
        ("DELETE", f"tasks/{task}"),
        ("POST", "history/5/undo"),
    ]
    headers = [request.headers for request in requests]
    assert [each.get("if-match") for each in headers] == [None, '"2"', '"3"', '"4"', None]
    assert len({each["idempotency-key"] for each in headers}) == len(requests)


def test_over_plain_http_under_another_name_it_is_the_same(
    service: Service, client: httpx.Client, new_page: NewPage, alice: int
) -> None:
    """Browsers have no locks, no service workers and no randomUUID there: as on a phone in the same network."""
    address = service.address.replace("127.0.0.1", A_NAME)
    page = new_page(address, f"?user={alice}")
    beside = new_page(address, f"?user={alice}", beside=page)
    assert page.evaluate("[isSecureContext, 'locks' in navigator, 'serviceWorker' in navigator]") == [False] * 3
    page.locator("#new-task").fill("Buy milk")
    page.keyboard.press("Enter")
    expect(beside.get_by_role("checkbox")).to_have_count(1)  # two, until it reads that the task was sent
    beside.get_by_role("checkbox", name="Buy milk").click()
    expect(page.get_by_role("checkbox")).to_be_checked()
    wait_for(lambda: [task["completed"] for task in tasks_of(client, alice)] == [True])
    page.get_by_role("button", name="Delete: Buy milk").click()
    expect(beside.get_by_role("checkbox")).to_have_count(0)
    page.keyboard.press("Control+z")
    expect(beside.get_by_role("checkbox", name="Buy milk")).to_be_checked()
    client.post(f"/users/{alice}/tasks", json={"title": "From elsewhere"})
    expect(page.locator(".task")).to_have_count(2)
