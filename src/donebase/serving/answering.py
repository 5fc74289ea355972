"""How a connection runs the application: one request at a time, and what is left unfinished never reads as the whole.

uvicorn's protocol goes on with a request whose client has gone where others wait behind it, reads on while they wait,
and answers HTTP/1.0 in chunks, which it does not have.
"""

import asyncio
import socket
import struct
from collections import deque
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn._types import ASGIVersions
from uvicorn.config import Config
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from donebase.http.headers import Headers
from donebase.http.middleware import ClientGone
from donebase.telemetry import logs

# Whose `send` raises once the client has gone: Starlette needs no task of its own for each answer to look out for that,
# which on a busy machine could take until the end of a list.
_ASGI: ASGIVersions = {"version": "3.0", "spec_version": "2.4"}
_NO_CONTENT = (204, 304)
_RESET = struct.pack("ii", 1, 0)  # l_onoff, l_linger


class AnsweringProtocol(HttpToolsProtocol):
    """uvicorn's protocol on httptools, in bounded memory."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._running: RequestResponseCycle | None = None  # where others wait, `cycle` is the last of them
        self._unbegun: asyncio.Task[None] | None = None  # the work on a request that came with what is being read now

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin."""
        super().connection_made(transport)
        self.flow = _Flow(transport, self.pipeline)

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the request that is being answered that its client has gone, and forget those that wait."""
        if self._running is not None and not self._running.response_complete:
            self._running.disconnected = True
            self._running.message_event.set()
        self.pipeline.clear()
        super().connection_lost(exc)
        if self.cycle is not None:
            self.cycle.on_response = _nothing

    def answering(self) -> bool:
        """Tell whether a request is being answered."""
        return self.cycle is not None and not self.cycle.response_complete

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._running = cycle
        task = self._unbegun = self.loop.create_task(self._run(cycle, app))
        task.add_done_callback(self.tasks.discard)
        self.tasks.add(task)

    async def _run(self, cycle: RequestResponseCycle, app: ASGIApp) -> None:
        """Run the application, which answers its failures itself; an answer that it leaves unfinished is broken off."""
        cycle.scope["asgi"] = _ASGI
        if cycle.scope["http_version"] == "1.0":
            app = _UntilClosed(app, cycle)

        async def send(message: Message) -> None:
            if cycle.disconnected and message.get("more_body"):
                raise ClientGone
            await cycle.send(message)  # type: ignore[arg-type]

        try:
            await app(cycle.scope, cycle.receive, send)  # type: ignore[arg-type]
        except Exception as error:
            logs.crash("internal_error", error)
        finally:
            cycle.on_response = _nothing
            if not cycle.response_complete and not cycle.disconnected:
                cycle.disconnected = True
                self.reset()

    def reset(self) -> None:
        """End the connection in the middle of an answer so that nobody takes what came for the whole (RFC 9112, 8)."""
        self.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self.transport.abort()


class _Flow(FlowControl):
    """Reads no more while requests wait: what they hold is then at most what was read at once."""

    def __init__(self, transport: asyncio.Transport, waiting: deque[Any]) -> None:
        super().__init__(transport)
        self._waiting = waiting

    def resume_reading(self) -> None:
        """Read on, unless a request waits."""
        if not self._waiting:
            super().resume_reading()


class _UntilClosed:
    """An application whose answers of unknown length end with the connection, as in HTTP/1.0 (RFC 9112, 6.3)."""

    def __init__(self, app: ASGIApp, cycle: RequestResponseCycle) -> None:
        self._app = app
        self._cycle = cycle
        self._until_closed = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                named = any(name.lower() == b"content-length" for name, _ in message["headers"])
                self._until_closed = not named and message["status"] not in _NO_CONTENT and scope["method"] != "HEAD"
            await (self._send(message) if self._until_closed else send(message))

        await self._app(scope, receive, answer)

    async def _send(self, message: Message) -> None:
        cycle = self._cycle
        await cycle.flow.drain()
        if cycle.disconnected:
            if message.get("more_body"):
                raise ClientGone
            return
        if message["type"] == "http.response.start":
            cycle.response_started = True
            headers = [*cycle.default_headers, *message["headers"], (b"connection", b"close")]
            cycle.transport.write(STATUS_LINE[message["status"]] + header_lines(headers) + b"\r\n")
            return
        cycle.transport.write(message.get("body", b""))
        if not message.get("more_body"):
            cycle.response_complete = True
            cycle.message_event.set()
            cycle.transport.close()
            cycle.on_response()


def header_lines(headers: Headers) -> bytes:
    """Return headers as they are on the wire."""
    return b"".join(b"%b: %b\r\n" % header for header in headers)


def _nothing() -> None:
    """Let go of the connection, which a request need not keep."""
