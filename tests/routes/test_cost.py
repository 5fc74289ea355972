"""What a request costs the service, counted in calls of functions and not in time.

The count is the same on every machine and in every run of one version of Python: the request is handled in this
process, with a database that answers at once, after enough rounds for all caches to be warm. The limits leave a sixth
for other versions and for change; more than that is work that was added, and wants a reason.
"""

import asyncio
import gc
import sys
from functools import cache
from types import FrameType
from typing import Any

import pytest
from starlette.types import ASGIApp

from donebase.app import create_app, with_middleware
from donebase.http.headers import _drawn, new_request_id
from donebase.settings import Settings
from donebase.telemetry import logs
from tests.support.rows import CLOCK, Rows

BODY = b'{"title": "Buy milk"}'


@cache
def service(rows: int) -> ASGIApp:
    """Return a service, the same for each test, whose database answers with so many rows."""
    settings = Settings.read(database_url="postgresql://127.0.0.1:1/nothing")
    return with_middleware(create_app(settings, Rows(*range(1, rows + 1))))


def calls(method: str, path: str, body: bytes, rows: int, *more: tuple[bytes, bytes]) -> int:
    """Return how many functions, Python's and C's, one request calls."""
    headers = [(b"host", b"x"), (b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    headers += more
    counted = 0

    def count(_frame: FrameType, event: str, _argument: Any) -> None:
        nonlocal counted
        counted += event in ("call", "c_call")

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(_message: Any) -> None:
        pass

    async def ask() -> None:
        scope = {"type": "http", "method": method, "path": path, "query_string": b"", "headers": headers}
        await service(rows)(scope, receive, send)

    async def measure() -> None:
        for _ in range(10):
            await ask()
        logs.flush()  # several requests write their lines together: this one would write those before it
        _drawn.clear()
        new_request_id()  # one request in 64 draws the ids of all of them: not the one that is counted
        gc.collect()
        gc.disable()  # what it would finalise in between is not this request's
        sys.setprofile(count)
        try:
            await ask()
        finally:
            sys.setprofile(None)
            gc.enable()

    asyncio.run(measure())
    return counted


@pytest.mark.parametrize(
    ("method", "path", "body", "rows", "most"),
    [
        ("GET", "/users/7/tasks/1", b"", 1, 80),
        ("GET", "/users/7/tasks", b"", 50, 102),
        ("POST", "/users/7/tasks", BODY, 1, 134),
        ("PUT", "/users/7/tasks/1", BODY, 1, 140),
        ("PATCH", "/api/7/tasks/1/complete", b"", 1, 114),
        ("DELETE", "/api/7/tasks/1", b"", 1, 86),
    ],
)
def test_a_request_calls_no_more_functions_than_it_did(
    method: str, path: str, body: bytes, rows: int, most: int
) -> None:
    counted = calls(method, path, body, rows)
    assert counted <= most
    assert counted == calls(method, path, body, rows)


TASK = "/users/7/tasks/1"


@pytest.mark.parametrize("origin", [b"http://localhost:3000", b"https://evil.example"])
def test_a_page_of_another_origin_costs_no_more(origin: bytes) -> None:
    assert calls("GET", TASK, b"", 1, (b"origin", origin)) <= 1.1 * calls("GET", TASK, b"", 1)


def test_a_condition_costs_little() -> None:
    change, if_match = ("PUT", TASK, BODY, 1), (b"if-match", b'"1"')
    assert calls(*change, if_match) <= 1.25 * calls(*change)


@pytest.mark.parametrize(("path", "rows", "tag"), [(TASK, 1, b'"1"'), ("/users/7/tasks", 50, b'W/"%d"' % CLOCK)])
def test_a_poll_that_brings_nothing_costs_about_as_much_as_a_task(path: str, rows: int, tag: bytes) -> None:
    """However long the list is: hardly anything of what a request costs depends on the task that it answers."""
    assert calls("GET", path, b"", rows, (b"if-none-match", tag)) <= 1.25 * calls("GET", TASK, b"", 1)


def test_a_missing_task_costs_no_more_than_a_task() -> None:
    assert calls("GET", TASK, b"", 0) <= calls("GET", TASK, b"", 1)
