"""What ends in the middle: half a list never reads as the whole, and the log names the cause and nothing else."""

import asyncio
import json
import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.support.connections import reset_at_close
from tests.support.databases import ended, execute, fill_without_history
from tests.support.families import USERS
from tests.support.processes import Service
from tests.support.slow_readers import asks, everything_from

READER = 1
ROWS = 3_000
IN_ONE_PIECE = 30  # requests


@pytest.fixture
def service_and_database(own_database: str, folder: Path) -> Iterator[tuple[Service, str]]:
    """A service on a database of its own, in which there is a list of 12 MB, and the name of that database."""
    fill_without_history(own_database, READER, ROWS, "x" * 4000)
    with Service(folder, DATABASE_URL=own_database) as service:
        yield service.ready(), urlsplit(own_database).path[1:]


def test_a_list_whose_database_goes_away_is_broken_off(service_and_database: tuple[Service, str]) -> None:
    service, name = service_and_database
    request = f"GET {USERS.address(READER)}"
    identified = "Host: donebase\r\nX-Request-ID: {}\r\n"
    with (
        asks(service.address, f"{request} HTTP/1.0", head=identified.format("old")) as old,
        asks(service.address, f"{request} HTTP/1.1", head=identified.format("new")) as new,
    ):
        assert old.recv(1, socket.MSG_PEEK)
        assert new.recv(1, socket.MSG_PEEK)
        asyncio.run(execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false", ended(name)))
        half, chunks = everything_from(old), everything_from(new)
    assert half.startswith(b"HTTP/1.1 200")
    assert b"transfer-encoding" not in half.lower()
    with pytest.raises(json.JSONDecodeError):
        json.loads(half.partition(b"\r\n\r\n")[2])
    assert b"transfer-encoding: chunked" in chunks.lower()
    assert not chunks.endswith(b"\r\n0\r\n\r\n")
    for request_id in ("old", "new"):
        assert service.wait_for("database_error", request_id=request_id)["cause"]
    assert service.stop() == 0
    assert {line["event"] for line in service.lines if line["level"] == "error"} == {"database_error"}


def test_pipelined_requests_that_are_reset_are_no_faults(service_and_database: tuple[Service, str]) -> None:
    service, _ = service_and_database
    for path in (f"{USERS.address(READER)}?limit=30", USERS.address(2), "/livez") * 10:
        with asks(service.address, *[f"GET {path} HTTP/1.1"] * IN_ONE_PIECE) as client:
            assert client.recv(1)
            reset_at_close(client)
    assert service.stop() == 0
    assert [line for line in service.lines if line["level"] != "info"] == []
