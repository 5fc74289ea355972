"""Bodies that do not arrive: too slow, cut off, or too large to wait for."""

import socket
import time
from collections.abc import Iterator

import httpx
import pytest

from tests.support.connections import connect, only_response, until_closed
from tests.support.families import USERS
from tests.support.processes import Service

SLOW = 2_000  # bytes, one after the other: it takes as long as nobody would wait


@pytest.fixture(scope="module")
def short_timeouts(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    limits = {"BODY_TIMEOUT": "0.5", "MAX_BODY_BYTES": "2048"}
    with Service(tmp_path_factory.mktemp("short_timeouts"), DATABASE_URL=database_url, **limits) as service:
        yield service.ready()


def head(user: int, *headers: str) -> bytes:
    lines = [f"POST {USERS.address(user)} HTTP/1.1", "Host: x", "Content-Type: application/json", *headers]
    return "\r\n".join([*lines, "", ""]).encode()


def answer(connection: socket.socket) -> tuple[int, dict[str, object]]:
    """Read until the service closes the connection; return the status and the body."""
    response = only_response(until_closed(connection))
    return response.status_code, response.json()


def dribble(connection: socket.socket) -> None:
    """Send a body of white space, slower than anybody waits."""
    for _ in range(SLOW):
        connection.sendall(b" ")
        time.sleep(0.05)


def tasks_of(service: Service, user: int) -> object:
    return httpx.get(service.address + USERS.address(user)).json()


def test_a_body_that_stops_is_waited_for_only_so_long(short_timeouts: Service, alice: int) -> None:
    with connect(short_timeouts.address) as connection:
        connection.sendall(head(alice, "Content-Length: 100") + b'{"title": "never')
        status, problem = answer(connection)
    assert (status, problem["code"]) == (400, "MALFORMED_JSON")
    assert tasks_of(short_timeouts, alice) == []


def test_a_body_that_comes_a_byte_at_a_time_is_waited_for_no_longer(short_timeouts: Service, alice: int) -> None:
    with connect(short_timeouts.address) as connection:
        connection.sendall(head(alice, f"Content-Length: {SLOW}"))
        with pytest.raises((BrokenPipeError, ConnectionResetError)):
            dribble(connection)
    assert tasks_of(short_timeouts, alice) == []


@pytest.mark.parametrize("framing", ["Content-Length: 40", "Transfer-Encoding: chunked"])
def test_a_client_that_goes_away_in_its_body_has_done_nothing(
    short_timeouts: Service, alice: int, framing: str
) -> None:
    body = b'{"title": "half a task"}'
    request_id = f"gone.{alice}.{framing[:3]}"
    with connect(short_timeouts.address) as connection:
        piece = body if "Length" in framing else b"18\r\n" + body + b"\r\n"
        connection.sendall(head(alice, framing, f"X-Request-ID: {request_id}") + piece)
    line = short_timeouts.wait_for("request", request_id=request_id)
    assert line["status"] == 400
    assert tasks_of(short_timeouts, alice) == []
    assert {each["level"] for each in short_timeouts.lines if each["request_id"] == request_id} == {"info"}


@pytest.mark.parametrize("framing", ["Content-Length: 50000000", "Transfer-Encoding: chunked"])
def test_a_body_that_is_too_large_is_not_waited_for(short_timeouts: Service, alice: int, framing: str) -> None:
    with connect(short_timeouts.address) as connection:
        connection.sendall(head(alice, framing) + (b"" if "Length" in framing else b"1000\r\n" + b" " * 4096 + b"\r\n"))
        status, problem = answer(connection)
    assert (status, problem["code"]) == (413, "BODY_TOO_LARGE")
