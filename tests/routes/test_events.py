"""The live stream of changes: each is an event, in order, once, and from wherever a client wants to resume."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from tests.conftest import NO_HURRY
from tests.support.databases import fetchval
from tests.support.event_source import EventSource
from tests.support.families import API, USERS, Family, Json
from tests.support.metrics import REQUESTS, metrics, total
from tests.support.processes import Service

LARGE = "\N{GRINNING FACE}" * 5_000  # 20 KB


def stream(service: Service, user: int, family: Family = USERS, **query: object) -> EventSource:
    """Open a stream of a user's changes, and wait until it is there."""
    return EventSource(service.address, family.beside(user, "events", **query)).opened()


def change_number(response: httpx.Response) -> int:
    return int(response.headers["Change"])


def run_sql(url: str, *commands: str) -> None:
    """Run commands on a database, each in a transaction of its own."""

    async def run() -> None:
        connection = await asyncpg.connect(url, statement_cache_size=0)
        try:
            for command in commands:
                await connection.execute(command)
        finally:
            await connection.close()

    asyncio.run(run())


def test_each_change_is_an_event_with_the_tasks_as_it_left_them(
    service: Service, client: httpx.Client, family: Family, alice: int
) -> None:
    with stream(service, alice, family) as events:
        assert (events.last_id, events.retry) == ("0", 1000)
        created = family.create(client, alice, title="Buy milk")
        changed = family.change(client, alice, created.json()["id"], title="Buy oat milk")
        completed = family.change(client, alice, created.json()["id"], completed=True)
        deleted = family.delete(client, alice, created.json()["id"])
        for response in (created, changed, completed):
            event = events.next()
            assert event.change == change_number(response)
            assert event.data == {"change": event.change, "tasks": [response.json()], "deleted": []}
        event = events.next()
        assert event.change == change_number(deleted) == 4
        assert event.data == {"change": 4, "tasks": [], "deleted": [created.json()["id"]]}


def test_many_tasks_of_one_request_are_one_event(
    service: Service, client: httpx.Client, owned: Family, alice: int
) -> None:
    address = owned.address(alice)
    with stream(service, alice, owned) as events:
        created = client.post(address, json=[{"title": "x"}] * 30).json()
        assert events.next().data == {"change": 1, "tasks": created, "deleted": []}
        client.patch(address, json={"completed": True})
        changed = client.get(address).json()
        assert events.next().data == {"change": 2, "tasks": changed, "deleted": []}
        client.delete(address, params={"completed": "true"})
        assert events.next().data == {"change": 3, "tasks": [], "deleted": [task["id"] for task in created]}


def test_the_answer_is_a_stream_that_nobody_on_the_way_keeps(service: Service, alice: int) -> None:
    with stream(service, alice) as events:
        assert events.headers["content-type"] == "text/event-stream"
        assert events.headers["cache-control"] == "no-store"
        assert events.headers["x-accel-buffering"] == "no"
        assert "content-encoding" not in events.headers


def test_an_event_is_a_change_however_many_tasks_it_touched(
    service: Service, client: httpx.Client, database_url: str, alice: int
) -> None:
    first, second, third = (USERS.created(client, alice, title=title) for title in "abc")
    with stream(service, alice) as events:
        run_sql(
            database_url,
            f"BEGIN; UPDATE tasks SET completed = true WHERE user_id = {alice} AND id <> {third['id']};"
            f"DELETE FROM tasks WHERE user_id = {alice} AND id = {third['id']}; COMMIT",
        )
        event = events.next()
        assert [task["id"] for task in event.data["tasks"]] == [first["id"], second["id"]]
        assert event.data["tasks"] == USERS.listed(client, alice)
        assert event.data["deleted"] == [third["id"]]


def test_a_stream_is_of_one_owner(service: Service, client: httpx.Client, alice: int, bob: int) -> None:
    with stream(service, alice) as events:
        USERS.created(client, bob, title="Bob's")
        task = USERS.created(client, alice, title="Alice's")
        assert events.next().data["tasks"] == [task]


@pytest.mark.parametrize("number", range(4))
def test_a_stream_resumes_after_a_number_with_nothing_missed_and_nothing_twice(
    service: Service, client: httpx.Client, owned: Family, alice: int, number: int
) -> None:
    task = owned.created(client, alice)
    for title in ("b", "c"):
        owned.change(client, alice, task["id"], title=title)
    with stream(service, alice, owned, since=number) as events:
        owned.change(client, alice, task["id"], title="d")
        assert events.last_id == str(number)
        assert [event.change for event in events.up_to(4)] == [*range(number + 1, 5)]


def test_the_last_event_id_wins_over_the_address_that_a_browser_repeats(
    service: Service, client: httpx.Client, family: Family, alice: int
) -> None:
    for title in "abc":
        family.created(client, alice, title=title)
    address = family.beside(alice, "events", since=0)
    with EventSource(service.address, address, {"Last-Event-ID": "2"}) as events:
        assert [event.data["tasks"][0]["title"] for event in events.opened().up_to(3)] == ["c"]


def test_a_stream_begins_only_where_the_history_is_complete(
    service: Service, client: httpx.Client, database_url: str, alice: int
) -> None:
    for title in "abcd":
        USERS.created(client, alice, title=title)
    fetchval(database_url, "DELETE FROM history WHERE user_id = $1 AND change <= 2", alice)
    for since, status in ((0, 410), (1, 410), (2, 200), (4, 200), (5, 410)):
        with EventSource(service.address, USERS.beside(alice, "events", since=since)) as events:
            assert events.status == status
            if status == 410:
                assert events.headers["content-type"] == "application/problem+json"


def test_all_that_came_meanwhile_is_sent_in_its_order(
    service: Service, client: httpx.Client, database_url: str, alice: int
) -> None:
    task = USERS.created(client, alice)
    number = 350  # more than is read at a time
    change = f"UPDATE tasks SET title = n::text WHERE user_id = {alice} AND id = {task['id']}"
    run_sql(database_url, f"DO $$ BEGIN FOR n IN 1..{number} LOOP {change}; COMMIT; END LOOP; END $$")
    with stream(service, alice, since=1) as events:
        received = events.take(number)
    assert [event.change for event in received] == [*range(2, number + 2)]
    assert [event.data["tasks"][0]["title"] for event in received] == [str(n) for n in range(1, number + 1)]


def test_large_tasks_arrive_whole(service: Service, client: httpx.Client, database_url: str, alice: int) -> None:
    """Alone in their events, of which fewer are read at a time then, and all in the event of one change."""
    tasks = [USERS.created(client, alice, description=LARGE) for _ in range(12)]
    fetchval(database_url, "UPDATE tasks SET completed = true WHERE user_id = $1", alice)
    with stream(service, alice, since=0) as events:
        assert [event.data["tasks"] for event in events.take(12)] == [[task] for task in tasks]
        assert events.next().data["tasks"] == USERS.listed(client, alice)


def test_a_head_request_ends(service: Service, family: Family, alice: int) -> None:
    answer = httpx.head(service.address + family.beside(alice, "events"), headers={"X-Request-ID": f"head.{alice}"})
    assert (answer.status_code, answer.headers["content-type"], answer.content) == (200, "text/event-stream", b"")
    service.wait_for("request", request_id=f"head.{alice}", method="HEAD", status=200)


@pytest.fixture
def unused(database_url: str, folder: Path) -> Iterator[Service]:
    """A service that nobody else has asked anything: streams that have just been left elsewhere are still counted."""
    with Service(folder, DATABASE_URL=database_url, HISTORY_DAYS="0", **NO_HURRY) as service:
        yield service.ready()


def test_a_stream_is_logged_and_counted_when_it_ends(unused: Service, alice: int) -> None:
    """Its line has how long it lasted; the histogram of durations has how long it took to begin."""
    route = API.beside(alice, "events").replace(str(alice), "{user_id}")
    with httpx.Client(base_url=unused.address) as client:
        with EventSource(unused.address, API.beside(alice, "events"), {"X-Request-ID": "stream"}) as events:
            events.opened()
            API.created(client, alice)
            events.next()
            lines = [line for line in unused.lines if line["request_id"] == "stream"]
            assert (lines, durations(client, route)) == ([], (0, 0))
        line = unused.wait_for("request", request_id="stream")
        found: Json = {name: line[name] for name in ("status", "route", "action", "user_id", "task_id")}
        assert found == {"status": 200, "route": route, "action": "task.events", "user_id": alice, "task_id": None}
        count, seconds = durations(client, route)
    assert count == 1
    assert seconds < line["ms"] / 1000


def durations(client: httpx.Client, route: str) -> tuple[Any, Any]:
    found = metrics(client.get("/metrics"))
    return total(found, f"{REQUESTS}_count", route=route), total(found, f"{REQUESTS}_sum", route=route)
