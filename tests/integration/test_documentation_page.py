"""The page at /docs does its work in a real browser that can reach nothing but the service."""

import json
from collections.abc import Iterator
from typing import NamedTuple

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.support.browser import browser_context
from tests.support.processes import Service


class Visit(NamedTuple):
    """A page, who else it wanted to ask, and what the browser complained of."""

    page: Page
    asked_elsewhere: list[str]
    complaints: list[str]


@pytest.fixture
def visit(service: Service) -> Iterator[Visit]:
    """The documentation, open in a browser that was only told where the service is."""
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
        page.goto(service.address)
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


def test_requests_are_sent_and_answered_from_the_page(visit: Visit, alice: int) -> None:
    page = visit.page
    created = try_out(page, "create_user_task", json.dumps({"title": "Buy oat milk"}), user_id=alice)
    expect(created.locator(".response-col_status")).to_have_text("201")
    expect(created.locator(".response-col_description")).to_contain_text('"title": "Buy oat milk"')

    as_proposed = try_out(page, "create_owner_task")
    expect(as_proposed.locator(".response-col_status")).to_have_text("201")
    expect(as_proposed.locator(".response-col_description")).to_contain_text('"title": "Buy milk"')

    listed = try_out(page, "list_user_tasks", user_id=alice)
    expect(listed.locator(".response-col_status")).to_have_text("200")
    expect(listed.locator(".response-col_description")).to_contain_text('"title": "Buy oat milk"')
    expect(page.locator("html")).to_have_attribute("lang", "en")

    assert visit.asked_elsewhere == []
    assert visit.complaints == []
