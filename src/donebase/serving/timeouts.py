"""The timeouts of a connection: for headers, for the next request, and for the client to read what it is sent.

No timer belongs to a request: once a second, all connections are checked, so a timeout is up to two seconds late.
"""

from typing import Protocol

from donebase.serving.stream import Stream
from donebase.settings import Settings

LOOK_EVERY = 1.0  # seconds
LAST_WORDS = 1.5  # seconds of a graceful shutdown, at its end, for responses that say that it was not done


class Waiting(Protocol):
    """A connection, as far as its timeouts are concerned."""

    stream: Stream

    def waits_for(self) -> tuple[int, bool] | None:
        """Return the number of what the client has to send and whether a part of it has arrived, or None."""

    def client_is_late(self) -> None:
        """End the connection: what it waits for has not arrived in time."""


class Timeouts:
    """The timeouts of one connection; `keep_alive` is for how many seconds it may be idle."""

    __slots__ = ("_connection", "_head", "_idle", "_send", "_unsent", "_unsent_since", "_waits_for", "_waits_since")

    def __init__(self, connection: Waiting, settings: Settings, keep_alive: float) -> None:
        self._connection = connection
        self._head = settings.header_timeout
        self._idle = keep_alive
        self._send = settings.send_timeout
        self._unsent = 0  # bytes
        self._unsent_since = 0.0  # when the client last took any of them
        self._waits_for: tuple[int, bool] | None = None
        self._waits_since = 0.0

    def look(self, now: float) -> None:
        """End the connection if its client has kept it waiting for too long."""
        stream = self._connection.stream
        unsent = stream.unsent()
        if not self._unsent or unsent < self._unsent:
            self._unsent_since = now
        elif now - self._unsent_since >= self._send:
            stream.reset()
        self._unsent = unsent
        waits_for = self._connection.waits_for()
        if waits_for != self._waits_for:
            self._waits_for, self._waits_since = waits_for, now
        elif waits_for and now - self._waits_since >= (self._head if waits_for[1] else self._idle):
            self._connection.client_is_late()

    def taken(self) -> None:
        """Note that the client has read most of what was sent; the size is then no measure, because more is sent."""
        self._unsent = 0
