"""A client of a live stream, as the WHATWG has it: reads events, comments and the fields that say how to reconnect."""

import http.client
import json
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Any, NamedTuple, Self
from urllib.parse import urlsplit

from tests.support.waiting import DEADLINE


class Event(NamedTuple):
    """An event that was dispatched: its type, its data as JSON, and the id of the last event as of then."""

    type: str
    data: Any
    last_id: str

    @property
    def change(self) -> int:
        """The number of the change that the event is about."""
        number: int = self.data["change"]
        assert (self.type, self.last_id) == ("change", str(number))
        return number


class EventSource:
    """One stream of a service, from a local port. `last_id` is the id with which the next one would resume."""

    def __init__(self, address: str, path: str, headers: Mapping[str, str] = {}) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=DEADLINE)
        self._connection.request("GET", path, headers={"Accept": "text/event-stream", **headers})
        self.port = self._connection.sock.getsockname()[1]
        self._response = self._connection.getresponse()
        self.status = self._response.status
        self.headers = self._response.headers
        self.last_id = ""
        self.retry = 0
        self.comments = 0

    def opened(self) -> Self:
        """Wait for what the service sends at once: how to reconnect, and where."""
        assert self.status == 200
        assert self._block() is None
        assert self.retry
        return self

    def next(self) -> Event:
        """Return the next event."""
        end = time.monotonic() + DEADLINE
        while not (event := self._block()):
            assert time.monotonic() < end, "nothing but comments"
        return event

    def wait_for_event(self) -> None:
        """Wait until the next event has begun to arrive. It is still to be read."""
        end = time.monotonic() + DEADLINE
        while not self._response.peek(1).startswith(b"i"):  # of `id:`
            assert self._block() is None
            assert time.monotonic() < end, "nothing but comments"

    def take(self, number: int) -> list[Event]:
        """Return the next events."""
        return [self.next() for _ in range(number)]

    def up_to(self, change: int) -> list[Event]:
        """Return the next events, up to the one about a change."""
        events = [self.next()]
        while events[-1].change < change:
            events.append(self.next())
        return events

    def wait_for_comments(self, number: int) -> None:
        """Wait for so many comments, without an event in between."""
        end = self.comments + number
        while self.comments < end:
            assert self._block() is None

    def rest(self) -> bytes:
        """Return what comes until the end of the stream, which is as it should be."""
        return self._response.read()

    def close(self) -> None:
        """Disconnect."""
        self._response.close()
        self._connection.close()

    def _block(self) -> Event | None:
        """Read up to an empty line. Raises EndOfStream."""
        kind, data = "message", []
        while line := self._line():
            name, _, value = line.partition(":")
            value = value.removeprefix(" ")
            if not name:
                self.comments += 1
            elif name == "id":
                self.last_id = value
            elif name == "retry":
                self.retry = int(value)
            elif name == "event":
                kind = value
            else:
                assert name == "data"
                data.append(value)
        return Event(kind, json.loads("\n".join(data)), self.last_id) if data else None

    def _line(self) -> str:
        line = self._response.readline()
        if not line.endswith(b"\n"):
            raise EndOfStream
        return line.decode().removesuffix("\n")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _at: TracebackType | None
    ) -> None:
        self.close()


class EndOfStream(Exception):
    """The service has ended the stream."""
