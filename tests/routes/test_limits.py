"""What protects the service from clients that take too much: each limit is reached, and answers as it should."""

import select
import signal
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import httpx
import pytest

from tests.conftest import NO_HURRY
from tests.support.connections import connect, only_response, until_closed
from tests.support.families import USERS
from tests.support.problems import invalid
from tests.support.processes import Service
from tests.support.slow_readers import everything_from
from tests.support.waiting import wait_for

HEAD = b"GET /livez HTTP/1.1\r\nHost: donebase\r\n"


@contextmanager
def limited(folder: Path, database_url: str, **limits: str) -> Iterator[Service]:
    with Service(folder, DATABASE_URL=database_url, **limits) as service:
        yield service.ready()


def lives(connection: socket.socket) -> None:
    connection.sendall(HEAD + b"\r\n")
    is_answered(connection)


def is_answered(connection: socket.socket) -> None:
    raw = b""
    while not raw.endswith(b"}"):
        raw += (more := connection.recv(65536))
        assert more, raw
    assert raw.startswith(b"HTTP/1.1 200")


@contextmanager
def standing_still(service: Service) -> Iterator[None]:
    """Let a service find connections together with what is sent on them, however long this process takes for both."""
    service.process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        service.process.send_signal(signal.SIGCONT)


@pytest.mark.long
def test_headers_have_to_arrive_in_time(database_url: str, folder: Path) -> None:
    with limited(folder, database_url, HEADER_TIMEOUT="2") as service, ExitStack() as stack:
        with standing_still(service):
            first, kept, silent, dripping = (stack.enter_context(connect(service.address)) for _ in range(4))
            first.sendall(HEAD)
            kept.sendall(HEAD + b"\r\n")
            dripping.sendall(HEAD)
        with suppress(BrokenPipeError, ConnectionResetError):  # what is sent after the answer need not be read
            for byte in b"X-Slow: yes" * 500:
                dripping.sendall(bytes([byte]))
                if select.select([dripping], [], [], 0.02)[0]:
                    break
        invalid(only_response(everything_from(dripping)), ("headers", "too_slow"))
        is_answered(kept)
        kept.sendall(HEAD)
        for slow in (first, kept):
            invalid(only_response(until_closed(slow)), ("headers", "too_slow"))
        assert until_closed(silent) == b""


def test_an_idle_connection_is_kept_longer_than_headers_may_take(database_url: str, folder: Path) -> None:
    with limited(folder, database_url, HEADER_TIMEOUT="2") as service, ExitStack() as stack:
        with standing_still(service):
            kept = stack.enter_context(connect(service.address))
            kept.sendall(HEAD + b"\r\n")
        is_answered(kept)
        with connect(service.address) as silent:
            assert until_closed(silent) == b""  # its headers never came
        lives(kept)


def test_headers_have_a_size(database_url: str, folder: Path) -> None:
    with limited(folder, database_url, MAX_HEADER_BYTES="1024") as service:
        for length, status in ((900, 200), (1100, 400)):
            with connect(service.address) as one:
                one.sendall(HEAD + b"Connection: close\r\nX-Long: " + b"x" * length + b"\r\n\r\n")
                response = only_response(until_closed(one))
                assert response.status_code == status
        invalid(response, ("headers", "too_large"))
        with connect(service.address) as endless:
            endless.sendall(HEAD + b"X-Long: " + b"x" * 400_000)
            invalid(only_response(until_closed(endless)), ("headers", "too_large"))


def test_many_small_requests_in_one_piece_are_no_large_header(database_url: str, folder: Path) -> None:
    with limited(folder, database_url, MAX_HEADER_BYTES="1024") as service, connect(service.address) as one:
        one.sendall((HEAD + b"\r\n") * 32 + HEAD + b"Connection: close\r\n\r\n")
        assert until_closed(one).count(b"HTTP/1.1 200 OK\r\n") == 33


def test_of_endless_requests_in_one_piece_some_are_answered(service: Service) -> None:
    with connect(service.address) as one:
        one.sendall((HEAD + b"\r\n") * 10_000)  # more than is read before the first is answered
        assert until_closed(one).count(b"HTTP/1.1 200 OK\r\n") == 33


def test_a_broken_request_is_logged_once_under_its_own_id(service: Service) -> None:
    head = b"POST /users/1/tasks HTTP/1.1\r\nHost: donebase\r\nX-Request-ID: cut\r\nTransfer-Encoding: chunked\r\n"
    with connect(service.address) as one:
        one.sendall(head + b"Expect: 100-continue\r\n\r\n")
        assert one.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"  # the body is waited for
        one.sendall(b"ZZ\r\n")
        assert only_response(until_closed(one)).headers["x-request-id"] == "cut"
    line = service.wait_for("request", request_id="cut")
    assert [each for each in service.lines if each["request_id"] == "cut"] == [line]


def test_a_connection_too_many_is_turned_away(database_url: str, folder: Path, alice: int) -> None:
    with limited(folder, database_url, MAX_CONNECTIONS="3", **NO_HURRY) as service, ExitStack() as stack:
        kept = httpx.Limits(keepalive_expiry=None)  # a new connection could come before the end of the one it replaces
        clients = [stack.enter_context(httpx.Client(base_url=service.address, limits=kept)) for _ in range(3)]
        for client in clients:
            assert client.get("/livez").status_code == 200
        with httpx.Client(base_url=service.address) as another:
            for probe in ("/livez", "/health", "/metrics"):
                assert another.get(probe).status_code == 200
            for path in (USERS.address(alice), f"{USERS.address(alice)}?limit=1", "/nothing"):
                refused = another.get(path, headers={"X-Request-ID": "shop-42"})
                assert (refused.status_code, refused.json()["code"]) == (503, "OVERLOADED")
                assert refused.json()["request_id"] == refused.headers["x-request-id"] == "shop-42"
                assert int(refused.headers["retry-after"]) >= 1
                assert refused.headers["connection"] == "close"
            created = another.post(USERS.address(alice), json={"title": "one too many"})
            assert created.status_code == 503
        for client in clients:
            assert client.get(USERS.address(alice)).json() == []
        clients[0].close()
        wait_for(lambda: httpx.get(service.address + USERS.address(alice)).status_code == 200)
