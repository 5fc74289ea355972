"""What somebody has typed in psql, and no request could have: an owner's lists and history stay readable."""

import math
from collections.abc import Iterator

import httpx
import pytest

from tests.support.event_source import EventSource
from tests.support.families import USERS
from tests.support.processes import Service
from tests.support.psql import Json, Psql

ORDERS = (math.nan, math.inf, -math.inf, 1.5)
DUES: list[Json | None] = [
    *({"date": "soon"}, {"date": "2026-01-01", "time": "24:00"}, {"date": 17, "time": {"a": 1}}, {}, None),
    {"date": "2026-01-01", "time": None, "time_zone": None},
]


@pytest.fixture
def psql(database_url: str, alice: int) -> Iterator[Psql]:
    session = Psql(database_url, alice)
    yield session
    session.run("DELETE FROM tasks WHERE user_id = $1", alice)  # which the flat list of other tests would have
    session.close()


def paged(client: httpx.Client, user: int, sort: str) -> list[int]:
    """Return the ids of pages of one task each, followed by their links."""
    found = []
    address = f"{USERS.address(user)}?sort={sort}&limit=1"
    while True:
        response = client.get(address)
        assert response.status_code == 200, response.text
        found += [task["id"] for task in response.json()]
        if "next" not in response.links:
            return found
        address = response.links["next"]["url"]


@pytest.mark.parametrize("sort", ["order", "-order", "due", "-due"])
def test_pages_go_on_after_any_value(client: httpx.Client, psql: Psql, sort: str) -> None:
    for order in ORDERS:
        psql.create("ordered", order=order)
    for due in DUES:
        psql.create("due", due=due)
    whole = [task["id"] for task in client.get(USERS.address(psql.user), params={"sort": sort}).json()]
    assert len(whole) == len(ORDERS) + len(DUES)
    assert paged(client, psql.user, sort) == whole


def test_an_order_that_is_no_number_is_answered_as_one(client: httpx.Client, service: Service, psql: Psql) -> None:
    for order in ORDERS:
        [task] = psql.create("x")
        psql.change(f"\"order\" = '{order}'", task)
    largest = 1.7976931348623157e308
    wanted = [largest, largest, -largest, 1.5]
    assert [task["order"] for task in client.get(USERS.address(psql.user)).json()] == wanted
    entries = client.get(USERS.beside(psql.user, "history", action="changed")).json()
    assert [entry["after"]["order"] for entry in reversed(entries)] == wanted
    with EventSource(service.address, USERS.beside(psql.user, "events", since=0)) as events:
        told = events.take(2 * len(ORDERS))
    assert [event.data["tasks"][0]["order"] for event in told[1::2]] == wanted
    for change in range(2, 2 * len(ORDERS) + 1, 2):
        assert client.post(USERS.beside(psql.user, f"history/{change}/undo")).status_code == 200
    assert [task["order"] == task["id"] for task in client.get(USERS.address(psql.user)).json()] == [True] * len(ORDERS)


def test_a_task_with_an_id_that_no_order_can_be_is_sent_back(client: httpx.Client, psql: Psql) -> None:
    task_id = 2**53 + 1 + psql.user // 2**10 * 2  # odd: `double precision` does not have it
    psql.run("INSERT INTO tasks (user_id, id, title) OVERRIDING SYSTEM VALUE VALUES ($1, $2, 'x')", psql.user, task_id)
    task = USERS.read(client, psql.user, task_id).json()
    response = USERS.change(client, psql.user, task_id, **task)
    psql.delete(task_id)  # other tests look at all tasks with a greater id than their own
    assert (response.status_code, response.json()) == (200, task)


@pytest.mark.parametrize("query", ["", "?sort=title", "?limit=3", "?sort=-order&limit=2"])
def test_a_task_that_is_larger_than_a_piece_is_sent(client: httpx.Client, psql: Psql, query: str) -> None:
    for tags in (10_000, 1, 10_000, 10_000, 1):
        psql.create("x", tags=[f"a tag like this one, {number}" for number in range(tags)])
    response = client.get(USERS.address(psql.user) + query)
    listed = [len(task["tags"]) for task in response.json()]
    while "next" in response.links:
        response = client.get(response.links["next"]["url"])
        listed += [len(task["tags"]) for task in response.json()]
    assert sorted(listed) == [1, 1, 10_000, 10_000, 10_000]
