"""Every change of a window can be undone and redone there: from its message, and by keys; also while offline."""

from datetime import UTC, datetime, timedelta

import httpx
from playwright.sync_api import Page, expect

from tests.support.processes import Service
from tests.support.waiting import wait_for
from tests.support.web_page import NewPage, change, create, only_task, tasks_of, wait_for_titles


def add(page: Page, title: str) -> None:
    page.locator("#new-task").fill(title)
    page.keyboard.press("Enter")


def tell(page: Page, text: str) -> None:
    """Expect the page to announce a text, and to show it in a message."""
    expect(page.locator("[data-announcer]")).to_have_text(text)
    expect(page.locator(".toast-text").get_by_text(text, exact=True)).to_be_visible()


def last_change(client: httpx.Client, user: int) -> int:
    return int(client.get(f"/users/{user}/history", params={"limit": 1}).json()[0]["change"])


def expect_titles(page: Page, *titles: str) -> None:
    expect(page.locator(".task-title")).to_have_text(list(titles))


def test_changes_are_undone_and_redone_by_keys_in_reverse_order(
    service: Service, client: httpx.Client, new_page: NewPage, alice: int
) -> None:
    page = new_page(service, f"?user={alice}")
    add(page, "Aim")
    tell(page, "Added: Aim")
    add(page, "Bake")
    page.get_by_role("checkbox", name="Aim").click()
    tell(page, "Done: Aim")
    page.get_by_role("button", name="Delete: Bake").click()
    tell(page, "Deleted: Bake")
    wait_for_titles(client, alice, ["Aim"])

    page.keyboard.press("Control+z")
    tell(page, "Undone – Deleted: Bake")
    wait_for_titles(client, alice, ["Aim", "Bake"])
    page.keyboard.press("Control+Z")
    tell(page, "Undone – Done: Aim")
    expect(page.get_by_role("checkbox", name="Aim")).not_to_be_checked()
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    tell(page, "Undone – Added: Aim")
    wait_for_titles(client, alice, [])
    page.keyboard.press("Control+z")
    expect(page.locator("[data-announcer]")).to_have_text("There is nothing to undo.")

    for _ in range(4):
        page.keyboard.press("Control+y")
    wait_for(lambda: last_change(client, alice) == 12, lambda: last_change(client, alice))
    tell(page, "Done again – Deleted: Bake")
    page.keyboard.press("Control+Shift+z")
    expect(page.locator("[data-announcer]")).to_have_text("There is nothing to redo.")
    assert only_task(client, alice)["completed"]
    page.keyboard.press("Control+z")
    wait_for_titles(client, alice, ["Aim", "Bake"])
    add(page, "Cut")  # after which nothing can be redone
    page.keyboard.press("Control+y")
    expect(page.locator("[data-announcer]")).to_have_text("There is nothing to redo.")
    wait_for_titles(client, alice, ["Aim", "Bake", "Cut"])


def test_messages_undo_in_any_order_and_a_second_time_redo(
    service: Service, client: httpx.Client, new_page: NewPage, alice: int
) -> None:
    create(client, alice, "Aim", "Bake", "Cut")
    page = new_page(service, f"?user={alice}")
    for title in ("Aim", "Bake", "Cut"):
        page.get_by_role("button", name=f"Delete: {title}").click()
    wait_for_titles(client, alice, [])
    toasts = page.locator(".toast")
    toasts.filter(has_text="Deleted: Bake").get_by_role("button", name="Undo").click()
    wait_for_titles(client, alice, ["Bake"])
    page.keyboard.press("Control+z")
    wait_for_titles(client, alice, ["Bake", "Cut"])
    toasts.filter(has_text="Undone – Deleted: Bake").get_by_role("button", name="Redo").click()
    wait_for_titles(client, alice, ["Cut"])
    toasts.filter(has_text="Done again – Deleted: Bake").get_by_role("button", name="Undo").click()
    wait_for_titles(client, alice, ["Bake", "Cut"])
    toasts.filter(has_text="Undone – Deleted: Bake").get_by_role("button", name="Redo").click()
    wait_for_titles(client, alice, ["Cut"])
    page.keyboard.press("Control+z")
    wait_for_titles(client, alice, ["Bake", "Cut"])
    page.keyboard.press("Control+z")
    wait_for_titles(client, alice, ["Aim", "Bake", "Cut"])
    expect_titles(page, "Aim", "Bake", "Cut")


def test_offline_an_undo_waits_behind_its_write(
    service: Service, client: httpx.Client, new_page: NewPage, alice: int
) -> None:
    create(client, alice, "Aim")
    page = new_page(service, f"?user={alice}", expected=["ERR_INTERNET_DISCONNECTED"])
    expect_titles(page, "Aim")
    page.context.set_offline(True)
    page.get_by_role("checkbox").click()
    add(page, "Bake")
    page.get_by_role("button", name="Delete: Aim").click()
    expect_titles(page, "Bake")
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    expect_titles(page, "Aim")
    page.keyboard.press("Control+y")
    expect_titles(page, "Aim", "Bake")
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    expect_titles(page, "Aim")
    expect(page.get_by_role("checkbox")).not_to_be_checked()
    assert [task["version"] for task in tasks_of(client, alice)] == [1]
    page.context.set_offline(False)
    wait_for(lambda: last_change(client, alice) == 9, lambda: last_change(client, alice))
    assert not only_task(client, alice)["completed"]
    page.reload()  # what can be undone here is not kept, and the history has it
    expect_titles(page, "Aim")
    page.keyboard.press("Control+z")
    expect(page.locator("[data-announcer]")).to_have_text("There is nothing to undo.")


def test_an_undo_that_is_refused_says_what_has_changed_and_loses_nothing(
    service: Service, client: httpx.Client, new_page: NewPage, alice: int
) -> None:
    [task] = create(client, alice, "Aim")
    page = new_page(service, f"?user={alice}", expected=["status of 409"])
    add(page, "Bake")
    page.get_by_role("checkbox", name="Aim").click()
    tell(page, "Done: Aim")
    wait_for(lambda: tasks_of(client, alice)[0]["completed"], lambda: tasks_of(client, alice))
    change(client, alice, task, completed=False, priority="high", headers={"If-Match": "*"})
    expect(page.get_by_role("checkbox", name="Aim")).not_to_be_checked()
    page.locator(".toast").filter(has_text="Done: Aim").get_by_role("button", name="Undo").click()
    tell(page, "This cannot be undone: Aim. It has changed again since: State.")
    expect(page.locator(".toast").filter(has_text="Undone –")).to_have_count(0)
    page.keyboard.press("Control+y")
    expect(page.locator("[data-announcer]")).to_have_text("There is nothing to redo.")
    page.keyboard.press("Control+z")
    wait_for_titles(client, alice, ["Aim"])
    page.locator(".toast.refused").get_by_role("button", name="History").click()
    expect(page.get_by_role("dialog", name="History: Aim").get_by_role("listitem")).to_have_count(3)


def edit(page: Page, title: str, new: str) -> None:
    page.get_by_role("button", name=title, exact=True).click()
    page.locator(".editor .title").fill(new)
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name=new, exact=True)).to_be_visible()


def test_what_was_taken_back_before_it_was_sent_asks_nobody(
    service: Service, client: httpx.Client, new_page: NewPage, alice: int
) -> None:
    aim, bake, cut = create(client, alice, "Aim", "Bake", "Cut")
    page = new_page(service, f"?user={alice}", expected=["ERR_INTERNET_DISCONNECTED", "status of 412"])
    expect_titles(page, "Aim", "Bake", "Cut")
    page.context.set_offline(True)
    edit(page, "Cut", "Cook")
    edit(page, "Bake", "Boil")
    edit(page, "Aim", "Mine")
    page.keyboard.press("Control+z")
    expect_titles(page, "Aim", "Boil", "Cook")
    for task, title in ((aim, "Theirs"), (bake, "Burn"), (cut, "Chop")):
        change(client, alice, task, title=title)
    page.context.set_offline(False)
    tell(page, "Changed elsewhere as well: Bake")
    expect_titles(page, "Theirs", "Boil", "Cook")
    refusals = page.locator(".toast.refused")
    expect(refusals).to_have_count(2)
    refusals.filter(has_text="Cut").get_by_role("button", name="Decide").click()
    page.get_by_role("dialog").get_by_role("button", name="Keep theirs").click()
    expect(refusals).to_have_count(1)
    expect_titles(page, "Theirs", "Boil", "Chop")
    page.keyboard.press("Control+y")  # what was taken back is gone
    expect(page.locator("[data-announcer]")).to_have_text("There is nothing to redo.")
    page.keyboard.press("Control+z")
    expect(page.locator("[data-announcer]")).to_have_text("What was not saved is discarded.")
    expect_titles(page, "Theirs", "Burn", "Chop")
    expect(refusals).to_have_count(0)
    page.keyboard.press("Control+z")
    expect(page.locator("[data-announcer]")).to_have_text("There is nothing to undo.")
    assert last_change(client, alice) == 4


def test_text_fields_undo_their_own_text(service: Service, client: httpx.Client, new_page: NewPage, alice: int) -> None:
    page = new_page(service, f"?user={alice}")
    add(page, "Aim")
    page.locator("#new-task").press_sequentially("Bak")
    page.keyboard.press("Control+z")
    expect(page.locator("#new-task")).not_to_have_value("Bak")
    expect_titles(page, "Aim")
    page.locator("#new-task").fill("Bake")
    page.keyboard.press("Enter")
    expect_titles(page, "Aim", "Bake")
    page.keyboard.press("Control+z")  # the field is empty: the task is what was written last
    expect_titles(page, "Aim")
    wait_for_titles(client, alice, ["Aim"])


def test_messages_stay_for_somebody_who_is_slow_and_are_reached_by_keys(
    service: Service, client: httpx.Client, new_page: NewPage, alice: int
) -> None:
    create(client, alice, "Aim", "Bake", "Cut", "Dig", "Eat")
    page = new_page(service, f"?user={alice}", viewport={"width": 320, "height": 480})
    expect(page.locator(".task")).to_have_count(5)
    page.clock.install()
    page.clock.pause_at(datetime.now(UTC) + timedelta(minutes=5))
    for title in ("Aim", "Bake", "Cut", "Dig"):
        page.get_by_role("checkbox", name=title).press("Space")
    toasts = page.locator(".toast")
    expect(toasts).to_have_count(3)
    expect(page.get_by_role("checkbox", name="Dig")).to_be_focused()
    composer, covered = page.locator(".composer").bounding_box(), page.locator(".toasts").bounding_box()
    assert composer
    assert covered
    assert composer["y"] + composer["height"] <= covered["y"]
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

    page.clock.run_for(10_000)
    expect(toasts).to_have_count(3)
    page.keyboard.press("F6")
    expect(toasts.last.get_by_role("button", name="Undo")).to_be_focused()
    page.clock.run_for(60_000)
    expect(toasts).to_have_count(3)
    page.keyboard.press("Escape")
    expect(toasts).to_have_count(2)
    page.clock.run_for(10)
    expect(page.get_by_role("checkbox", name="Dig")).to_be_focused()
    toasts.last.hover()
    page.clock.run_for(60_000)
    expect(toasts).to_have_count(2)
    toasts.last.get_by_role("button", name="Dismiss").click()
    expect(toasts).to_have_count(1)
    page.mouse.move(0, 0)
    page.clock.run_for(15_000)
    expect(toasts).to_have_count(0)
    expect(page.get_by_role("checkbox", name="Dig")).to_be_focused()
