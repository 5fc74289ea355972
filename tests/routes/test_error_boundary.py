"""Whatever is raised, wherever: one answer in the one shape, a line in the log, a count, and the next request works."""

import asyncio
import json
from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import Any, NoReturn

import pytest
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from donebase.app import create_app, with_middleware
from donebase.http import openapi
from donebase.http.headers import SECURITY_HEADERS
from donebase.http.middleware import ErrorBoundary
from donebase.postgres.database import PostgresDatabase
from donebase.routes import docs
from donebase.serving import connection
from donebase.serving.request_parser import RequestParser
from donebase.settings import Settings
from donebase.telemetry import exposition, logs, metrics
from tests.support.connections import Connection
from tests.support.in_process import serving
from tests.support.problems import refused

WORDS = "nobody must read this"
ORIGIN = "http://localhost:3000"


class Raises:
    """A middleware that raises for one path."""

    def __init__(self, app: ASGIApp, path: str) -> None:
        self._app = app
        self._path = path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope.get("path") == self._path:
            raise RuntimeError(WORDS)
        await self._app(scope, receive, send)


class RaisingDatabase(PostgresDatabase):
    """A database that does something that nobody has foreseen."""

    async def fetch(self, _statement: Any, /, **_parameters: Any) -> Sequence[Any]:
        raise RuntimeError(WORDS)


class RaisingParser(RequestParser):
    """A parser that cannot read a header of this name, or a body of this length."""

    def on_header(self, name: bytes, value: bytes) -> None:
        if name == b"X-Raise":
            raise RuntimeError(WORDS)
        super().on_header(name, value)

    def on_body(self, body: bytes) -> None:
        if body == b"raise":
            raise RuntimeError(WORDS)
        super().on_body(body)


def fail(*_arguments: Any, **_named: Any) -> NoReturn:
    raise RuntimeError(WORDS)


async def raising(_request: Request, _error: Exception | None = None) -> NoReturn:
    raise RuntimeError(WORDS)


async def waiting_for_what_is_cancelled(_request: Request) -> NoReturn:
    waited_for = asyncio.create_task(asyncio.sleep(60))
    waited_for.cancel()
    await waited_for
    raise AssertionError


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """The address of a service that raises in each of its layers."""
    settings = Settings.read(database_url="postgresql://127.0.0.1:1/nothing")
    app = create_app(settings, RaisingDatabase(settings))
    app.router.add_route("/route", raising)
    app.router.add_route("/cancelled", waiting_for_what_is_cancelled)
    app.add_middleware(Raises, path="/in-fastapi")
    app.exception_handlers[HTTPException] = raising
    service = with_middleware(app)
    assert isinstance(service, ErrorBoundary)
    service._app = Raises(service._app, "/around-fastapi")
    logs.configure("json")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(docs, "_page", fail)
        patch.setattr(openapi, "document", fail)
        patch.setattr(exposition, "exposition", fail)
        patch.setattr(connection, "RequestParser", RaisingParser)
        with serving(service) as found:
            yield found


def counted() -> float:
    """Return how many requests ended with a 500, as /metrics would tell."""
    counts = metrics.counts(metrics.PoolState(0, 0, 0))
    return sum(sum(series[:-1]) for (_, _, status, _), series in counts.requests.items() if status == 500)


def logged(capfd: pytest.CaptureFixture[str], request_id: str) -> list[tuple[str, str | int]]:
    """Return what the log says of a request: each event, with its cause or status."""
    lines = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    return [(line["event"], line.get("cause") or line["status"]) for line in lines if line["request_id"] == request_id]


@pytest.mark.parametrize(
    "request_line",
    [
        pytest.param("GET /route", id="a route"),
        pytest.param("HEAD /route", id="a HEAD"),
        pytest.param("GET /cancelled", id="a route that waits for a task that was cancelled"),
        pytest.param("GET /users/7/tasks/1", id="an operation"),
        pytest.param(f"GET /users/7/tasks/1 {ORIGIN}", id="an operation that a page of another origin asks for"),
        pytest.param("GET /users/7/tasks/%31", id="an operation that the router finds"),
        pytest.param("GET /nowhere", id="an exception handler"),
        pytest.param("GET /in-fastapi", id="a middleware of FastAPI"),
        pytest.param("GET /around-fastapi", id="a middleware around FastAPI"),
        pytest.param("GET /openapi.json", id="the OpenAPI document"),
        pytest.param("GET /docs", id="the documentation"),
        pytest.param("GET /metrics", id="the metrics"),
    ],
)
def test_an_exception_is_answered_logged_and_counted(
    address: str, capfd: pytest.CaptureFixture[str], request_line: str
) -> None:
    method, path, *origin = request_line.split()
    before = counted()
    with closing(Connection(address)) as connection:
        head = f"{method} {path} HTTP/1.1\r\nHost: x\r\nX-Request-ID: it-broke\r\n"
        connection.send((head + "".join(f"Origin: {each}\r\n" for each in origin) + "\r\n").encode())
        answer = connection.answer(method)
        connection.send(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
        assert connection.answer().json() == {"status": "ok"}
    assert answer.headers["x-request-id"] == "it-broke"
    assert set(SECURITY_HEADERS) <= set(answer.headers.raw)
    assert answer.headers.get("access-control-allow-origin", "") == "".join(origin)
    assert answer.headers["vary"] == "Origin"
    if method != "HEAD":
        refused(answer, 500, "INTERNAL_ERROR")
        assert WORDS not in answer.text
    assert answer.status_code == 500
    cause = "CancelledError" if path == "/cancelled" else "RuntimeError"
    assert logged(capfd, "it-broke") == [("internal_error", cause), ("request", 500)]
    assert counted() == before + 1


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param(b"GET /livez HTTP/1.1\r\nHost: x\r\nX-Raise: x\r\n\r\n", id="a header"),
        pytest.param(b"POST /users/7/tasks HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nraise", id="a body"),
    ],
)
def test_an_exception_of_the_connection_is_answered_logged_and_counted(
    address: str, capfd: pytest.CaptureFixture[str], sent: bytes
) -> None:
    """Nobody can tell where the next request begins: the answer is the last one on its connection."""
    before = counted()
    with closing(Connection(address)) as connection:
        connection.send(sent)
        answer = connection.answer()
        assert answer.headers["connection"] == "close"
        assert connection.is_closed()
    with closing(Connection(address)) as another:
        another.send(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
        assert another.answer().json() == {"status": "ok"}
    refused(answer, 500, "INTERNAL_ERROR")
    assert {*SECURITY_HEADERS, (b"vary", b"Origin")} <= set(answer.headers.raw)
    events = logged(capfd, answer.headers["x-request-id"])
    assert events[0][0] == "internal_error"
    assert ("request", 500) in events
    assert counted() == before + 1
