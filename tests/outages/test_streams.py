"""Live streams while something happens to database, service or worker: nothing is missed, and nothing comes twice."""

import asyncio
import http.client
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import psutil
import pytest

from tests.support.databases import ended, execute, fetchval, fill
from tests.support.event_source import EndOfStream, EventSource
from tests.support.families import USERS
from tests.support.processes import Service
from tests.support.servers import free_port
from tests.support.slow_readers import asks, everything_from
from tests.support.waiting import DEADLINE, wait_for

EVENTS = USERS.beside(1, "events")
TASKS = USERS.address(1)
BROKEN = (EndOfStream, ConnectionResetError, http.client.IncompleteRead)
CREATE = "INSERT INTO tasks (user_id, title) VALUES (1, $1)"


@contextmanager
def unreachable(url: str) -> Iterator[None]:
    """Let PostgreSQL refuse the connections to a database, and end those there are."""
    name = urlsplit(url).path[1:]
    asyncio.run(execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false", ended(name)))
    try:
        yield
    finally:
        asyncio.run(execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true"))


def titles(source: EventSource, number: int) -> list[str]:
    """Return the titles of the tasks of the next events."""
    return [task["title"] for event in source.take(number) for task in event.data["tasks"]]


def resumed(service: Service, source: EventSource) -> EventSource:
    """Return the stream that a client opens when another has ended."""
    return EventSource(service.address, EVENTS, {"Last-Event-ID": source.last_id}).opened()


def has_logged(service: Service, event: str, times: int) -> bool:
    return events_of_log(service).count(event) == times


def events_of_log(service: Service) -> list[str]:
    return [line["event"] for line in service.lines if line["event"].startswith("events.")]


def test_an_outage_of_the_database_ends_no_stream_and_no_event_is_missed(own_database: str, folder: Path) -> None:
    with Service(folder, DATABASE_URL=own_database) as service:
        with ExitStack() as stack:
            sources = [stack.enter_context(EventSource(service.ready().address, EVENTS).opened()) for _ in range(3)]
            for number in (1, 2):
                with unreachable(own_database):
                    wait_for(partial(has_logged, service, "events.interrupted", number))
                    httpx.get(f"{service.address}/livez")
                    assert httpx.get(service.address + EVENTS).json()["code"] == "DATABASE_ERROR"
                fetchval(own_database, CREATE, f"outage {number}")
                assert [titles(source, 1) for source in sources] == [[f"outage {number}"]] * 3
                wait_for(partial(has_logged, service, "events.resumed", number))
        assert events_of_log(service) == ["events.interrupted", "events.resumed"] * 2
        assert service.wait_for("events.interrupted")["request_id"] is None


def test_an_outage_in_the_middle_of_an_event_breaks_nothing_off(own_database: str, folder: Path) -> None:
    """The event has to be read again for a slow client, where another stream of its owner is at another place."""
    fill(own_database, 1, 3_000, "x" * 5_000)  # more than fits into the buffers on the way, in one event
    settings = {"DATABASE_URL": own_database, "SEND_TIMEOUT": "600"}
    with (
        Service(folder, **settings) as service,
        EventSource(service.ready().address, f"{EVENTS}?since=0").opened() as slow,
        ThreadPoolExecutor() as threads,
    ):
        fetchval(own_database, CREATE, "next")
        with EventSource(service.address, f"{EVENTS}?since=1").opened() as other:
            assert titles(other, 1) == ["next"]
        with unreachable(own_database):
            read = threads.submit(slow.next)
            service.wait_for("events.interrupted")
            time.sleep(1)  # in which the stream would go on, wherever it is
        assert len(read.result(DEADLINE).data["tasks"]) == 3_000
        assert titles(slow, 1) == ["next"]


def test_a_stream_ends_at_once_with_the_service_and_resumes_at_the_next(own_database: str, folder: Path) -> None:
    """In order, and however long the grace is."""
    settings = {"DATABASE_URL": own_database, "PORT": str(free_port()), "SHUTDOWN_GRACE": "600"}
    with Service(folder, **settings) as service, EventSource(service.ready().address, EVENTS).opened() as source:
        fetchval(own_database, CREATE, "before")
        assert titles(source, 1) == ["before"]
        assert service.stop() == 0
        assert source.rest().strip(b":\n") == b""  # nothing but comments
        assert {line["level"] for line in service.lines} == {"info"}
    fetchval(own_database, CREATE, "between")
    with Service(folder, **settings) as service, resumed(service.ready(), source) as source:
        fetchval(own_database, CREATE, "after")
        assert titles(source, 2) == ["between", "after"]


def test_a_reader_that_has_stopped_does_not_keep_the_service_from_ending(own_database: str, folder: Path) -> None:
    fill(own_database, 1, 1_000, "x" * 5_000)  # more than fits into the buffers on the way, in one event
    settings = {"DATABASE_URL": own_database, "SHUTDOWN_GRACE": "600", "SEND_TIMEOUT": "600"}
    with (
        Service(folder, **settings) as service,
        asks(service.ready().address, f"GET {EVENTS}?since=0 HTTP/1.1") as slow,
    ):
        assert slow.recv(1, socket.MSG_PEEK)
        assert service.stop() == 0
        assert b'"deleted":[]' not in everything_from(slow)  # the end of the event, without which it is none
    assert {line["level"] for line in service.lines} == {"info"}


def test_a_killed_service_loses_no_event(own_database: str, folder: Path) -> None:
    settings = {"DATABASE_URL": own_database, "PORT": str(free_port())}
    with Service(folder, **settings) as service, EventSource(service.ready().address, EVENTS).opened() as source:
        httpx.post(service.address + TASKS, json={"title": "before"}).raise_for_status()
        assert titles(source, 1) == ["before"]
        service.kill()
        with pytest.raises(BROKEN):
            source.next()
    fetchval(own_database, CREATE, "between")
    with Service(folder, **settings) as service, resumed(service.ready(), source) as source:
        httpx.post(service.address + TASKS, json={"title": "after"}).raise_for_status()
        assert titles(source, 2) == ["between", "after"]


@pytest.mark.long
def test_streams_of_every_worker_have_the_changes_of_all_and_outlive_one(own_database: str, folder: Path) -> None:
    with Service(folder, DATABASE_URL=own_database, WORKERS="2") as service, ExitStack() as stack:
        killed, other = service.ready().workers()
        streams = {}
        for each, another in ((killed, other), (other, killed)):
            with standing_still(another):
                streams[each] = stack.enter_context(EventSource(service.address, EVENTS).opened())
        for number in range(6):  # wherever each is made
            httpx.post(service.address + TASKS, json={"title": str(number)}).raise_for_status()
        assert [titles(source, 6) for source in streams.values()] == [[*"012345"]] * 2
        killed.kill()
        with pytest.raises(BROKEN):
            streams[killed].next()
        with resumed(service, streams[killed]) as source:
            httpx.post(service.address + TASKS, json={"title": "after"}).raise_for_status()
            assert titles(source, 1) == titles(streams[other], 1) == ["after"]
        service.wait_for("worker.replaced")


@contextmanager
def standing_still(worker: psutil.Process) -> Iterator[None]:
    """Stop a worker where it stands, so that every connection is the other one's; else the system chooses."""
    worker.suspend()
    try:
        wait_for(lambda: worker.status() == psutil.STATUS_STOPPED)
        yield
    finally:
        worker.resume()
