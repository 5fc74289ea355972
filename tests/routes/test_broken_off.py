"""A list that fails in the middle is broken off: half of it never reads as the whole."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from donebase import logs
from donebase.app import create_app, with_middleware
from donebase.core.errors import DatabaseFailed
from donebase.core.tasks import BATCH, Row
from donebase.settings import Settings
from tests.support.rows import task_row


class DiesInTheMiddle:
    """A database that gives one batch and fails for the second."""

    def __init__(self) -> None:
        self._asked = 0

    async def fetch(self, _statement: Any, /, after: int, limit: int, **_parameters: Any) -> Sequence[Row]:
        self._asked += 1
        if self._asked > 1:
            raise DatabaseFailed("it died")
        return [task_row(after + number) for number in range(1, limit + 1)]


@pytest.mark.parametrize("way", ["on", "off"])
def test_half_a_list_is_never_ended(way: str, capfd: pytest.CaptureFixture[str]) -> None:
    app = create_app(Settings.read(database_url="postgresql://127.0.0.1:1/nothing", fast_path=way))
    app.state.database = DiesInTheMiddle()
    service: Any = with_middleware(app)
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        await asyncio.Event().wait()  # the client stays
        raise AssertionError

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": "/users/7/tasks", "query_string": b"", "headers": []}
    logs.configure("json")
    asyncio.run(service(scope, receive, send))
    logs.flush()
    assert sent[0]["status"] == 200
    assert all(message["more_body"] for message in sent[1:])
    assert b"".join(message["body"] for message in sent[1:]).count(b'"id"') == BATCH
    assert "it died" in capfd.readouterr().out
