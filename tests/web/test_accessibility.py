"""Nothing in the page keeps a person from using it: axe-core looks at each state, in both schemes and directions."""

import httpx
import pytest

from tests.support.axe import violations
from tests.support.processes import Service
from tests.support.web_page import Json, NewPage, create

TASKS: list[Json] = [
    {"title": "Buy milk", "description": "two litres", "priority": "high", "tags": ["shop"]},
    {"title": "Call Ada", "priority": "medium", "due": {"date": "2020-01-01"}, "tags": ["phone", "shop"]},
    {"title": "Water the plants", "priority": "low", "due": {"date": "2999-12-31", "time": "17:00"}},
    {"title": "شراء الخبز", "completed": True},
]


@pytest.mark.long
@pytest.mark.parametrize(("scheme", "language"), [("light", "en"), ("dark", "ar")])
def test_axe_finds_nothing(
    service: Service, client: httpx.Client, new_page: NewPage, alice: int, scheme: str, language: str
) -> None:
    page = new_page(service, f"?user={alice}&lang={language}", color_scheme=scheme, reduced_motion="reduce")
    page.locator(".status[data-connection=live]").wait_for()
    assert violations(page) == []
    create(client, alice, *TASKS)
    page.locator(".task").nth(3).wait_for()
    assert violations(page) == []
