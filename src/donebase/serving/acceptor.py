"""Accepts connections: a few in each turn of the event loop, so that a crowd of new ones does not hold up the others.

The event loop's own servers accept all connections that wait at once, and begin to answer a request of each: with
10,000 of them, a request on an open connection waited for a quarter of a second.
"""

import asyncio
import socket
from collections.abc import Callable

from donebase.telemetry import logs

AT_A_TIME = 4
PAUSE = 0.5
"""How long to accept nothing, in seconds, after the system had no file or no memory left for another connection."""


class Acceptor:
    """Accepts the connections of a listener until it is closed. `make_protocol` returns the protocol of each."""

    def __init__(self, listener: socket.socket, make_protocol: Callable[[], asyncio.Protocol]) -> None:
        self._listener = listener
        self._make_protocol = make_protocol
        self._loop = asyncio.get_running_loop()
        self._connecting: set[asyncio.Task[object]] = set()
        self._paused: asyncio.TimerHandle | None = None
        listener.setblocking(False)
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # those that it accepts have it as well
        self._resume()

    def close(self) -> None:
        """Accept no more connections."""
        self._loop.remove_reader(self._listener)
        if self._paused:
            self._paused.cancel()

    async def wait_closed(self) -> None:
        """Wait until the protocols of all connections that were accepted have begun."""
        if self._connecting:
            await asyncio.wait(self._connecting)

    def _resume(self) -> None:
        self._paused = None
        self._loop.add_reader(self._listener, self._accept)

    def _accept(self) -> None:
        for _ in range(AT_A_TIME):
            try:
                accepted, _address = self._listener.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as failure:
                self._pause(failure)
                return
            accepted.setblocking(False)
            connecting = self._loop.create_task(self._loop.connect_accepted_socket(self._make_protocol, accepted))
            self._connecting.add(connecting)
            connecting.add_done_callback(self._connecting.discard)

    def _pause(self, failure: OSError) -> None:
        logs.warning("connections.not_accepted", cause=failure.strerror or type(failure).__name__)
        self._loop.remove_reader(self._listener)
        self._paused = self._loop.call_later(PAUSE, self._resume)
