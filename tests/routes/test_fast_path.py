"""The short way and the long one give the same answers, to the byte, and the same lines in the log."""

import re
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support import hostile
from tests.support.connections import Connection, connect, until_closed
from tests.support.databases import a_database_with_tables
from tests.support.processes import Service

JSON = "Content-Type: application/json"
TABLES = ("bodies", "types", "headers")  # what is at no address or has a query goes the long way by either setting
THE_SAME = {"X-Request-ID": "the-same"}
A_TIME = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
Request = tuple[str, str, list[str], bytes | None]


def written(method: str, path: str, headers: list[str], body: bytes | None) -> bytes:
    """Return a request as it is on the wire."""
    lines = [f"{method} {path} HTTP/1.1", "Host: x", "X-Request-ID: the-same", "Connection: close", *headers]
    if body is not None:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + (body or b"")


def asked(service: Service, request: Request) -> bytes:
    """Return the whole answer to a request, without what is different every time."""
    with connect(service.address) as connection:
        connection.sendall(written(*request))
        received = re.sub(rb"(?m)^date: .*\r\n", b"", until_closed(connection))
    return A_TIME.sub(b"a time", received)


def requests() -> Iterator[Request]:
    """Tell a long story about ids that are known, right and wrong in every way, in a fixed order."""
    bodies = [
        b'{"title": "Buy milk"}',
        b'{"title": "Buy milk", "user_id": 7, "description": "two\\r\\n litres", "completed": true}',
        b'{"title": "\\u0416\\ud83d\\ude00 ", "id": 1, "created_at": "x", "updated_at": null, "user_id": 7}',
        *(b'{"title": ""}', b'{"title": 7}', b'{"title": "x", "colour": 1}', b'{"title": "x", "title": "y"}'),
        *(b'{"completed": true}', b'{"completed": "true"}', b'{"description": null}', b'{"user_id": 8}', b"{}"),
        *(
            b"",
            b"null",
            b"[]",
            b'"x"',
            b"{",
            b'{"title": NaN}',
            b"\xff",
            b'{"title": "\\ud800"}',
            b'{"title": "\\u0000"}',
        ),
        *(b'{"title": "x", "user_id": 0}', b'{"title": "' + b"x" * 501 + b'"}', b"[" * 5000, None),
    ]
    headers = [[JSON], [], ["Content-Type: text/plain"], ["content-type: application/json; charset=utf-8"]]
    addresses = ["/users/7/tasks", "/api/7/tasks", "/api/v1/tasks"]
    for address in addresses:
        for body in bodies:
            yield "POST", address, [JSON], body
        for head in headers:
            yield "POST", address, head, bodies[1]
        for extra in ("Origin: http://localhost:3000", "Origin: http://evil.example", "Content-Encoding: gzip"):
            yield "POST", address, [JSON, extra], bodies[1]
        for method in ("GET", "HEAD", "OPTIONS", "PUT", "DELETE"):
            yield method, address, [], None
        for query in ("?limit=2", "?limit=0", "?colour=1", "?"):
            yield "GET", address + query, [], None
        for method, rest in (("PUT", ""), ("PATCH", ""), ("PATCH", "/complete"), ("DELETE", "/complete")):
            for body in bodies:
                yield method, f"{address}/1{rest}", [JSON], body
        for task_id in (
            "1",
            "2",
            "999",
            "0",
            "01",
            "1.5",
            "abc",
            "%31",
            "%EF%BC%91",
            "9223372036854775808",
            "1/",
            "1%0a",
        ):
            for method in ("GET", "HEAD", "PATCH", "DELETE"):
                yield method, f"{address}/{task_id}", [], None
        yield "GET", f"{address}/3", ["X-Request-ID: another"], None
    for address in (
        "/users/0/tasks",
        "/users/abc/tasks",
        "/users/9223372036854775807/tasks",
        "/api/v1/tasks/1/complete",
    ):
        yield "GET", address, [], None
        yield "POST", address, [JSON], bodies[0]
    yield "GET", "/livez", [], None
    yield "GET", "/nowhere", [], None


@pytest.fixture(scope="module")
def both_ways(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Service]]:
    with ExitStack() as stack:
        services = []
        for way in ("on", "off"):
            url = stack.enter_context(a_database_with_tables())
            folder: Path = tmp_path_factory.mktemp(f"fast-path-{way}")
            services.append(stack.enter_context(Service(folder, DATABASE_URL=url, FAST_PATH=way)))
        yield [service.ready() for service in services]


def test_every_answer_is_the_same_to_the_byte(both_ways: list[Service]) -> None:
    for request in requests():
        short, long = (asked(service, request) for service in both_ways)
        assert short == long, request
    assert lines(both_ways[0], "the-story") == lines(both_ways[1], "the-story")


class Way:
    """A service, and a connection to it that is made again where an answer was the last on it."""

    def __init__(self, service: Service) -> None:
        self._address = service.address
        self._connection = Connection(self._address)

    def close(self) -> None:
        self._connection.close()

    def answer(self, request: hostile.Request) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
        """Return the answer to a request, without what is different every time."""
        self._connection.send(request.written(b"X-Request-ID: the-same"))
        response = self._connection.answer(request.method)
        if response.headers.get("connection") == "close":
            self._connection.close()
            self._connection = Connection(self._address)
        headers = [header for header in response.headers.raw if header[0] != b"date"]
        return response.status_code, headers, A_TIME.sub(b"a time", response.content)


def test_the_corpus_is_answered_the_same(both_ways: list[Service]) -> None:
    user_id = 8
    tasks = f"/users/{user_id}/tasks"
    made = [httpx.post(service.address + tasks, json={"title": "x"}, headers=THE_SAME) for service in both_ways]
    task_id, also = (response.json()["id"] for response in made)
    assert task_id == also
    ids = hostile.Ids(user_id, task_id, another=9)
    requests = [request for line in hostile.lines(*TABLES) for request in line.requests(lambda: ids)]
    with closing(Way(both_ways[0])) as short, closing(Way(both_ways[1])) as long:
        for request in requests:
            # /users and /api are one code; a body takes its time to be read in, by either way the same.
            if (
                not request.path.startswith("/users")
                and request.method != "DELETE"
                and len(request.body or b"") < 10_000
            ):
                assert short.answer(request) == long.answer(request), request
    assert lines(both_ways[0], "the-corpus") == lines(both_ways[1], "the-corpus")


def lines(service: Service, end: str) -> list[dict[str, Any]]:
    """Return what the log says of requests, without what is different every time, once it has come to this one."""
    httpx.get(f"{service.address}/livez", headers={"X-Request-ID": end})
    service.wait_for("request", request_id=end)
    return [
        {name: value for name, value in line.items() if name not in ("time", "ms")}
        for line in service.lines
        if line["request_id"] is not None
    ]
