"""A request with a token that is known is one statement, as one without; the first sight of a token costs one more."""

from collections.abc import Iterator

import httpx
import pytest

from donebase import maintenance
from donebase.accounts import known_grants
from donebase.app import create_service
from donebase.http.access import Access
from donebase.routes import GUARDED_FAMILIES, every_route
from donebase.settings import Settings
from tests.support import tokens
from tests.support.in_process import serving
from tests.support.operations import plain
from tests.support.personal_tokens import ScriptsToken
from tests.support.tokens import Person, bearer
from tests.support.wire import WireTap

# A stream of events has no end.
OPERATIONS = {
    route.unique_id: route
    for route in every_route(GUARDED_FAMILIES)
    if route.access is Access.TASKS and not route.path.endswith("/events")
}


class Counted:
    """A client of a service that asks for tokens, and a tap on the one connection of that to PostgreSQL."""

    def __init__(self, client: httpx.Client, tap: WireTap) -> None:
        self.client = client
        self.tap = tap

    def statements(self, headers: dict[str, str], status: int, method: str = "GET", **request: object) -> int:
        """Return how many statements a request has asked that is answered with this status."""
        self.tap.take()
        response = self.client.request(method, "/users/me/tasks", headers=headers, **request)  # type: ignore[arg-type]
        assert response.status_code == status, response.text
        return self.tap.take()["E"]


@pytest.fixture
def counted(own_database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Counted]:
    """One without anything in the background."""
    monkeypatch.setattr(maintenance, "CONFIRM_EVERY", 3600)
    monkeypatch.setattr(known_grants, "TRUSTED", 3600)
    for name in ("FIRST_LOOK", "FIRST_REMOVAL"):
        monkeypatch.setattr(maintenance, name, (3600, 3600))
    with WireTap(own_database) as tap:
        settings = Settings.read(
            database_url=tap.url, database_pool_size=1, database_timeout=600, history_days=0, auth="required",
            auth_jwt_secret=tokens.SECRET,
        )  # fmt: skip
        with serving(create_service(settings)) as address, httpx.Client(base_url=address) as client:
            yield Counted(client, tap)


def test_a_request_with_a_known_token_is_one_statement(counted: Counted) -> None:
    ann = Person.new(counted.client)
    script = ScriptsToken.made(counted.client, ann)
    for first, headers in ((0, ann.headers), (1, script.headers), (1, bearer(ann.subject, jti="another"))):
        assert counted.statements(headers, 200) == 1 + first
        for _ in range(3):
            assert counted.statements(headers, 200) == 1
            assert counted.statements(headers, 201, "POST", json={"title": "x"}) == 1


def test_every_operation_on_tasks_is_one_statement_with_a_known_token(counted: Counted) -> None:
    ann = Person.new(counted.client)
    script = ScriptsToken.made(counted.client, ann)
    assert counted.statements(script.headers, 200) == 2
    asked: dict[str, int] = {}
    for name, route in OPERATIONS.items():
        mine = {"title": "as it was"}
        task = counted.client.post("/users/me/tasks", json=mine, headers=ann.headers).json()
        if name.endswith("_move_task"):  # to the end of the list, which changes something where another task follows
            counted.client.post("/users/me/tasks", json=mine, headers=ann.headers)
        request = plain(route, ann.number, task["id"], task["version"])
        counted.tap.take()
        response = request.send(counted.client, script.headers)
        assert response.is_success, (name, response.text)
        asked[name] = counted.tap.take()["E"]
    assert asked == dict.fromkeys(OPERATIONS, 1)
    assert len(asked) > 40


def test_what_is_refused_for_its_token_asks_one_statement_at_most(counted: Counted) -> None:
    reader = ScriptsToken.made(counted.client, Person.new(counted.client), ["tasks:read"])
    assert counted.statements(reader.headers, 200) == 2
    assert counted.statements(reader.headers, 403, "POST", json={"title": "x"}) == 0
    for forged, asked in ((f"dnb_{'x' * 43}", 1), ("dnb_", 0), (f"dnb_{'x' * 44}", 0), ("a.b.c", 0), ("x", 0)):
        assert counted.statements({"Authorization": f"Bearer {forged}"}, 401) == asked
    assert counted.statements({}, 401) == 0
