"""What front ends of the specifications were seen to do, on pages of another origin in a real browser.

Each page in tests/data/front_ends has one habit, does the same at every family, and shows what came of it.
"""

import json
import secrets
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.sync_api import BrowserContext

from tests.support.browser import another_origin, browser_context
from tests.support.families import FAMILIES
from tests.support.processes import Service
from tests.support.tokens import SECRET, bearer
from tests.support.waiting import DEADLINE

PAGES = Path(__file__).parents[1] / "data" / "front_ends"
Opened = Callable[[str], Any]
"""Opens the page of a habit, and returns what it has seen at each family."""


@pytest.fixture(scope="module")
def origin() -> Iterator[str]:
    """Where the pages are."""
    with another_origin(PAGES) as origin:
        yield origin


@pytest.fixture(scope="module")
def allowing(database_url: str, origin: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service that allows the origin of the pages."""
    folder = tmp_path_factory.mktemp("allowing")
    with Service(folder, DATABASE_URL=database_url, CORS_ORIGINS=origin) as service:
        yield service.ready()


@pytest.fixture(scope="module")
def guarding(database_url: str, origin: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service that asks for tokens and allows the origin of the pages."""
    folder, settings = tmp_path_factory.mktemp("guarding"), {"AUTH": "required", "AUTH_JWT_SECRET": SECRET}
    with Service(folder, DATABASE_URL=database_url, CORS_ORIGINS=origin, **settings) as service:
        yield service.ready()


@pytest.fixture(scope="module")
def browser(allowing: Service, guarding: Service) -> Iterator[BrowserContext]:
    """A browser for all pages, after the services: it has an event loop in this thread."""
    assert allowing
    assert guarding
    with browser_context() as context:
        yield context


def seen(browser: BrowserContext, origin: str, service: Service, user: int | str, habit: str, token: str = "") -> Any:
    """Open the page of a habit, and return what it shows."""
    page = browser.new_page()
    page.goto(f"{origin}/{habit}.html?{urlencode({'service': service.address, 'user': user, 'token': token})}")
    place = page.wait_for_selector("#seen", timeout=DEADLINE * 1000)
    assert place
    found = json.loads(place.inner_text())
    found["shown"] = page.evaluate("window.shown")
    page.close()
    return found


@pytest.fixture
def alice() -> int:
    """A user whose id is a number for JavaScript."""
    return secrets.randbelow(2**53) + 1


@pytest.fixture
def opened(browser: BrowserContext, origin: str, allowing: Service, alice: int) -> Opened:
    """Opens the page of a habit for Alice, and returns what it has seen."""

    def opened(habit: str) -> Any:
        found = seen(browser, origin, allowing, alice, habit)
        assert found.keys() == {"shown", *(family.name for family in FAMILIES)}, found
        return found

    return opened


def everywhere(answer: Any) -> dict[str, Any]:
    """Return what a page shows that has seen the same at every family."""
    return {"shown": None, **{family.name: answer for family in FAMILIES}}


def test_credentials_are_sent_with_every_call(opened: Opened) -> None:
    found = opened("credentials")
    for family in FAMILIES:
        statuses = [201, 200, 200, 400, family.delete_status, 200]
        assert found[family.name] == {"statuses": statuses, "events": True}


def test_an_origin_that_is_not_listed_reads_nothing(
    browser: BrowserContext, origin: str, service: Service, alice: int
) -> None:
    assert seen(browser, origin, service, alice, "credentials") == {
        "failed": "TypeError: Failed to fetch",
        "shown": None,
    }


@pytest.mark.parametrize("of", ["better-auth", "uuid", "auth0"])
def test_a_page_sends_a_token_and_knows_its_user_by_a_string(
    browser: BrowserContext, origin: str, guarding: Service, of: str
) -> None:
    """Such as Better Auth, Supabase and Auth0 give to their users."""
    subject = {
        "better-auth": secrets.token_urlsafe(24),
        "uuid": str(uuid.uuid4()),
        "auth0": f"auth0|{secrets.token_hex(12)}",
    }[of]
    token = bearer(subject)["Authorization"].removeprefix("Bearer ")
    found = seen(browser, origin, guarding, subject, "token", token)
    for family in FAMILIES:
        told = found[family.name]
        assert told["statuses"] == [201, 200, 200, 200, 200, family.delete_status, 404]
        assert told["titles"] == ["Buy bread"]
        assert told["signedOut"] == [401, 'Bearer error="invalid_token"', "UNAUTHORIZED"]
        assert told["refused"] == [401, 'Bearer error="invalid_token"', True]
        assert told["another"] == ([200, None] if family.name == "v1" else [403, "FORBIDDEN"])


def test_a_page_signs_people_up_and_in(browser: BrowserContext, origin: str, guarding: Service) -> None:
    found = seen(browser, origin, guarding, "me", "account", "its own")
    told = {
        "statuses": [201, 201, 200, 200, 200, 200, 200, 204, 401, 204],
        "own": [True, True, "Ada L."],
        "titles": ["Buy milk"],
    }
    assert found == everywhere(told)


def test_a_toggle_has_a_body_without_content(opened: Opened) -> None:
    assert opened("complete") == everywhere([True, False, True, True, True])


def test_every_address_ends_with_a_slash(opened: Opened, alice: int) -> None:
    """The browser asks at the other address by the same method and with the same body, after another preflight."""
    found = opened("slash")
    for family in FAMILIES:
        statuses = [201, 200, 200, 200, 200, 400, 200, family.delete_status]
        task = ["Buy bread", True, alice]
        slashed = {"statuses": statuses, "redirected": True, "ids": True, "task": task}
        assert found[family.name] == {"same-origin": slashed, "include": slashed}


def test_a_task_is_changed_by_patch(opened: Opened) -> None:
    after = ["Buy milk", None, True]
    assert opened("patch") == everywhere({"statuses": [200, 200], "description": "two litres", "after": after})


def test_a_title_is_edited_by_put(opened: Opened) -> None:
    """At v1, PUT replaces what its specification knows."""
    found = opened("put")
    kept = ["Buy bread", True, "two litres", "high"]
    assert found == everywhere(kept) | {"v1": ["Buy bread", False, None, "high"]}


def test_a_task_has_a_priority_a_due_date_and_tags(opened: Opened) -> None:
    found = opened("members")
    task = "Buy milk, MEDIUM, by 2026-12-01 17:00: shop home"
    assert found == everywhere([task, "Buy milk, MEDIUM, by 2026-12-02 any time: ", True])


def test_a_generated_model_is_sent_whole(opened: Opened) -> None:
    found = opened("generated")
    versions = [found[family.name].pop() for family in FAMILIES]
    assert found == everywhere([201, 200, 200, "Buy bread", True])
    assert versions == [3, 6, 9]


def test_the_detail_of_an_error_is_shown(opened: Opened) -> None:
    """As HTML, without harm, by those pages that do not know better."""
    declared = "It is declared as application/x-www-form-urlencoded."
    assert opened("detail") == everywhere(
        [
            "title: must contain at least one visible character",
            "a field: is not a known field",
            "status: is not a known parameter",
            "search: is not a known parameter",
            "_: is not a known parameter",
            f"The body must be JSON in UTF-8, sent as application/json and not compressed. {declared}",
            "The task does not exist.",
            "due.date: must be a date, such as 2026-12-01",
        ]
    )


def test_the_headers_of_answers_are_read(opened: Opened, alice: int) -> None:
    found = opened("headers")
    for number, family in enumerate(FAMILIES, start=1):
        told = found[family.name]
        assert told["total"] == str(2 * number)
        assert told["location"] == family.one(alice, told["id"])
        assert told["link"].startswith(f"<{family.address(alice)}?q=milk&tag={alice}&count=true&limit=1&after=")
        assert told["etag"] == f'"{told["change"]}"'
        assert (told["replayed"], told["ids"]) == ("true", True)
        assert told["late"] == [412, told["etag"]]
        assert told["large"] == [400, "large", "headers: are larger than this service accepts"]
        assert told["allow"] == "DELETE, GET, HEAD, PATCH, PUT"


def test_a_page_is_told_when_to_try_again(browser: BrowserContext, origin: str, folder: Path, alice: int) -> None:
    """Also where there is no database: a network failure would tell it nothing."""
    with Service(folder, DATABASE_URL="postgresql://127.0.0.1:1/nothing", CORS_ORIGINS=origin) as service:
        found = seen(browser, origin, service.ready(), alice, "retry")
    assert found == everywhere([[500, "1", "DATABASE_ERROR"]] * 2)
