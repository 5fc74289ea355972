"""One connection walks through every operation of a server: what is asked of PostgreSQL, and what is answered."""

import http.client
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

from tests.support.wire import WireTap

from bench import RunFailed
from bench.load import Tasks
from bench.postgres import Postgres
from bench.servers import Server

FIRST_TASK = "a user's first task"
_TIMES = 10
_NEW_USERS = 10**9
_ORGANISED: dict[str, Any] = {
    "due": {"date": "2026-12-01", "time": "17:00", "time_zone": "Europe/Berlin"},
    "priority": "high",
    "tags": ["shop", "Büro"],
}
_Value = TypeVar("_Value")


class Walk(NamedTuple):
    """Round trips to PostgreSQL for one request of each operation, and the last answer to each, made comparable."""

    round_trips: dict[str, float]
    answers: dict[str, Any]


def walk(name: str, postgres: Postgres, tasks: Tasks, cores: set[int]) -> Walk:
    """Ask one server for everything once it has met each statement, and count on the wire."""
    with WireTap(postgres.url) as tap, Server(name, tap.url, cores) as server:
        walker = _Walker(server.port, tap)
        here, there = f"/users/{tasks.first_user}/tasks", f"/users/{tasks.first_user + 1}/tasks"
        walker.ask("get", "GET", [f"{here}/{tasks.first_task}"])
        walker.ask("list", "GET", [here])
        walker.ask("create", "POST", [there], {"title": "Buy milk", "completed": True, **_ORGANISED, "order": 1.5})
        # The pass that warms up makes half of the users, so that each is new.
        first = postgres.value("SELECT max(id) FROM users") + _NEW_USERS
        walker.ask(FIRST_TASK, "POST", [f"/users/{first + n}/tasks" for n in range(2 * _TIMES)], {"title": "Begin"})
        spare = postgres.spare(tasks._replace(first_user=tasks.first_user + 1, users=1), 2 * _TIMES)
        changes = [{"title": f"Buy bread {number}", **_ORGANISED, "order": number} for number in range(2 * _TIMES)]
        walker.ask("change", "PUT", [f"{there}/{spare}"], *changes)
        walker.ask("toggle", "PATCH", [f"/api/{tasks.first_user + 1}/tasks/{spare}/complete"])
        walker.ask("delete", "DELETE", [f"{there}/{spare + n}" for n in range(2 * _TIMES)])
        walker.connection.close()
        return Walk(walker.round_trips, walker.answers)


class _Walker:
    def __init__(self, port: int, tap: WireTap) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        self.round_trips: dict[str, float] = {}
        self.answers: dict[str, Any] = {}
        self._tap = tap

    def ask(self, operation: str, method: str, paths: list[str], *bodies: dict[str, Any]) -> None:
        """Ask `_TIMES` to warm up and `_TIMES` to be counted; one path or body serves all, or each has its own."""
        requests = list(zip(_each(paths), _each(bodies or [None]), strict=True))
        for path, body in requests[:_TIMES]:
            self._answer(method, path, body)
        self._tap.take()
        answers = [self._answer(method, path, body) for path, body in requests[_TIMES:]]
        asked = self._tap.take()
        # A server waits after each Sync, Flush and simple Query that it sends.
        self.round_trips[operation] = (asked["S"] + asked["H"] + asked["Q"]) / _TIMES
        self.answers[operation] = _comparable(answers[-1], keep_what_differs=operation in ("get", "list"))

    def _answer(self, method: str, path: str, body: dict[str, Any] | None) -> Any:
        headers = {} if body is None else {"Content-Type": "application/json"}
        self.connection.request(method, path, None if body is None else json.dumps(body), headers)
        response = self.connection.getresponse()
        content = response.read()
        if response.status // 100 != 2:
            raise RunFailed(f"{method} {path} was answered with {response.status}: {content[:500]!r}")
        return json.loads(content)


def _each(values: Sequence[_Value]) -> Sequence[_Value]:
    return [*values] * 2 * _TIMES if len(values) == 1 else values


def _comparable(answer: Any, *, keep_what_differs: bool) -> Any:
    """Cut times to the millisecond, which is all that Node keeps, or leave out what is another for each new task.

    That is the version, too: donebase counts the changes of an owner, the peers those of a task.
    """
    if isinstance(answer, list):
        return [_comparable(each, keep_what_differs=keep_what_differs) for each in answer]
    if keep_what_differs:
        return {name: _milliseconds(value) if name in _AT and value else value for name, value in answer.items()}
    same = {name: value for name, value in answer.items() if name not in ("id", "user_id", "version", *_AT)}
    if answer.get("order") == answer.get("id"):
        same.pop("order", None)
    return same | {"is_completed_at": bool(answer["completed_at"])} if "completed_at" in answer else same


_AT = ("created_at", "updated_at", "completed_at")


def _milliseconds(time: str) -> str:
    return datetime.fromisoformat(time).isoformat(timespec="milliseconds")
