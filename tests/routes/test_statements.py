"""One request is one statement and one round trip: every operation is walked, and what it asks is counted."""

from collections.abc import Iterator

import httpx
import pytest

from tests.conftest import NO_HURRY
from tests.support.families import USERS, V1, Family, Json
from tests.support.operations import CREATES, IN_EVERY_PROTOCOL, MOVES, WRITES, plain, reading
from tests.support.processes import Service
from tests.support.wire import WireTap


class Watched:
    """A service with one connection to PostgreSQL, and a tap on it."""

    def __init__(self, service: Service, tap: WireTap) -> None:
        self.tap = tap
        self.client = httpx.Client(base_url=service.address)
        # Without prepared statements (behind a pooler that loses them) each is parsed in an exchange of its own.
        found = service.wait_for("database.connected")
        self.one_round_trip = {"E": 1, "S": 1} if found["prepared_statements"] == "on" else {"E": 1, "S": 1, "H": 1}

    def ask(self, name: str, user: int, key: str = "", times: int = 1) -> None:
        """Do an operation on a task of this user's that was made for it, and check that it was done.

        With a key it is asked for several `times`: what that asks the last time can be counted.
        """
        headers = {"Idempotency-Key": key} if key else {}
        task = {"id": 0, "version": 0} if name in CREATES else self._task(name, user)
        request = plain(IN_EVERY_PROTOCOL[name], user, task["id"], task["version"])
        for _ in range(times):
            self.tap.take()
            response = request.send(self.client, headers)
            assert response.is_success, response.text
        assert ("Idempotent-Replayed" in response.headers) == (times > 1)

    def send(self, name: str, user: int, **headers: str) -> httpx.Response:
        """Send an operation on a task that was made for it, with headers in whose names `_` stands for `-`."""
        request = plain(IN_EVERY_PROTOCOL[name], user, self._task(name, user)["id"])
        self.tap.take()
        return request.send(self.client, {key.replace("_", "-"): value for key, value in headers.items()})

    def _task(self, name: str, user: int) -> Json:
        """Create a task for an operation, and for a move another one behind it."""
        task = V1.created(self.client, user)
        if name in MOVES:
            V1.created(self.client, user)
        return task

    def exchanges(self) -> dict[str, int]:
        """Return how often PostgreSQL was told to execute, and to answer what it had been sent."""
        asked = self.tap.take()
        return {kind: asked[kind] for kind in "EQSH" if asked[kind]}


@pytest.fixture(scope="module")
def watched(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    folder = tmp_path_factory.mktemp("watched")
    # It removes no history meanwhile, and connects once: what either asks would be counted.
    settings = {"DATABASE_POOL_SIZE": "1", "DATABASE_POOL_IDLE": "600", "HISTORY_DAYS": "0", **NO_HURRY}
    with (
        WireTap(database_url) as tap,
        Service(folder, DATABASE_URL=tap.url, **settings) as service,
    ):
        watched = Watched(service.ready(), tap)
        with watched.client:
            yield watched


@pytest.mark.parametrize("name", IN_EVERY_PROTOCOL)
def test_an_operation_is_one_statement_and_one_round_trip(watched: Watched, name: str, alice: int) -> None:
    watched.ask(name, alice)  # the first time a connection sees a statement, it is parsed
    watched.ask(name, alice)
    assert watched.exchanges() == watched.one_round_trip


@pytest.mark.parametrize("name", WRITES)
def test_a_write_with_a_key_is_one_statement_and_a_repetition_two(watched: Watched, name: str, alice: int) -> None:
    watched.ask(name, alice, "first", times=2)
    watched.ask(name, alice, "second")
    assert watched.exchanges() == watched.one_round_trip
    watched.ask(name, alice, "third", times=2)
    assert watched.exchanges() == {kind: 2 * number for kind, number in watched.one_round_trip.items()}


@pytest.mark.parametrize("name", CREATES)
def test_a_users_first_task_is_one_statement_and_one_round_trip(
    watched: Watched, name: str, alice: int, bob: int
) -> None:
    watched.ask(name, alice)
    watched.ask(name, bob)
    assert watched.exchanges() == watched.one_round_trip


def test_many_tasks_are_created_by_one_statement_and_answered_again_by_two(watched: Watched, alice: int) -> None:
    body = [{"title": "x"}] * 100

    def exchanges(*keys: str) -> dict[str, int]:
        for key in keys:
            watched.tap.take()
            headers = {"Idempotency-Key": key} if key else {}
            assert watched.client.post(USERS.address(alice), json=body, headers=headers).status_code == 201
        return watched.exchanges()

    assert exchanges("", "") == exchanges("a", "b") == watched.one_round_trip
    assert exchanges("c", "c", "c") == {kind: 2 * number for kind, number in watched.one_round_trip.items()}


@pytest.mark.parametrize("name", reading("If-None-Match"))
def test_a_poll_that_brings_nothing_is_one_statement(watched: Watched, name: str, alice: int) -> None:
    for _ in range(2):
        assert watched.send(name, alice, If_None_Match="*").status_code == 304
    assert watched.exchanges() == watched.one_round_trip


@pytest.mark.parametrize(
    "query",
    [
        "completed=false&priority=high&priority=none&due_from=2026-12-01&due_to=2026-12-31&limit=10",
        "due=overdue&time_zone=Europe/Berlin&tag=shop&tag=home&count=true&limit=5",
        "q=milk+two&sort=title&limit=5",
        "sort=-due&count=true&limit=1",
        "sort=-created&limit=1",
    ],
)
def test_a_list_of_any_shape_is_one_statement(watched: Watched, family: Family, alice: int, query: str) -> None:
    for _ in range(2):  # what PostgreSQL has to parse, it parses once
        for title in ("milk", "two cartons of milk"):
            family.created(watched.client, alice, title=title)
        watched.tap.take()
        response = watched.client.get(f"{family.address(alice)}?{query}")
        assert response.status_code == 200, response.text
    assert watched.exchanges() == watched.one_round_trip


@pytest.mark.parametrize("name", reading("If-Match"))
def test_a_write_with_a_condition_is_one_statement(watched: Watched, name: str, alice: int) -> None:
    # If the next task is made by the change after the next, the first was written once.
    for number in (1, 4 if name in MOVES else 3):
        assert watched.send(name, alice, If_Match=f'"{number}"').is_success
    assert watched.exchanges() == watched.one_round_trip


@pytest.mark.parametrize("name", reading("If-Match"))
def test_a_write_that_is_refused_for_its_condition_is_two_statements(watched: Watched, name: str, alice: int) -> None:
    """A move is one: the function that PostgreSQL runs returns the task as it is."""
    for _ in range(2):
        assert watched.send(name, alice, If_Match='"77"').status_code == 412
    times = 1 if name in MOVES else 2
    assert watched.exchanges() == {kind: times * number for kind, number in watched.one_round_trip.items()}


def test_a_change_of_nothing_is_two_statements(watched: Watched, alice: int) -> None:
    task = USERS.created(watched.client, alice)
    for _ in range(2):
        watched.tap.take()
        assert "change" not in USERS.change(watched.client, alice, task["id"], title=task["title"]).headers
    assert watched.exchanges() == {kind: 2 * number for kind, number in watched.one_round_trip.items()}


def test_a_task_that_is_not_there_is_one_statement(watched: Watched, alice: int) -> None:
    watched.ask("users_read_task", alice)
    assert watched.client.get(USERS.one(alice, 2**62)).status_code == 404
    watched.tap.take()
    assert watched.client.get(USERS.one(alice, 2**62)).status_code == 404
    assert watched.exchanges() == watched.one_round_trip


def test_what_is_refused_asks_nothing(watched: Watched, alice: int) -> None:
    watched.tap.take()
    assert watched.client.post(USERS.address(alice), json={"title": ""}).status_code == 400
    assert watched.client.get(USERS.one(alice, "abc")).status_code == 400
    assert watched.client.get("/livez").status_code == 200
    assert watched.exchanges() == {}
