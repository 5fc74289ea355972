"""Many live streams, and slow ones: what they cost in memory and statements, and who is ended."""

import asyncio
import resource
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from donebase.app import create_service
from donebase.core import feed
from donebase.core.changes import read_changes
from donebase.http import event_stream, open_streams
from donebase.postgres.database import PostgresDatabase
from donebase.settings import Settings
from tests.conftest import NO_HURRY
from tests.support.connections import connect
from tests.support.databases import fetchval, fill
from tests.support.event_source import EventSource
from tests.support.families import USERS
from tests.support.in_process import serving
from tests.support.processes import Service
from tests.support.slow_readers import all_begun, asks, everything_from
from tests.support.waiting import DEADLINE, until, wait_for
from tests.support.wire import WireTap

STREAMS = 2_000
AT_ONCE = 50  # what requests need while they wait for each other is not a stream's
KB = 1024
# The driver asks for types once on each connection; what removes history asks something as well.
ONE = {"DATABASE_POOL_SIZE": "1", "HISTORY_DAYS": "0", **NO_HURRY}


@pytest.fixture(autouse=True)
def many_files() -> Iterator[None]:
    """Let this process have as many connections open as there are streams."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (before[1], before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


def streams_for(stack: ExitStack, address: str, users: range) -> list[socket.socket]:
    """Open a stream for each user, a few at a time, and wait until all have begun."""
    opened: list[socket.socket] = []
    for first in users[::AT_ONCE]:
        some = [stack.enter_context(connect(address)) for _ in users[:AT_ONCE]]
        for user, connection in enumerate(some, start=first):
            connection.sendall(f"GET {USERS.beside(user, 'events')} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        for connection in some:
            received = b""
            while b"id: " not in received:
                received += (more := connection.recv(4096))
                assert more, received
        opened += some
    return opened


def executed(tap: WireTap, seconds: float) -> tuple[int, float]:
    """Return how many statements were executed in a time, and how long it was at most."""
    began = time.monotonic()
    tap.take()
    time.sleep(seconds)
    return tap.take()["E"], time.monotonic() - began


@pytest.mark.long
def test_two_thousand_streams_are_small_and_ask_one_statement_at_a_time(own_database: str, folder: Path) -> None:
    # Where coverage is measured, it is not in this service: its own memory would count as that of streams.
    settings = ONE | {"MAX_CONNECTIONS": str(STREAMS + 100), "COVERAGE_PROCESS_CONFIG": ""}
    with (
        WireTap(own_database) as tap,
        Service(folder, DATABASE_URL=tap.url, **settings) as service,
        httpx.Client(base_url=service.ready().address) as client,
    ):
        process = psutil.Process(service.process.pid)
        with ExitStack() as stack:
            streams_for(stack, service.address, range(1, AT_ONCE + 1))  # what the first ones load and keep
        before = process.memory_info().rss, process.num_fds()
        with ExitStack() as stack:
            streams = streams_for(stack, service.address, range(1, STREAMS + 1))
            grown = process.memory_info().rss - before[0]
            assert grown < STREAMS * 10 * KB
            statements, seconds = executed(tap, 2)
            assert statements <= seconds / feed.POLL_EVERY + 1
            wait_for(lambda: executed(tap, feed.POLL_EVERY)[0] >= 1)
            for user in (1, STREAMS // 2, STREAMS):
                task = USERS.created(client, user)
                received = b""
                while f'"id":{task["id"]},'.encode() not in received:  # after comments, if it has taken long
                    received += (more := streams[user - 1].recv(4096))
                    assert more, received
        wait_for(lambda: process.num_fds() <= before[1])
        wait_for(lambda: executed(tap, 3 * feed.POLL_EVERY)[0] == 0)


def test_streams_of_one_owner_share_what_is_read(database_url: str, folder: Path, alice: int) -> None:
    with (
        WireTap(database_url) as tap,
        Service(folder, DATABASE_URL=tap.url, **ONE) as service,
        httpx.Client(base_url=service.ready().address) as client,
        ExitStack() as stack,
    ):
        sources = [
            stack.enter_context(EventSource(service.address, USERS.beside(alice, "events")).opened()) for _ in range(50)
        ]
        began = time.monotonic()
        tap.take()
        task = USERS.created(client, alice)
        assert [source.next().data["tasks"] for source in sources] == [[task]] * 50
        asked = tap.take()["E"]
        polls = (time.monotonic() - began) / feed.POLL_EVERY + 1
        assert 2 <= asked <= 2 + polls  # the write, and what it changed


@contextmanager
def in_this_process(database_url: str) -> Iterator[str]:
    with serving(create_service(Settings.read(database_url=database_url, database_timeout=600))) as address:
        yield address


def test_a_change_by_the_same_process_is_not_waited_for(
    database_url: str, alice: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "POLL_EVERY", 3600)
    with (
        in_this_process(database_url) as address,
        EventSource(address, USERS.beside(alice, "events")).opened() as source,
        httpx.Client(base_url=address) as client,
    ):
        task = USERS.created(client, alice)
        assert source.next().data["tasks"] == [task]


def test_a_client_that_leaves_while_its_changes_are_read_is_no_fault(
    database_url: str, alice: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetchval(database_url, "INSERT INTO tasks (user_id, title) VALUES ($1, 'x')", alice)
    is_reading, has_left = threading.Event(), threading.Event()
    faults: list[Exception] = []
    remove = open_streams.EventStreams.remove

    async def read_slowly(*arguments: Any) -> Any:
        is_reading.set()
        await asyncio.to_thread(has_left.wait, DEADLINE)
        return await read_changes(*arguments)

    def removed(streams: open_streams.EventStreams, stream: event_stream.EventStream) -> None:
        remove(streams, stream)
        has_left.set()

    monkeypatch.setattr(feed, "read_changes", read_slowly)
    monkeypatch.setattr(open_streams.EventStreams, "remove", removed)
    monkeypatch.setattr(event_stream, "report", faults.append)
    events = USERS.beside(alice, "events", since=0)
    with in_this_process(database_url) as address:
        with EventSource(address, events).opened():
            assert is_reading.wait(DEADLINE)
        with EventSource(address, events).opened() as source:
            assert source.next().change == 1
    assert faults == []


def test_however_often_streams_come_and_go_one_timer_looks_at_them(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        timers: list[float] = []
        monkeypatch.setattr(asyncio.get_running_loop(), "call_later", lambda after, _call: timers.append(after))
        database = PostgresDatabase(Settings.read(database_url="postgresql://localhost/none"))
        streams = open_streams.EventStreams(feed.ChangeFeed(database, event_stream.change_event, print))
        for _ in range(3):
            stream = event_stream.EventStream(streams)
            streams.add(stream)
            streams.remove(stream)
        assert timers == [open_streams.LOOK_EVERY]

    asyncio.run(story())


def test_a_stream_has_comments_while_nothing_changes(
    database_url: str, alice: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(open_streams, "COMMENT_EVERY", 0.05)
    monkeypatch.setattr(open_streams, "LOOK_EVERY", 0.05)
    with (
        in_this_process(database_url) as address,
        EventSource(address, USERS.beside(alice, "events")).opened() as source,
    ):
        source.wait_for_comments(3)
        fetchval(database_url, "INSERT INTO tasks (user_id, title) VALUES ($1, 'x')", alice)
        assert source.next().change == 1
        source.wait_for_comments(3)


def test_streams_have_their_comments_a_hundred_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each has a task meanwhile: all at once would take memory that no stream needs otherwise."""
    monkeypatch.setattr(open_streams, "COMMENT_EVERY", 0.05)
    monkeypatch.setattr(open_streams, "LOOK_EVERY", 0.05)
    together = most = 0
    commented: set[object] = set()

    class Stream:
        def comment(self) -> None:
            nonlocal together, most
            together += 1
            most = max(most, together)
            commented.add(self)
            asyncio.get_running_loop().call_soon(self._has_written)

        def _has_written(self) -> None:
            nonlocal together
            together -= 1

    async def number() -> int:
        return len(commented)

    async def story() -> None:
        streams = open_streams.EventStreams(None)  # type: ignore[arg-type]
        for _ in range(1_050):
            streams.add(Stream())  # type: ignore[arg-type]
        await until(number, 1_050)

    asyncio.run(story())
    assert most == 100


def test_a_client_that_reads_nothing_is_ended_and_resumes_and_an_idle_one_is_not(
    database_url: str, folder: Path, alice: int, bob: int
) -> None:
    fill(database_url, alice, 1_000, "x" * 5_000)  # more than fits into the buffers on the way, in one event
    settings = {"SEND_TIMEOUT": "2", "HEADER_TIMEOUT": "2"}
    elsewhere = folder / "elsewhere"
    elsewhere.mkdir()
    with (
        Service(folder, DATABASE_URL=database_url, **settings) as service,
        # Where it resumes: whoever is held up for two seconds would be ended here as well.
        Service(elsewhere, DATABASE_URL=database_url, **NO_HURRY) as other,
        EventSource(service.ready().address, USERS.beside(bob, "events")).opened() as idle,
        asks(
            service.address,
            f"GET {USERS.beside(alice, 'events', since=0)} HTTP/1.1",
            head="Host: x\r\nX-Request-ID: slow\r\n",
        ) as slow,
    ):
        service.wait_for("request", request_id="slow")  # ended, though nothing was taken
        assert b"\r\nid: 1\n" in (received := everything_from(slow))
        assert b'"deleted":[]' not in received  # the end of the event, without which it is none
        with EventSource(other.ready().address, USERS.beside(alice, "events"), {"Last-Event-ID": "0"}) as source:
            assert len(source.opened().next().data["tasks"]) == 1_000
        fetchval(database_url, "INSERT INTO tasks (user_id, title) VALUES ($1, 'x')", bob)
        assert idle.next().change == 1


@pytest.mark.long
def test_streams_that_stall_in_a_large_event_do_not_each_keep_it(database_url: str, folder: Path, alice: int) -> None:
    fill(database_url, alice, 1_000, "x" * 5_000)
    with Service(folder, DATABASE_URL=database_url) as service, ExitStack() as stack:
        process = psutil.Process(service.ready().process.pid)
        before = process.memory_info().rss
        for _ in range(16):
            request = f"GET {USERS.beside(alice, 'events', since=0)} HTTP/1.1"
            all_begun(stack, [asks(service.address, request)])
            time.sleep(1.2 * feed.POLL_EVERY)  # so that what one has read is not there any more for the next
        grown = process.memory_info().rss - before
        assert grown < 50 * 10**6, "not 5 MB for each"
