"""Checks that each response is the expected one, and that nothing is stored but what the responses say."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from tests.support.connections import Connection
from tests.support.families import USERS, V1, Json
from tests.support.hostile import Answer, Ids, Line, Request
from tests.support.problems import SENT, refused
from tests.support.processes import Service

_LARGEST_REFUSAL = 10_000


class ResponseCheck:
    """Checks requests of a user with a task: sends them on one connection, and reads what is stored on another."""

    def __init__(self, service: Service, client: httpx.Client, user: int, another: int) -> None:
        self._address = service.address
        self._client = client
        self._user = user
        self._another = another
        self._task: Json = {}
        self._view = Connection(self._address)
        self._connection = Connection(self._address)

    @classmethod
    @contextmanager
    def opened(cls, service: Service, client: httpx.Client, user: int, another: int) -> Iterator["ResponseCheck"]:
        """Open both connections. No refusal may contain the id of `another` user."""
        check = cls(service, client, user, another)
        try:
            yield check
        finally:
            check._view.close()
            check._connection.close()

    def ids(self) -> Ids:
        """Return the ids for a request: of the user, and of a task that no request has changed yet."""
        if not self._task:
            self._task = USERS.created(self._client, self._user, description="as it was")
        return Ids(self._user, self._task["id"], self._another, f"of.{self._user}", self._task["version"])

    def run(self, line: Line) -> None:
        """Send every request of a line, and check its response and what is stored."""
        for request in line.requests(self.ids):
            try:
                self._run(request)
            except AssertionError as error:
                error.add_note(f"{line}: {request.written()[:500]!r}")
                raise
        if self._task:
            self.nothing_else_is_stored()

    def nothing_else_is_stored(self, *but_made: Json) -> None:
        """Check that the task is stored unchanged, and after it only the tasks `but_made`, of all users."""
        assert self._stored() == [self._task, *but_made]

    def is_right(self, answer: Answer, response: httpx.Response, method: str) -> None:
        """Check that a response is the expected one, and contains nothing that was sent."""
        [request_id] = response.headers.get_list("x-request-id")
        assert re.fullmatch("[A-Za-z0-9._-]{1,128}", request_id)
        assert response.headers.get_list("x-content-type-options") == ["nosniff"]
        assert SENT not in str(response.headers.raw)
        if method == "HEAD":
            assert (response.status_code, response.content) == (answer.status, b"")
            is_problem = response.headers.get("content-type") == "application/problem+json"
            assert is_problem == (answer.status >= 400)
        elif answer.status in (304, 307):
            assert (response.status_code, response.content) == (answer.status, b"")
            assert "content-type" not in response.headers
            assert response.headers.get("content-length") == ("0" if answer.status == 307 else None)
            assert answer.status == 304 or re.fullmatch("/(?:[!-.0-~].*)?", response.headers["location"])
        elif answer.status >= 300:
            refused(response, answer.status, answer.code, *answer.members.items())
            assert str(self._another) not in response.text
            assert len(response.content) < _LARGEST_REFUSAL
            assert ("allow" in response.headers) == (answer.status == 405)
        else:
            assert response.status_code == answer.status, response.text
            assert not answer.members or answer.members.items() <= response.json().items()

    def _run(self, request: Request) -> None:
        response = self._answer(request)
        self.is_right(request.answer, response, request.method)
        if request.back:
            assert request.back in [b": ".join(header) for header in response.headers.raw]
        if request.changes:
            self._was_carried_out(request.method, response)

    def _answer(self, request: Request) -> httpx.Response:
        self._connection.send(request.written())
        response = self._connection.answer(request.method)
        if response.headers.get("connection") == "close":
            assert self._connection.is_closed()
            self._connection.close()
            self._connection = Connection(self._address)
        return response

    def _was_carried_out(self, method: str, response: httpx.Response) -> None:
        """Check that what the response says is stored, and nothing else."""
        told = {} if method == "DELETE" else response.json()
        if "tasks" in told:  # by an undo, of the change that has created the task
            assert self._stored() == told["tasks"]
        elif "url" in told:  # in the protocol of Todo-Backend
            *others, stored = self._stored()
            assert others == ([self._task] if method == "POST" else [])
            assert told == {name: stored[name] for name in ("title", "completed", "order")} | {"url": told["url"]}
            assert told["url"].endswith(f"/{self._user}/{stored['id']}")
        else:
            is_another = method == "POST" and told["id"] != self._task["id"]
            assert self._stored() == [each for each in (self._task if is_another else {}, told) if each]
        self._task = {}

    def _stored(self) -> Any:
        query = f"limit=1000&after={self._task['id'] - 1}"
        self._view.send(f"GET {V1.tasks}?{query} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        response = self._view.answer()
        assert response.status_code == 200, response.text
        return response.json()
