"""uvicorn's server with donebase's service."""

import socket
from collections.abc import Callable
from types import FrameType

import uvicorn
from uvicorn.importer import import_from_string

from donebase.serving.acceptor import Acceptor
from donebase.serving.connection import Connection
from donebase.serving.connection_limit import BACKLOG
from donebase.settings import Settings

_TICKS = 10  # of uvicorn's main loop in a second


def serve_http(
    settings: Settings,
    service: str,
    listener: socket.socket,
    ready: Callable[[], None],
    alive: Callable[[], None] = lambda: None,
    stopping: Callable[[int], None] = lambda _signal: None,
) -> bool:
    """Serve in this process until SIGTERM or SIGINT, and return whether serving began.

    `service` is the import string, "module:function", of what returns the ASGI application for the settings.
    `ready` is called once the listener accepts connections, `alive` each second while the event loop runs,
    `stopping` with the signal once the graceful shutdown begins.
    """
    server = _Server(settings, service, ready, alive, stopping)
    server.run([listener])
    return server.started


class _Server(uvicorn.Server):
    """Calls back once it accepts connections, each second while its event loop runs, and once it stops."""

    def __init__(
        self,
        settings: Settings,
        service: str,
        ready: Callable[[], None],
        alive: Callable[[], None],
        stopping: Callable[[int], None],
    ) -> None:
        super().__init__(_config(settings, service))
        self._ready = ready
        self._alive = alive
        self._stopping = stopping
        self._signal: int | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup([])  # runs the start of the application, and opens no listener
        if self.started:
            for listener in sockets or ():  # as uvicorn's own servers, they are closed and waited for
                self.servers.append(Acceptor(listener, self._make_connection))  # type: ignore[arg-type]
            self._ready()

    def _make_connection(self) -> Connection:
        return Connection(self.config, self.server_state, self.lifespan.state)

    async def on_tick(self, counter: int) -> bool:
        if counter % _TICKS == 0:
            self._alive()
        return await super().on_tick(counter)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if self._signal is None:  # a second SIGINT would have uvicorn cut off what is in flight
            self._signal = sig
            super().handle_exit(sig, frame)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if self._signal is not None:
            self._stopping(self._signal)
        for acceptor in self.servers:  # uvicorn tells the connections that have begun by then
            acceptor.close()
            await acceptor.wait_closed()
        await super().shutdown(sockets)


def _config(settings: Settings, service: str) -> uvicorn.Config:
    return uvicorn.Config(
        import_from_string(service)(settings),
        backlog=BACKLOG,
        lifespan="on",
        http=Connection,
        ws="none",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        # Longer than the 60 s for which nginx keeps an idle connection, so that nginx closes it first.
        timeout_keep_alive=75,
        timeout_graceful_shutdown=settings.shutdown_grace,
    )
