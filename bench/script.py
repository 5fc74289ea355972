"""The fixed script of requests whose instructions are counted, and the connection that sends them one by one."""

import socket
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from bench import RunFailed, tokens
from bench.load import SPENDING, Tasks
from bench.postgres import Postgres

WARM_UP = 20
_COUNTED = 100
_TIMEOUT = 120.0
_USERS, _EACH = 20, 50


class Data(NamedTuple):
    """Tasks that are read and changed, tasks that stay as they are, and for each operation those that it spends.

    `tokens` are those of the users of the first ones, by kind: one for each user, in turn, and then others.
    """

    kept: Tasks
    unchanged: Tasks
    spent: dict[str, Tasks]
    tokens: dict[str, list[str]]


class Operation(NamedTuple):
    """How many requests are counted, how to make the one with a number, and with which status it is answered.

    `guarded`: the requests carry tokens, and are for donebase with AUTH=required.
    """

    counted: int
    request: Callable[[Data, int], bytes]
    status: int
    guarded: bool


Made = Callable[[Data, int], str]
"""Makes an address or headers for the request with a number."""


def fill(database: Postgres, *, guarded: bool = False) -> Data:
    """Make the tasks that the script is about, and with `guarded` tokens."""
    spent = {each: database.fill(1, WARM_UP + OPERATIONS[each].counted) for each in SPENDING}
    kept, kinds = database.fill(_USERS, _EACH), tokens.KINDS if guarded else {}
    made = {kind: make(database, kept, _USERS + WARM_UP + _COUNTED) for kind, make in kinds.items()}
    return Data(kept, database.fill(_USERS, 1), spent, made)


def requests(operation: str, data: Data) -> Iterator[bytes]:
    """Yield the requests of an operation: WARM_UP, and those that count."""
    counted, request, *_ = OPERATIONS[operation]
    return (request(data, number) for number in range(WARM_UP + counted))


class Client:
    """One keep-alive connection. Sends a request in one piece and reads its whole response."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), _TIMEOUT)
        self._stream = self._socket.makefile("rb")

    def ask(self, requests: Sequence[bytes], status: int) -> None:
        """Send requests one after the other. Raises RunFailed for a response with another status."""
        for request in requests:
            self._socket.sendall(request)
            self._read(request, status)

    def close(self) -> None:
        """Close the connection."""
        self._stream.close()
        self._socket.close()

    def _read(self, request: bytes, expected: int) -> None:
        status = self._stream.readline()
        headers = dict(line.lower().split(b":", 1) for line in iter(self._stream.readline, b"\r\n") if line)
        body = self._stream.read(int(headers.get(b"content-length", 0)))
        if not status.startswith(b"HTTP/1.1 %d" % expected):
            raise RunFailed(f"{request!r} was answered with {status!r}: {body[:500]!r}")


def _request(method: str, path: str, body: str, headers: str) -> bytes:
    if body:
        headers += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    return f"{method} {path} HTTP/1.1\r\nHost: bench\r\n{headers}\r\n{body}".encode()


def _tasks(tasks: Tasks, number: int) -> str:
    """Return the address of a user's list, of each user in turn."""
    return f"/users/{tasks.first_user + number % tasks.users}/tasks"


def _task(tasks: Tasks, number: int) -> str:
    """Return the address of the first task of a user, of each user in turn."""
    return f"{_tasks(tasks, number)}/{tasks.first_task + number % tasks.users * tasks.each}"


def _spent(operation: str) -> Made:
    """Return what returns the address of a task that no other request was about."""

    def address(data: Data, number: int) -> str:
        tasks = data.spent[operation]
        return f"{_tasks(tasks, 0)}/{tasks.first_task + number}"

    return address


def _kept(data: Data, number: int) -> str:
    return _task(data.kept, number)


def _unchanged(data: Data, number: int) -> str:
    return _task(data.unchanged, number)


def _list(data: Data, number: int) -> str:
    return _tasks(data.kept, number)


def _page(data: Data, number: int) -> str:
    return f"{_list(data, number)}?limit=50"


def _unchanged_list(data: Data, number: int) -> str:
    return _tasks(data.unchanged, number)


def _created(data: Data, _number: int) -> str:
    return _tasks(data.spent["delete"], 0)


def _changes(data: Data, number: int) -> str:
    return _tasks(data.unchanged, number).replace("tasks", "changes?since=1")


def _completion(address: Made) -> Made:
    return lambda data, number: address(data, number).replace("users", "api") + "/complete"


def _operation(
    method: str, address: Made, headers: str | Made = "", counted: int = _COUNTED, status: int = 200
) -> Operation:
    """Return an operation; `{}` in its headers stands for the number of the request. Tokens are made headers.

    Each request with a body has another title: a change of nothing new is not a change.
    """
    title = '{{"title":"Buy milk and bread on the way home, {:03}"}}' if method in ("POST", "PUT") else ""

    def request(data: Data, number: int) -> bytes:
        head = headers.format(number) if isinstance(headers, str) else headers(data, number)
        return _request(method, address(data, number), title.format(number), head)

    return Operation(counted, request, status, guarded=not isinstance(headers, str))


def _token(kind: str) -> Made:
    """Return what returns the header with the token of a user, of each user in turn."""
    return lambda data, number: _bearer(data.tokens[kind][number % _USERS])


def _new_token(kind: str) -> Made:
    """Return what returns the header with another token each time."""
    return lambda data, number: _bearer(data.tokens[kind][_USERS + number])


def _bearer(token: str) -> str:
    return f"Authorization: Bearer {token}\r\n"


_ORIGIN = "Origin: http://localhost:5173\r\n"
_TRACE = "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n"
_IF_MATCH = 'If-Match: "1"\r\n'
_KEY = "Idempotency-Key: 8e03978e-40d5-43dd-bc93-{{}}-{}\r\n"

OPERATIONS = {
    "get": _operation("GET", _kept),
    "list": _operation("GET", _list, counted=60),
    "create": _operation("POST", _created, status=201),
    "change": _operation("PUT", _kept),
    "toggle": _operation("PATCH", _completion(_kept)),
    "delete": _operation("DELETE", _spent("delete")),
    "page_of_50": _operation("GET", _page, counted=60),
    "origin": _operation("GET", _kept, _ORIGIN),
    "traceparent": _operation("GET", _kept, _TRACE),
    "get_304": _operation("GET", _unchanged, 'If-None-Match: "1"\r\n', status=304),
    "list_304": _operation("GET", _unchanged_list, 'If-None-Match: W/"1"\r\n', status=304),
    "changes_none": _operation("GET", _changes),
    "change_if_match": _operation("PUT", _spent("change_if_match"), _IF_MATCH),
    "toggle_if_match": _operation("PATCH", _completion(_spent("toggle_if_match")), _IF_MATCH),
    "delete_if_match": _operation("DELETE", _spent("delete_if_match"), _IF_MATCH),
    "create_key": _operation("POST", _created, _KEY.format("create"), status=201),
    "change_key": _operation("PUT", _kept, _KEY.format("change")),
    "toggle_key": _operation("PATCH", _completion(_kept), _KEY.format("toggle")),
    "delete_key": _operation("DELETE", _spent("delete_key"), _KEY.format("delete")),
    "get_token": _operation("GET", _kept, _token("personal")),
    "list_token": _operation("GET", _list, _token("personal"), counted=60),
    "create_token": _operation("POST", _list, _token("personal"), status=201),
    "get_session": _operation("GET", _kept, _token("session")),
    "get_issued": _operation("GET", _kept, _token("issued")),
    "get_new_token": _operation("GET", _kept, _new_token("personal")),
    "get_new_session": _operation("GET", _kept, _new_token("session")),
    "get_new_issued": _operation("GET", _kept, _new_token("issued")),
}
"""By name: those of wrk.lua, and those with tokens."""
