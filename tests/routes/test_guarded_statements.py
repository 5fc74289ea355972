"""What a token costs the database: nothing once it is known, a statement or two at first sight, none if forged."""

import secrets
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest

from donebase import maintenance
from donebase.accounts import known_grants
from donebase.app import create_service
from donebase.settings import Settings
from tests.support.asked import GUARDED, REQUIRED, Asked, a_database_with_a_key, asked_at, token
from tests.support.families import Json
from tests.support.in_process import serving
from tests.support.refused_tokens import EVERYWHERE
from tests.support.tokens import Person
from tests.support.wire import WireTap

ABOUT_TASKS = [each for each in GUARDED if "/auth/" not in each and not each.endswith("/events")]
READ = "GET /users/{user_id}/tasks/{task_id}"
_PERSONAL = "INSERT INTO personal_tokens (hash, user_id, name, scopes) VALUES (sha256($1), $2, 'x', '{tasks:read}')"


class Tapped(NamedTuple):
    """A service with one connection to PostgreSQL, a tap on it, and somebody with a token that it knows."""

    asked: Asked
    tap: WireTap
    person: Person

    def statements(self, send: Callable[[], object]) -> int:
        """Return how many statements a request takes."""
        self.tap.take()
        send()
        counts = self.tap.take()
        assert not counts["Q"]
        return counts["E"]

    def created(self) -> Json:
        """Create a task, and another one behind it, so that it can be moved."""
        tasks = [
            self.asked.client.post("/api/v1/tasks", json={"title": title}, headers=self.person.headers).json()
            for title in "ab"
        ]
        first: Json = tasks[0]
        return first


@pytest.fixture(scope="module")
def tapped() -> Iterator[Tapped]:
    """One without anything in the background."""
    required: dict[str, Any] = {name.lower(): value for name, value in REQUIRED.items()}
    with pytest.MonkeyPatch.context() as patch, a_database_with_a_key() as url, WireTap(url) as tap:
        patch.setattr(maintenance, "CONFIRM_EVERY", 3600)
        patch.setattr(known_grants, "TRUSTED", 3600)
        for name in ("FIRST_LOOK", "FIRST_REMOVAL"):
            patch.setattr(maintenance, name, (3600, 3600))
        settings = Settings.read(
            database_url=tap.url, database_pool_size=1, database_timeout=600, history_days=0, **required
        )
        with serving(create_service(settings)) as address, asked_at(address, url) as asked:
            person = asked.person()
            own = {"Authorization": f"Bearer {asked.known_of(person).own}"}
            assert (
                asked.client.get("/users/me/tasks", headers=own).status_code == 200
            )  # the key of sessions is read once
            yield Tapped(asked, tap, person)


@pytest.mark.parametrize("operation", ABOUT_TASKS)
def test_an_operation_with_a_known_token_is_one_statement(tapped: Tapped, operation: str) -> None:
    tasks = iter([tapped.created() for _ in range(2)])

    def send() -> None:
        task = next(tasks)
        response = tapped.asked.ask(
            operation, tapped.person.headers, tapped.person.number, task["id"], change=task["version"]
        )
        assert response.is_success, response.text

    send()  # a list with nothing left to delete is told from one without a filter
    assert tapped.statements(send) == 1


@pytest.mark.parametrize("kind", EVERYWHERE)
def test_a_bad_token_costs_the_database_nothing_unless_it_could_be_one_of_ours(tapped: Tapped, kind: str) -> None:
    """Who can make statements run without a token can keep the database busy."""
    headers = EVERYWHERE[kind](tapped.asked.known_of(tapped.person))

    def send() -> None:
        assert tapped.asked.ask(READ, headers, tapped.person.number).status_code == 401

    assert tapped.statements(send) == (1 if "never was" in kind else 0)


def test_a_user_who_is_somebody_else_costs_nothing(tapped: Tapped) -> None:
    def send() -> None:
        assert tapped.asked.ask(READ, tapped.person.headers, 7).status_code == 403

    assert tapped.statements(send) == 0


@pytest.mark.parametrize(("kind", "more"), [("issued", 1), ("of somebody new", 2), ("session", 1), ("personal", 1)])
def test_the_first_sight_of_a_token_is_a_statement_or_two(tapped: Tapped, kind: str, more: int) -> None:
    person, task = tapped.person, tapped.created()

    def fresh() -> dict[str, str]:
        if kind == "issued":
            return token(person.subject, jti=secrets.token_hex())
        if kind == "of somebody new":
            return token(secrets.token_hex())
        if kind == "session":
            return {"Authorization": f"Bearer {tapped.asked.known_of(person).own}"}
        made = "dnb_" + secrets.token_urlsafe(32)
        tapped.asked.psql.run(_PERSONAL, made.encode(), person.number)
        return {"Authorization": f"Bearer {made}"}

    one = f"/users/me/tasks/{task['id']}"
    known = fresh()

    def send(headers: dict[str, str]) -> None:
        status = tapped.asked.client.get(one, headers=headers).status_code
        assert status == (404 if kind == "of somebody new" else 200)

    assert tapped.statements(lambda: send(known)) == more + 1
    assert tapped.statements(lambda: send(known)) == 1
