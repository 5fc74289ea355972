"""The database fails at each statement of each address of `/auth`: nothing is half done, and a retry completes it.

This counts the statements as well. Those with a token ask one for the first sight of it.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import httpx
import pytest
from sqlalchemy import Executable

from donebase.app import create_app, with_middleware
from donebase.core.errors import DatabaseFailed
from donebase.postgres.database import PostgresDatabase
from donebase.settings import Settings
from donebase.telemetry import logs
from tests.support.accounts import ANOTHER, PHRASE, Member, auth, new_address
from tests.support.in_process import serving
from tests.support.problems import refused
from tests.support.tokens import SECRET
from tests.support.waiting import wait_for


class FailingDatabase(PostgresDatabase):
    """A database of which one statement of requests fails: the one after `left` more, if `left` is not negative.

    Where answers are lost, it is carried out before.
    """

    left = -1
    loses_answers = False

    async def fetch(self, statement: Executable, /, **parameters: Any) -> Sequence[Any]:
        """Run a statement, unless it is the one that fails."""
        if logs.request_id.get() is None:  # not of a request
            return await super().fetch(statement, **parameters)
        self.left -= 1
        if self.left == -1 and not self.loses_answers:
            raise DatabaseFailed("before it was carried out")
        rows = await super().fetch(statement, **parameters)
        if self.left == -1:
            raise DatabaseFailed("after it was carried out")
        return rows


class Faulty:
    """A service over such a database, and who uses it."""

    def __init__(self, client: httpx.Client, database: FailingDatabase) -> None:
        self.client = client
        self.database = database

    def fails(self, request: Callable[[], httpx.Response], left: int) -> bool:
        """Let the statement after `left` more fail in a request. Return whether it has so many."""
        self.database.left = left
        response = request()
        failed, self.database.left = self.database.left < 0, -1
        if not failed:
            assert response.is_success, response.text
            return False
        refused(response, 500, "DATABASE_ERROR")
        assert response.headers["retry-after"] == "1"
        return True


@pytest.fixture(params=["not carried out", "answer lost"])
def faulty(request: pytest.FixtureRequest, database_url: str) -> Iterator[Faulty]:
    settings = Settings.read(
        database_url=database_url, database_timeout=600, auth="required", auth_jwt_secret=SECRET,
        trusted_proxies="127.0.0.1",
    )  # fmt: skip
    database = FailingDatabase(settings)
    database.loses_answers = request.param == "answer lost"
    with (
        serving(with_middleware(create_app(settings, database))) as address,
        httpx.Client(base_url=address) as client,
    ):
        Member.new(client)  # loads the key that signs tokens
        yield Faulty(client, database)


Ask = Callable[[], tuple[Callable[[], httpx.Response], Callable[[], None]]]
"""Prepares a request, and returns what sends it and what checks how things are after it."""


def walk(faulty: Faulty, statements: int, ask: Ask) -> None:
    """Let each of so many statements of a request fail, and then none, and check what follows each time."""
    for left in range(statements + 1):
        request, check = ask()
        assert faulty.fails(request, left) == (left < statements), f"statement {left + 1} of {statements}"
        check()


def test_sign_up(faulty: Faulty) -> None:
    def ask() -> tuple[Callable[[], httpx.Response], Callable[[], None]]:
        email = new_address()

        def request() -> httpx.Response:
            return auth(faulty.client, "POST", "sign-up", email=email, password=PHRASE)

        def check() -> None:
            if request().status_code == 409:
                signed_in = auth(faulty.client, "POST", "sign-in", email=email, password=PHRASE)
                assert signed_in.status_code == 200, signed_in.text

        return request, check

    walk(faulty, 4, ask)


def test_sign_in(faulty: Faulty) -> None:
    def ask() -> tuple[Callable[[], httpx.Response], Callable[[], None]]:
        person = Member.new(faulty.client)

        def request() -> httpx.Response:
            return auth(faulty.client, "POST", "sign-in", email=person.email, password=PHRASE)

        def check() -> None:
            assert request().status_code == 200
            assert person.refreshed().is_admitted()

        return request, check

    walk(faulty, 5, ask)


def test_refresh(faulty: Faulty) -> None:
    def ask() -> tuple[Callable[[], httpx.Response], Callable[[], None]]:
        person = Member.new(faulty.client)

        def check() -> None:
            """The same token is good again, unless the statement that replaces it was carried out."""
            statuses.append(person.refresh().status_code)

        return person.refresh, check

    statuses: list[int] = []
    walk(faulty, 3, ask)
    *before, last, succeeded = statuses
    assert set(before) == {200}
    assert (last, succeeded) == (401 if faulty.database.loses_answers else 200, 401)


def test_sign_out(faulty: Faulty) -> None:
    def ask() -> tuple[Callable[[], httpx.Response], Callable[[], None]]:
        person = Member.new(faulty.client)

        def check() -> None:
            assert person.ask("POST", "sign-out").status_code in (204, 401)
            assert not person.is_admitted()
            refused(person.refresh(), 401, "UNAUTHORIZED")

        return lambda: person.ask("POST", "sign-out"), check

    walk(faulty, 2, ask)


def test_read(faulty: Faulty) -> None:
    def ask() -> tuple[Callable[[], httpx.Response], Callable[[], None]]:
        person = Member.new(faulty.client)

        def check() -> None:
            assert person.ask("GET", "me").json()["email"] == person.email

        return lambda: person.ask("GET", "me"), check

    walk(faulty, 2, ask)


def test_change_of_the_name(faulty: Faulty) -> None:
    def ask() -> tuple[Callable[[], httpx.Response], Callable[[], None]]:
        person = Member.new(faulty.client, name="before")

        def check() -> None:
            found = person.ask("GET", "me").json()
            assert found["name"] in ("before", "after")
            assert person.ask("PATCH", "me", name="after").json() == found | {"name": "after"}

        return lambda: person.ask("PATCH", "me", name="after"), check

    walk(faulty, 3, ask)


@pytest.mark.long
def test_change_of_the_password(faulty: Faulty) -> None:
    def ask() -> tuple[Callable[[], httpx.Response], Callable[[], None]]:
        person = Member.new(faulty.client, name="before")
        other_session = person.sign_in()

        def request() -> httpx.Response:
            return person.ask("PATCH", "me", password=ANOTHER, current_password=PHRASE, name="after")

        def check() -> None:
            is_changed = person.knows(ANOTHER)
            assert person.knows(PHRASE) != is_changed
            assert (person.ask("GET", "me").json()["name"] == "after") == is_changed
            if is_changed:
                refused(request(), 403, "FORBIDDEN")
            else:
                assert request().status_code == 200
            refused(other_session.refresh(), 401, "UNAUTHORIZED")
            assert not other_session.is_admitted()
            assert person.refreshed().is_admitted()

        return request, check

    walk(faulty, 7, ask)


@pytest.mark.long
def test_deletion(faulty: Faulty) -> None:
    def ask() -> tuple[Callable[[], httpx.Response], Callable[[], None]]:
        person = Member.new(faulty.client)

        def request() -> httpx.Response:
            return person.ask("DELETE", "me", password=PHRASE)

        def check() -> None:
            assert request().status_code in (204, 401)
            # What the request has begun, the service completes.
            wait_for(lambda: not person.is_admitted())
            assert not person.knows(PHRASE)
            refused(person.refresh(), 401, "UNAUTHORIZED")
            Member.new(faulty.client, person.email)

        return request, check

    walk(faulty, 9, ask)
