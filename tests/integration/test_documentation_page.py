"""The page at /docs does its work in a real browser that can reach nothing but the service."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.support.browser import browser_context
from tests.support.processes import Service
from tests.support.tokens import Person


class Visit(NamedTuple):
    """A page, who else it wanted to ask, and what the browser complained of."""

    page: Page
    asked_elsewhere: list[str]
    complaints: list[str]


@pytest.fixture
def visit(service: Service) -> Iterator[Visit]:
    """The documentation, open in a browser that was only told where the service is."""
    with visited(service) as visit:
        yield visit


@pytest.fixture
def guarded_visit(guarded: Service) -> Iterator[Visit]:
    """The documentation of a service that asks for tokens."""
    with visited(guarded) as visit:
        yield visit


@contextmanager
def visited(service: Service) -> Iterator[Visit]:
    """Open the documentation of a service in a browser that reaches nothing else."""
    asked_elsewhere: list[str] = []
    complaints: list[str] = []

    def let_pass(route: Route) -> None:
        if route.request.url.startswith(f"{service.address}/"):
            route.continue_()
        else:
            asked_elsewhere.append(route.request.url)
            route.abort()

    with browser_context() as context:
        context.route("**", let_pass)
        page = context.new_page()
        page.on(
            "console", lambda message: complaints.append(message.text) if message.type in ("error", "warning") else None
        )
        page.on("pageerror", lambda error: complaints.append(error.message))
        page.goto(f"{service.address}/docs")
        yield Visit(page, asked_elsewhere, complaints)


def try_out(page: Page, operation_id: str, body: str | None = None, **parameters: object) -> Locator:
    """Do what a reader does to send a request from the page, and return the place of the answer."""
    operation = page.locator(f"[id$={operation_id}]")
    operation.locator(".opblock-summary-control").click()
    operation.get_by_role("button", name="Try it out").click()
    for name, value in parameters.items():
        operation.locator(f"[data-param-name={name}] input").fill(str(value))
    if body is not None:
        operation.locator("textarea").fill(body)
    operation.get_by_role("button", name="Execute").click()
    answer = operation.locator(".live-responses-table tbody .response")
    answer.wait_for()
    return answer


@pytest.mark.long
def test_a_request_is_sent_and_answered_from_the_page(visit: Visit, alice: int) -> None:
    page = visit.page
    created = try_out(page, "create_user_task", json.dumps({"title": "Buy oat milk"}), user_id=alice)
    expect(created.locator(".response-col_status")).to_have_text("201")
    expect(created.locator(".response-col_description")).to_contain_text('"title": "Buy oat milk"')
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.get_by_role("button", name="Authorize")).to_have_count(0)

    assert visit.asked_elsewhere == []
    assert visit.complaints == []


@pytest.mark.long
def test_a_person_authorizes_with_a_token_and_reaches_their_own_tasks(guarded_visit: Visit, ann: Person) -> None:
    page = guarded_visit.page
    listed = try_out(page, "list_user_tasks")
    expect(listed.locator(".response-col_status")).to_contain_text("401")
    expect(listed.locator(".response-col_description")).to_contain_text('"code": "UNAUTHORIZED"')
    if not guarded_visit.complaints:  # what the browser tells comes beside what the page shows
        page.wait_for_event("console")
    [complaint] = guarded_visit.complaints
    assert "401" in complaint, "the browser itself tells of every answer that is an error"

    page.get_by_role("button", name="Authorize").click()
    dialog, token = page.locator(".modal-ux"), ann.headers["Authorization"].removeprefix("Bearer ")
    dialog.locator("input").fill(token)
    dialog.get_by_role("button", name="Apply credentials").click()
    dialog.get_by_role("button", name="Close").click()

    as_proposed = try_out(page, "create_owner_task")
    expect(as_proposed.locator(".response-col_status")).to_have_text("201")
    expect(as_proposed.locator(".response-col_description")).to_contain_text(f'"user_id": {ann.number}')
    page.locator("[id$=list_user_tasks]").get_by_role("button", name="Execute").click()
    expect(listed.locator(".response-col_status")).to_have_text("200")
    expect(listed.locator(".response-col_description")).to_contain_text('"title": "Buy milk"')

    assert token not in page.evaluate("JSON.stringify([localStorage, sessionStorage, document.cookie])")
    assert guarded_visit.asked_elsewhere == []
    assert len(guarded_visit.complaints) == 1
