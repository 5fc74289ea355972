"""The fixed script of requests whose instructions are counted, and the connection that sends them one by one."""

import socket
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from bench import RunFailed
from bench.load import Tasks
from bench.postgres import Postgres

WARM_UP = 20
_TIMEOUT = 120.0
_USERS, _EACH = 20, 50
_ORIGIN = "Origin: http://localhost:5173\r\n"
_TRACE = "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n"


class Data(NamedTuple):
    """Tasks that are read and changed, and tasks of other users that are made and deleted."""

    kept: Tasks
    passing: Tasks


class Operation(NamedTuple):
    """How many requests are counted, and how to make the one with a number."""

    counted: int
    request: Callable[[Data, int], bytes]


def fill(database: Postgres) -> Data:
    """Make the tasks that the script is about."""
    return Data(database.fill(_USERS, _EACH), database.fill(1, WARM_UP + OPERATIONS["delete"].counted))


def requests(operation: str, data: Data) -> Iterator[bytes]:
    """Yield the requests of an operation: WARM_UP, and those that count."""
    counted, request = OPERATIONS[operation]
    return (request(data, number) for number in range(WARM_UP + counted))


class Client:
    """One keep-alive connection. Sends a request in one piece and reads its whole response."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), _TIMEOUT)
        self._stream = self._socket.makefile("rb")

    def ask(self, requests: Sequence[bytes]) -> None:
        """Send requests one after the other. Raises RunFailed for a response that is not 2xx."""
        for request in requests:
            self._socket.sendall(request)
            self._read(request)

    def close(self) -> None:
        """Close the connection."""
        self._stream.close()
        self._socket.close()

    def _read(self, request: bytes) -> None:
        status = self._stream.readline()
        headers = dict(line.lower().split(b":", 1) for line in iter(self._stream.readline, b"\r\n") if line)
        body = self._stream.read(int(headers.get(b"content-length", 0)))
        if not status.startswith(b"HTTP/1.1 2"):
            raise RunFailed(f"{request!r} was answered with {status!r}: {body[:500]!r}")


def _request(method: str, path: str, *, body: str = "", headers: str = "") -> bytes:
    if body:
        headers += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    return f"{method} {path} HTTP/1.1\r\nHost: bench\r\n{headers}\r\n{body}".encode()


def _tasks(data: Data, number: int) -> str:
    return f"/users/{data.kept.first_user + number % data.kept.users}/tasks"


def _task(data: Data, number: int) -> str:
    return f"{_tasks(data, number)}/{data.kept.first_task + number % data.kept.users * data.kept.each}"


def _toggle(data: Data, number: int) -> bytes:
    return _request("PATCH", _task(data, number).replace("users", "api") + "/complete")


_BODY = '{"title":"Buy milk and bread on the way home"}'
OPERATIONS = {
    "get": Operation(100, lambda data, number: _request("GET", _task(data, number))),
    "list": Operation(60, lambda data, number: _request("GET", _tasks(data, number))),
    "create": Operation(
        100, lambda data, _number: _request("POST", f"/users/{data.passing.first_user}/tasks", body=_BODY)
    ),
    "change": Operation(100, lambda data, number: _request("PUT", _task(data, number), body=_BODY)),
    "toggle": Operation(100, _toggle),
    "delete": Operation(
        100,
        lambda data, number: _request(
            "DELETE", f"/users/{data.passing.first_user}/tasks/{data.passing.first_task + number}"
        ),
    ),
    "page_of_50": Operation(60, lambda data, number: _request("GET", f"{_tasks(data, number)}?limit=50")),
    "origin": Operation(100, lambda data, number: _request("GET", _task(data, number), headers=_ORIGIN)),
    "traceparent": Operation(100, lambda data, number: _request("GET", _task(data, number), headers=_TRACE)),
}
"""By name. `origin` and `traceparent` are a get with that header, `page_of_50` is a page as long as the list."""
