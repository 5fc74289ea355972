"""What has happened to a task, and the trash: told in words, undone and restored, page by page."""

import re

import httpx
from playwright.sync_api import Locator, Page, expect

from tests.support.processes import Service
from tests.support.time_zones import zone_of_another_day
from tests.support.waiting import wait_for
from tests.support.web_page import (
    NewPage,
    change,
    create,
    only_task,
    titles_of,
    wait_for_titles,
    wait_until_sent,
)
from tests.support.web_relay import BAD_GATEWAY, web_relay


def open_trash(page: Page) -> Locator:
    page.get_by_role("button", name="Menu").click()
    page.get_by_role("group", name="Menu").get_by_role("button", name="Trash").click()
    return page.get_by_role("dialog", name="Trash")


def delete(client: httpx.Client, user: int, query: str) -> None:
    assert client.delete(f"/users/{user}/tasks{query}").is_success


def moves(row: Locator) -> list[str]:
    """Return what a row of the history says of each member, as it is read."""
    return [re.sub(r"\s+", " ", text).strip() for text in row.locator(".moved > div").all_text_contents()]


def test_the_history_tells_every_change_and_undoes_one(
    service: Service, client: httpx.Client, new_page: NewPage, alice: int
) -> None:
    zone = zone_of_another_day()
    [task, *_] = create(client, alice, {"title": "Aim", "tags": ["shop", "home"]}, "Bake", "Cut")
    due = {"date": "2031-05-06", "time": "17:00"}
    change(client, alice, task, due=due, priority="high", tags=["shop"], description="one\ntwo")
    client.patch(f"/users/{alice}/tasks?completed=false", json={"completed": True})
    delete(client, alice, f"/{task['id']}")
    page = new_page(service, f"?user={alice}", locale="en-GB", timezone_id=zone)
    open_trash(page).get_by_role("button", name="History: Aim").click()
    dialog = page.get_by_role("dialog", name="History: Aim")
    rows = dialog.locator(".entries > li")
    expect(rows).to_have_count(4)
    assert moves(rows.nth(0))[:2] == ["Title Aim", "Description one two"]
    assert moves(rows.nth(1)) == ["State before: open after: done"]
    assert moves(rows.nth(2)) == [
        "Description before: none after: one two",
        "Due before: none after: 6 May 2031, 17:00",
        "Priority before: none after: High",
        "Tags before: shop home after: shop",
    ]
    assert moves(rows.nth(3)) == ["Title Aim", "Tags shop home"]
    expect(rows.nth(3)).to_contain_text("Added: Today, ")
    expect(rows.nth(2).locator("ins .written")).to_have_css("white-space", "pre-wrap")

    rows.nth(0).get_by_role("button", name="Undo").click()
    expect(rows).to_have_count(5)
    expect(dialog.get_by_role("status")).to_have_text("Restored: Aim")
    wait_for_titles(client, alice, ["Aim", "Bake", "Cut"])
    rows.nth(2).get_by_role("button", name="Undo").click()
    expect(dialog.get_by_role("alert")).to_have_text("This change affected 3 tasks. All of it is undone.")
    dialog.get_by_role("button", name="Undo in 3 tasks").click()
    expect(rows).to_have_count(6)
    assert [each["completed"] for each in client.get(f"/users/{alice}/tasks").json()] == [False] * 3

    page.keyboard.press("Control+z")
    expect(rows).to_have_count(7)
    expect(dialog.get_by_role("status")).to_have_text("Undone – 3 tasks were put back as they were.")
    assert [each["completed"] for each in client.get(f"/users/{alice}/tasks").json()] == [True] * 3
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_role("button", name="Menu")).to_be_focused()


def test_the_history_says_which_members_stand_against_an_undo_and_leads_to_what_is_older(
    service: Service, client: httpx.Client, new_page: NewPage, alice: int
) -> None:
    [task] = create(client, alice, "Aim")
    for i in range(60):
        change(client, alice, task, title=f"Aim {i}", priority="low" if i == 7 else None)
    delete(client, alice, f"/{task['id']}")
    page = new_page(service, f"?user={alice}", expected=["status of 409", "ERR_INTERNET_DISCONNECTED"])
    open_trash(page).get_by_role("button", name="History: Aim 59").click()
    dialog = page.get_by_role("dialog", name="History: Aim 59")
    rows = dialog.locator(".entries > li")
    expect(rows).to_have_count(50)
    dialog.get_by_role("button", name="Older changes").click()
    expect(rows).to_have_count(62)
    expect(dialog.get_by_role("button", name="Older changes")).to_have_count(0)
    rows.first.get_by_role("button", name="Undo").click()
    expect(rows).to_have_count(63)
    rows.nth(55).get_by_role("button", name="Undo").click()
    expect(dialog.get_by_role("status")).to_have_text(
        "This cannot be undone: Aim 59. It has changed again since: Title."
    )
    assert only_task(client, alice)["title"] == "Aim 59"
    page.context.set_offline(True)
    rows.nth(1).get_by_role("button", name="Undo").click()
    failure = dialog.locator(".banner").filter(has_not=page.get_by_role("button"))  # not that of reading more
    expect(failure).to_contain_text("The service cannot be reached")
    page.context.set_offline(False)


def test_a_task_that_is_not_sent_yet_has_no_history_until_it_is(
    service: Service, new_page: NewPage, client: httpx.Client, alice: int
) -> None:
    page = new_page(service, f"?user={alice}", expected=["ERR_INTERNET_DISCONNECTED"])
    expect(page.locator(".empty")).to_be_visible()
    page.context.set_offline(True)
    page.locator("#new-task").fill("Aim")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Aim", exact=True).click()
    page.get_by_role("button", name="History").click()
    dialog = page.get_by_role("dialog", name="History: Aim")
    expect(dialog).to_contain_text("it has no history")
    page.context.set_offline(False)
    expect(dialog.locator(".entries > li")).to_have_count(1)
    change(client, alice, only_task(client, alice), title="Bake")  # while it is shown
    expect(page.get_by_role("dialog", name="History: Bake").locator(".entries > li")).to_have_count(2)


def test_the_trash_restores_what_was_deleted_alone_and_together(
    service: Service, client: httpx.Client, new_page: NewPage, alice: int
) -> None:
    create(client, alice, *({"title": f"Old {i}", "tags": ["old"]} for i in range(70)), "Aim", "Bake")
    tasks = {task["title"]: task["id"] for task in client.get(f"/users/{alice}/tasks").json()}
    delete(client, alice, f"/{tasks['Aim']}")
    delete(client, alice, "?tag=old")
    delete(client, alice, f"/{tasks['Bake']}")
    page = new_page(service, f"?user={alice}")
    trash = open_trash(page)
    rows = trash.locator(".entries > li")
    expect(rows).to_have_count(1)
    trash.get_by_role("button", name="Deleted before").click()
    expect(rows.locator("b")).to_have_text(["Bake", "70 tasks were deleted together", "Aim"])
    expect(rows.nth(1)).to_contain_text("and 65 more")
    trash.get_by_role("button", name="Restore: Bake").click()
    expect(rows).to_have_count(2)
    expect(trash.get_by_role("button", name="Restore all 70")).to_be_focused()
    wait_for_titles(client, alice, ["Bake"])
    page.keyboard.press("Enter")
    expect(rows).to_have_count(1)
    expect(trash.get_by_role("status")).to_have_text("70 tasks were restored.")
    expect(page.locator(".task").first).to_be_attached()
    trash.get_by_role("button", name="Restore: Aim").click()
    expect(trash.get_by_text("The trash is empty.")).to_be_visible()
    wait_for_titles(client, alice, [*(f"Old {i}" for i in range(70)), "Aim", "Bake"])
    page.keyboard.press("Control+z")
    expect(rows.locator("b")).to_have_text(["Aim"])
    wait_for(lambda: "Aim" not in titles_of(client, alice), lambda: titles_of(client, alice))


def test_offline_the_trash_says_so_and_comes_when_it_can(
    service: Service, client: httpx.Client, new_page: NewPage, alice: int
) -> None:
    create(client, alice, "Aim")
    page = new_page(service, f"?user={alice}", expected=["ERR_INTERNET_DISCONNECTED"])
    delete = page.get_by_role("button", name="Delete: Aim")
    delete.click()
    page.keyboard.press("Control+z")
    delete.click()  # which is told once
    wait_for(lambda: len(client.get(f"/users/{alice}/history").json()) == 4, lambda: titles_of(client, alice))
    wait_until_sent(page)  # an answer that comes later lets the trash be read by itself
    page.context.set_offline(True)
    trash = open_trash(page)
    expect(trash.locator(".banner")).to_contain_text("The service cannot be reached, and the history is there.")
    page.context.set_offline(False)
    trash.get_by_role("button", name="Try again").click()
    expect(trash.locator(".entries b")).to_have_text(["Aim"])
    expect(trash.locator(".banner")).to_have_count(0)


def test_the_trash_asks_once_for_what_the_service_cannot_tell_it(
    service: Service, client: httpx.Client, new_page: NewPage, alice: int
) -> None:
    create(client, alice, *(f"Old {number}" for number in range(60)))
    deleted = client.delete(f"/users/{alice}/tasks?completed=false")
    assert client.post(f"/users/{alice}/history/{deleted.headers['change']}/undo").is_success
    with web_relay(service.address) as network:
        network.rule = lambda asked: BAD_GATEWAY if "action=deleted&after=" in asked.path else None

        def older() -> int:
            return sum("action=deleted&after=" in asked.path for asked in network.asked)

        page = new_page(network.address, f"?user={alice}", expected=["status of 502"])
        trash = open_trash(page)  # of its first page nothing is gone
        expect(trash.get_by_role("button", name="Try again")).to_be_visible()
        assert older() == 1
        network.restore()
        trash.get_by_role("button", name="Try again").click()
        expect(trash.get_by_text("The trash is empty.")).to_be_visible()
        assert older() == 2


def test_pressed_twice_a_button_undoes_a_change_once(
    service: Service, client: httpx.Client, new_page: NewPage, alice: int
) -> None:
    [task] = create(client, alice, "Aim")
    change(client, alice, task, priority="high")
    delete(client, alice, f"/{task['id']}")
    twice = "(button) => { button.click(); button.click(); }"
    page = new_page(service, f"?user={alice}")
    open_trash(page).get_by_role("button", name="Restore: Aim").evaluate(twice)
    wait_for_titles(client, alice, ["Aim"])
    wait_until_sent(page)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Details: Aim").click()
    page.get_by_role("button", name="History", exact=True).click()
    rows = page.get_by_role("dialog", name="History: Aim").locator(".entries > li")
    expect(rows).to_have_count(4)
    rows.nth(2).get_by_role("button", name="Undo").evaluate(twice)
    expect(rows).to_have_count(5)
    wait_until_sent(page)
    assert only_task(client, alice)["priority"] is None
    assert len(client.get(f"/users/{alice}/history").json()) == 5
