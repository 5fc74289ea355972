"""Clients that keep a copy of a user's tasks: one asks for changes, the other has them streamed."""

import json
from contextlib import suppress
from http.client import HTTPConnection, HTTPException, HTTPResponse
from urllib.parse import urlsplit

import httpx

from tests.properties.writes import succeeded
from tests.support.families import API, Family, Json
from tests.support.problems import refused
from tests.support.waiting import DEADLINE


class Follower:
    """A copy of a user's tasks by id, and the number of the change that it has come to."""

    def __init__(self, client: httpx.Client, user: int) -> None:
        self.client = client
        self.user = user
        self.tasks: dict[int, Json] = {}
        self.number = 0

    def begin_anew(self) -> None:
        """Copy the list, which says its number."""
        response = succeeded(self.client.get(API.address(self.user)))
        self.tasks = {task["id"]: task for task in response.json()}
        self.number = int(response.headers["change"])

    def apply(self, number: int, tasks: list[Json], deleted: list[int]) -> None:
        """Apply what has come."""
        assert number > self.number or not (tasks or deleted)
        assert not {task["id"] for task in tasks} & {*deleted}
        self.tasks = {task_id: task for task_id, task in self.tasks.items() if task_id not in deleted}
        self.tasks |= {task["id"]: task for task in tasks}
        self.number = number


class ChangesFollower(Follower):
    """A client that asks for changes, page by page."""

    def ask(self, family: Family, limit: int) -> bool:
        """Ask for a page, and tell whether there are more."""
        response = self.client.get(family.beside(self.user, "changes", since=self.number, limit=limit))
        if response.status_code == 410:
            refused(response, 410, "HISTORY_PRUNED")
            self.begin_anew()
            return False
        page = succeeded(response).json()
        assert page["since"] == self.number
        self.apply(page["latest"], page["tasks"], page["deleted"])
        return bool(page["more"])


class EventsFollower(Follower):
    """A client that has changes streamed, and resumes the stream where it broke off."""

    def __init__(self, client: httpx.Client, user: int) -> None:
        super().__init__(client, user)
        self._connection: HTTPConnection | None = None
        self._stream: HTTPResponse | None = None

    def connect(self, family: Family, *, by_header: bool) -> None:
        """Open the stream from the number on, or begin anew where the history does not reach back so far."""
        self.disconnect()
        place = urlsplit(str(self.client.base_url))
        headers, query = ({"Last-Event-ID": str(self.number)}, {}) if by_header else ({}, {"since": self.number})
        self._connection = HTTPConnection(place.hostname or "", place.port, timeout=DEADLINE)
        self._connection.request("GET", family.beside(self.user, "events", **query), headers=headers)
        self._stream = self._connection.getresponse()
        if self._stream.status == 410:
            self.begin_anew()
            self.connect(family, by_header=by_header)
        assert self._stream.status == 200, self._stream.read()

    def disconnect(self) -> None:
        """Close the stream, whatever is still on its way."""
        if self._connection:
            self._connection.close()
        self._connection = self._stream = None

    def read_to(self, number: int, family: Family) -> None:
        """Read events up to the change of this number; open the stream where it is not, or has ended."""
        while self.number < number:
            if self._stream is None:
                self.connect(family, by_header=True)
            elif (event := self._next()) is None:
                self.disconnect()
            else:
                assert event["change"] == self.number + 1
                self.apply(event["change"], event["tasks"], event["deleted"])

    def _next(self) -> Json | None:
        """Return what the next event says; None where the stream has ended."""
        assert self._stream
        fields: dict[str, str] = {}
        with suppress(OSError, HTTPException):
            for line in self._stream:
                name, _, value = line.decode().rstrip("\n").partition(": ")
                if line != b"\n":
                    fields[name] = value
                elif "data" in fields:
                    data: Json = json.loads(fields["data"])
                    assert fields.items() >= {"id": str(data["change"]), "event": "change"}.items()
                    return data
        return None
