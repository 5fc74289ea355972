"""What a token costs the database: nothing once it is known, a statement or two at first sight, none if forged."""

import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.support.asked import GUARDED, Asked, asking, token
from tests.support.families import Json
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
        """Return how many statements a request takes: of three times the fewest, as the service has some of its own."""
        return min(self._counted(send) for _ in range(3))

    def _counted(self, send: Callable[[], object]) -> int:
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
def tapped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tapped]:
    folder: Path = tmp_path_factory.mktemp("tapped")
    with asking(folder, {"DATABASE_POOL_SIZE": "1"}, tapped=True) as asked:
        assert asked.tap
        yield Tapped(asked, asked.tap, asked.person())


@pytest.mark.parametrize("operation", ABOUT_TASKS)
def test_an_operation_with_a_known_token_is_one_statement(tapped: Tapped, operation: str) -> None:
    tasks = iter([tapped.created() for _ in range(4)])

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
    tokens = iter([fresh() for _ in range(4)])
    tapped.asked.client.get(one, headers=next(tokens))  # the key of sessions is read once
    known = next(tokens)

    def send(headers: dict[str, str]) -> None:
        status = tapped.asked.client.get(one, headers=headers).status_code
        assert status == (404 if kind == "of somebody new" else 200)

    first, second = tapped._counted(lambda: send(known)), tapped.statements(lambda: send(known))
    assert min(first, tapped._counted(lambda: send(next(tokens)))) == more + 1
    assert second == 1
