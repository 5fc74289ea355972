"""Nothing in the page keeps a person from using it: axe-core looks at each state, in both schemes and directions."""

from typing import Literal

import httpx
import pytest
from playwright.sync_api import expect

from tests.support.accounts import PHRASE, Member
from tests.support.axe import violations
from tests.support.processes import Service
from tests.support.tokens import from_nowhere
from tests.support.waiting import wait_for
from tests.support.web_page import Json, NewPage, change, create, tasks_of

ColorScheme = Literal["light", "dark"]
TASKS: list[Json] = [
    {"title": "Buy milk", "description": "two litres", "priority": "high", "tags": ["shop"]},
    {"title": "Call Ada", "priority": "medium", "due": {"date": "2020-01-01"}, "tags": ["phone", "shop"]},
    {"title": "Water the plants", "priority": "low", "due": {"date": "2999-12-31", "time": "17:00"}},
    {"title": "شراء الخبز", "completed": True},
]
BOTH: list[tuple[ColorScheme, str]] = [("light", "en"), ("dark", "ar")]


@pytest.mark.long
@pytest.mark.parametrize(("scheme", "language"), BOTH)
def test_axe_finds_nothing(
    service: Service, client: httpx.Client, new_page: NewPage, alice: int, scheme: ColorScheme, language: str
) -> None:
    page = new_page(service, f"?user={alice}&lang={language}", color_scheme=scheme, reduced_motion="reduce")
    page.locator(".status[data-connection=live]").wait_for()
    assert violations(page) == []
    create(client, alice, *TASKS)
    page.locator(".task").nth(3).wait_for()
    assert violations(page) == []
    page.locator(".task-title").nth(1).click()
    page.locator(".editor .title").fill("")
    page.keyboard.press("Enter")
    page.locator(".editor [aria-invalid=true]").wait_for()
    assert violations(page) == []
    page.keyboard.press("Escape")
    page.locator(".task [data-control=grip]").nth(1).click()
    page.locator(".task-moves").wait_for()
    assert violations(page) == []
    page.locator("#search").fill("nothing has this word")
    page.locator(".empty button").wait_for()
    assert violations(page) == []


@pytest.mark.long
@pytest.mark.parametrize(("scheme", "language"), BOTH)
def test_axe_finds_nothing_where_people_sign_in(
    guarded: Service, guarded_client: httpx.Client, new_page: NewPage, scheme: ColorScheme, language: str
) -> None:
    ann = Member.new(guarded_client, name="Ann")
    options: Json = {"color_scheme": scheme, "reduced_motion": "reduce", "extra_http_headers": from_nowhere()}
    page = new_page(guarded, f"?lang={language}", expected=["status of 400"], **options)
    email, submit = page.locator("#sign-in-email"), page.locator("form button.primary")
    submit.click()
    page.locator("[aria-invalid=true]").first.wait_for()
    assert violations(page) == []
    page.locator("button.link").click()
    page.locator("#sign-up-email").wait_for()
    assert violations(page) == []
    page.locator("button.link").click()
    email.fill(ann.email)
    page.locator("#sign-in-password").fill(PHRASE)
    submit.click()
    menu = page.locator(".account")
    for item in range(2):
        menu.click()
        assert violations(page) == []
        page.locator(".menu button").nth(item).click()
        page.locator("dialog form").first.wait_for()
        if item == 1:
            page.locator("#token-name").fill("Backup")
            page.locator("dialog button.primary").click()
            page.locator("#new-token").wait_for()
        assert violations(page) == []
        page.keyboard.press("Escape")
        expect(page.locator("dialog")).to_have_count(0)


@pytest.mark.long
@pytest.mark.parametrize(("scheme", "language"), BOTH)
def test_axe_finds_nothing_in_a_refusal_a_history_and_a_trash_of_several_tasks(
    service: Service, client: httpx.Client, new_page: NewPage, alice: int, scheme: ColorScheme, language: str
) -> None:
    [milk, *_] = create(client, alice, *TASKS)
    page = new_page(
        service,
        f"?user={alice}&lang={language}&tag=shop",
        color_scheme=scheme,
        reduced_motion="reduce",
        expected=["status of 409"],
    )
    page.get_by_role("checkbox").first.check()
    wait_for(lambda: tasks_of(client, alice)[0]["completed"], lambda: tasks_of(client, alice))
    client.patch(f"/users/{alice}/tasks/{milk['id']}", json={"completed": False}).raise_for_status()
    expect(page.get_by_role("checkbox").first).not_to_be_checked()
    page.locator(".toast button").first.click()
    page.locator(".toast.refused").wait_for()
    assert violations(page) == []
    page.locator(".toast.refused button").first.click()
    expect(page.locator("dialog .entries > li")).to_have_count(3)
    assert violations(page) == []
    page.keyboard.press("Escape")
    client.delete(f"/users/{alice}/tasks?all=true").raise_for_status()
    page.locator("[popovertarget=page-menu]").click()
    page.locator("#page-menu button").nth(2).click()
    page.locator("dialog .titles").wait_for()
    assert violations(page) == []


@pytest.mark.long
@pytest.mark.parametrize(("scheme", "language"), BOTH)
def test_axe_finds_nothing_while_offline_and_in_a_conflict(
    service: Service, client: httpx.Client, new_page: NewPage, alice: int, scheme: ColorScheme, language: str
) -> None:
    milk, *_ = create(client, alice, *TASKS)
    expected = ["status of 412", "ERR_INTERNET_DISCONNECTED"]
    options: Json = {"color_scheme": scheme, "reduced_motion": "reduce", "expected": expected}
    page = new_page(service, f"?user={alice}&lang={language}", **options)
    page.locator(".status[data-connection=live]").wait_for()
    page.context.set_offline(True)
    page.locator(".task-title").first.click()
    page.locator(".editor .title").fill("Buy soy milk")
    page.keyboard.press("Enter")
    page.locator(".banner.warning").wait_for()
    assert violations(page) == []
    page.locator(".banner button").nth(1).click()
    page.locator("dialog .entries").wait_for()
    assert violations(page) == []
    page.keyboard.press("Escape")
    change(client, alice, milk, title="Buy oat milk")
    page.context.set_offline(False)
    page.locator("button.chip.conflict").click()
    page.locator("dialog .versions").wait_for()
    assert violations(page) == []
    page.locator("dialog .cluster button").nth(2).click()
    page.locator("dialog textarea").wait_for()
    assert violations(page) == []
