"""Every operation is answered without FastAPI's stack of middleware, and with the same bytes as through it (traces)."""

import asyncio
from collections.abc import Iterator
from functools import cache

import pytest
from starlette.types import Message, Receive, Scope, Send

from donebase.app import create_app, with_middleware
from donebase.http import middleware
from donebase.http.family import Route
from donebase.http.middleware import ErrorBoundary
from donebase.settings import Settings
from tests.support.operations import IN_EVERY_PROTOCOL
from tests.support.rows import Rows

ID = b"the-same"
Request = tuple[str, str, bytes, list[tuple[bytes, bytes]], bytes]


class Stack:
    """FastAPI's stack, which counts what it is asked."""

    def __init__(self, boundary: ErrorBoundary) -> None:
        self._app = boundary._app
        self.asked = 0
        boundary._app = self

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.asked += 1
        await self._app(scope, receive, send)


@cache
def service(rows: int, *, traced: bool) -> tuple[ErrorBoundary, Stack]:
    """Return a service, the same for each test, whose database answers with so many rows, and its stack."""
    settings = Settings.read(database_url="postgresql://127.0.0.1:1/nothing")
    boundary = with_middleware(create_app(settings, Rows(*range(1, rows + 1))))
    assert isinstance(boundary, ErrorBoundary)
    boundary._traced = traced
    return boundary, Stack(boundary)


def answer(boundary: ErrorBoundary, request: Request, spec_version: str = "2.4") -> list[Message]:
    """Return what is sent in answer to a request by a server of this version of ASGI."""
    method, path, query, headers, body = request
    scope: Scope = {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": query,
        "root_path": "",
        "headers": headers,
    }
    scope["asgi"] = {"version": "3.0", "spec_version": spec_version}
    sent: list[Message] = []
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Message:
        if not messages:
            await asyncio.Event().wait()
        return messages.pop()

    async def send(message: Message) -> None:
        defaults: Message = {"body": b"", "more_body": False} if message["type"] == "http.response.body" else {}
        sent.append({**defaults, **message})

    asyncio.run(boundary(scope, receive, send))
    return sent


def requests(method: str, path: str) -> Iterator[Request]:
    """Yield requests for an operation: valid ones, invalid ones, and ones of pages of other origins."""
    path = path.format(user_id=7, task_id=1, change=1)
    body = b'{"title": "Buy milk", "user_id": 7}' if method in ("POST", "PUT") else b""
    headers = [(b"x-request-id", ID), (b"content-type", b"application/json")]
    yield method, path, b"", headers, body
    for origin in (b"http://localhost:3000", b"https://evil.example"):
        yield method, path, b"", [*headers, (b"origin", origin)], body
    yield method, path, b"colour=blue", headers, body
    yield method, path, b"", headers, b"{"
    yield method, path.replace("7", "0"), b"", headers, body
    if method == "GET":
        yield "HEAD", path, b"", headers, b""


@pytest.mark.parametrize("rows", [0, 1])
@pytest.mark.parametrize("route", IN_EVERY_PROTOCOL.values(), ids=lambda route: route.unique_id)
def test_an_answer_is_the_same_without_the_stack(route: Route, rows: int) -> None:
    (boundary, stack), (traced, traced_stack) = (service(rows, traced=each) for each in (False, True))
    stack.asked = traced_stack.asked = 0
    for asked, request in enumerate(requests(route.method, route.path_format), start=1):
        assert answer(boundary, request) == answer(traced, request)
        assert (stack.asked, traced_stack.asked) == (0, asked)


@pytest.mark.parametrize("spec_version", ["2.0", "2.4"])
@pytest.mark.parametrize("traced", [False, True])
def test_the_head_of_a_long_list_is_no_failure(
    monkeypatch: pytest.MonkeyPatch, spec_version: str, *, traced: bool
) -> None:
    reported: list[BaseException] = []
    monkeypatch.setattr(middleware, "report", reported.append)
    boundary, _ = service(300, traced=traced)
    start, body = answer(boundary, ("HEAD", "/users/7/tasks", b"", [], b""), spec_version)
    assert (start["status"], body["body"], reported) == (200, b"", [])
