"""SIGTERM in the middle of a long list: who goes on reading gets the whole, who does not keeps nobody waiting."""

import asyncio
import json
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path

import httpx
import pytest

from tests.outages.callers import no_longer_takes_connections, stop
from tests.support.databases import empty, fill_without_history
from tests.support.families import USERS
from tests.support.processes import Service

LONG_LIST = 2_000


@pytest.fixture
def reader(database_url: str, alice: int) -> Iterator[int]:
    """A user with a list that fits into no buffer on its way, for as long as it takes."""
    fill_without_history(database_url, alice, LONG_LIST, "x" * 4000)
    yield alice
    empty(database_url, alice)


@contextmanager
def reading_slowly(service: Service, user: int) -> Iterator[Iterator[bytes]]:
    """Ask for a long list, take its beginning, and yield all of it as it is taken."""
    little_room = [(socket.SOL_SOCKET, socket.SO_RCVBUF, 2**16)]
    transport = httpx.HTTPTransport(socket_options=little_room)
    with (
        httpx.Client(base_url=service.address, transport=transport) as client,
        client.stream("GET", USERS.address(user), headers={"X-Request-ID": f"slow.{user}"}) as response,
    ):
        pieces = response.iter_bytes()
        yield chain([next(pieces)], pieces)


def has_answered(service: Service, user: int) -> bool:
    return any(line["request_id"] == f"slow.{user}" and line["event"] == "request" for line in service.lines)


def test_a_slow_reader_gets_the_whole_of_a_list(database_url: str, folder: Path, reader: int) -> None:
    with (
        Service(folder, DATABASE_URL=database_url, SHUTDOWN_GRACE="600", SEND_TIMEOUT="600") as service,
        reading_slowly(service.ready(), reader) as list_to_come,
    ):
        service.process.send_signal(signal.SIGTERM)
        asyncio.run(no_longer_takes_connections(service))
        assert not has_answered(service, reader)
        tasks = json.loads(b"".join(list_to_come))
        assert service.stop() == 0
        assert has_answered(service, reader)
    assert [task["title"] for task in tasks] == [f"task {number}" for number in range(1, LONG_LIST + 1)]
    assert {line["level"] for line in service.lines} == {"info"}


def test_a_reader_who_has_stopped_does_not_keep_it_from_ending(database_url: str, folder: Path, reader: int) -> None:
    """Nor does what there is of the list by then read as the whole."""
    with (
        Service(folder, DATABASE_URL=database_url, SHUTDOWN_GRACE="1", SEND_TIMEOUT="600") as service,
        reading_slowly(service.ready(), reader) as list_to_come,
    ):
        assert asyncio.run(stop(service)) == 0
        with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
            list(list_to_come)
        assert service.wait_for("shutdown_grace.exceeded")["connections"] == 1
