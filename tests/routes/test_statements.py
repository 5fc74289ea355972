"""One request is one statement and one round trip: every operation is walked, and what it asks is counted."""

from collections.abc import Iterator

import httpx
import pytest

from donebase.routes import task_operations
from tests.support.families import API, USERS, V1, Family
from tests.support.processes import Service
from tests.support.wire import WireTap

OPERATIONS: dict[str, tuple[Family, str, str, dict[str, object] | None]] = {
    "v1_create_task": (V1, "POST", "", {"title": "x", "user_id": 0}),
    "v1_list_tasks": (V1, "GET", "?after={task_id}&limit=1000", None),
    "v1_read_task": (V1, "GET", "/{task_id}", None),
    "v1_replace_task": (V1, "PUT", "/{task_id}", {"title": "x"}),
    "v1_change_task": (V1, "PATCH", "/{task_id}", {"completed": True}),
    "v1_delete_task": (V1, "DELETE", "/{task_id}", None),
    "users_create_task": (USERS, "POST", "", {"title": "x"}),
    "users_list_tasks": (USERS, "GET", "", None),
    "users_read_task": (USERS, "GET", "/{task_id}", None),
    "users_change_task": (USERS, "PUT", "/{task_id}", {"title": "x", "description": None}),
    "users_delete_task": (USERS, "DELETE", "/{task_id}", None),
    "api_create_task": (API, "POST", "", {"title": "x"}),
    "api_list_tasks": (API, "GET", "", None),
    "api_read_task": (API, "GET", "/{task_id}", None),
    "api_change_task": (API, "PUT", "/{task_id}", {"title": "x"}),
    "api_complete_task": (API, "PATCH", "/{task_id}/complete", None),
    "api_delete_task": (API, "DELETE", "/{task_id}", None),
}


class Watched:
    """A service with one connection to PostgreSQL, and a tap on it."""

    def __init__(self, service: Service, tap: WireTap) -> None:
        self.tap = tap
        self.client = httpx.Client(base_url=service.address)
        # Without prepared statements (behind a pooler that loses them) each is parsed in an exchange of its own.
        found = service.wait_for("database.connected")
        self.one_round_trip = {"E": 1, "S": 1} if found["prepared_statements"] == "on" else {"E": 1, "S": 1, "H": 1}

    def ask(self, name: str, user: int) -> httpx.Response:
        """Do an operation on a task of this user's that was made for it, and check that it was done."""
        family, method, rest, body = OPERATIONS[name]
        task_id = V1.created(self.client, user)["id"] if "{task_id}" in rest else None
        if body and "user_id" in body:
            body = body | {"user_id": user}
        self.tap.take()
        response = self.client.request(method, family.address(user) + rest.format(task_id=task_id), json=body)
        assert response.is_success, response.text
        return response

    def exchanges(self) -> dict[str, int]:
        """Return how often PostgreSQL was told to execute, and to answer what it had been sent."""
        asked = self.tap.take()
        return {kind: asked[kind] for kind in "EQSH" if asked[kind]}


@pytest.fixture(scope="module")
def watched(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    folder = tmp_path_factory.mktemp("watched")
    with (
        WireTap(database_url) as tap,
        Service(folder, DATABASE_URL=tap.url, DATABASE_POOL_SIZE="1") as service,
    ):
        watched = Watched(service.ready(), tap)
        with watched.client:
            yield watched


def test_every_operation_on_tasks_is_walked() -> None:
    assert [route.unique_id for route in task_operations()] == list(OPERATIONS)


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_operation_is_one_statement_and_one_round_trip(watched: Watched, name: str, alice: int) -> None:
    watched.ask(name, alice)  # the first time a connection sees a statement, it is parsed
    watched.ask(name, alice)
    assert watched.exchanges() == watched.one_round_trip


@pytest.mark.parametrize("name", ["v1_create_task", "users_create_task", "api_create_task"])
def test_a_users_first_task_is_one_statement_and_one_round_trip(
    watched: Watched, name: str, alice: int, bob: int
) -> None:
    watched.ask(name, alice)
    watched.ask(name, bob)
    assert watched.exchanges() == watched.one_round_trip


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
