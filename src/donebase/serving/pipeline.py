"""The requests of one connection, answered one at a time, in the order in which they came (RFC 9112, 9.3.2)."""

import asyncio
from collections.abc import Callable

from starlette.types import ASGIApp, Scope
from uvicorn.server import ServerState

from donebase.core.errors import InvalidInput
from donebase.serving.exchange import Exchange
from donebase.serving.request_head import MALFORMED
from donebase.serving.stream import Stream
from donebase.telemetry import logs

_LONGEST = 33  # a request that is being answered, and those that came before its response
_WAIT_FOR_THEIR_BODY = ("POST", "PUT", "PATCH")


class Pipeline:
    """The requests without a complete response: the first is being answered, the others wait.

    `end` is called after the last response; its argument says whether a part of that request has not arrived.
    """

    __slots__ = ("_app", "_end", "_ends", "_exchanges", "_loop", "_running", "server", "stream")

    def __init__(self, app: ASGIApp, server: ServerState, stream: Stream, end: Callable[[bool], None]) -> None:
        self._app = app
        self._end = end
        self._loop = asyncio.get_running_loop()
        self._exchanges: list[Exchange] = []  # a deque, empty, takes 760 bytes of each connection
        self._running: Exchange | None = None
        self._ends = False
        self.server = server
        self.stream = stream

    @property
    def first(self) -> Exchange | None:
        """The request that is being answered."""
        return self._exchanges[0] if self._exchanges else None

    @property
    def last(self) -> Exchange | None:
        """The request that arrived last."""
        return self._exchanges[-1] if self._exchanges else None

    def add(self, scope: Scope, keep_alive: bool) -> Exchange:
        """Add a request whose headers are complete. Nothing more is read from the client while requests wait.

        Raises InvalidInput if too many wait: the connection then ends with the response to the last one.
        """
        if len(self._exchanges) >= _LONGEST:
            raise InvalidInput([MALFORMED])
        exchange = Exchange(self, scope, keep_alive and not self._ends)
        self._exchanges.append(exchange)
        if len(self._exchanges) > 1:
            self.stream.pause_reading()
        return exchange

    def run(self) -> None:
        """Start to answer the next request, unless one is being answered."""
        if self._running or not self._exchanges:
            return
        exchange = self._running = self._exchanges[0]
        # Not by the event loop's create_task: its names are a tenth of what a task costs.
        exchange.task = asyncio.Task(self._run(exchange), loop=self._loop, name="request")
        self.server.tasks.add(exchange.task)

    def answered(self, exchange: Exchange) -> None:
        """Continue with the next request, after the last byte of a response was written."""
        self.server.total_requests += 1
        self._running = None
        del self._exchanges[0]
        if exchange.keep_alive:
            self.read_on()
            if self._exchanges:
                self.run()
        else:
            self._exchanges.clear()
            self._end(exchange.more_body)

    def read_on(self) -> None:
        """Resume reading, unless requests wait: together they hold no more than one read."""
        if len(self._exchanges) <= 1:
            self.stream.resume_reading()

    def end_with_last(self) -> bool:
        """Let the connection end with the last response, and return whether any request has no response yet."""
        self._ends = True
        if self._exchanges:
            self._exchanges[-1].keep_alive = False
        return bool(self._exchanges)

    def end_input(self) -> bool:
        """Note that the client sends nothing more, and return as `end_with_last`."""
        for exchange in self._exchanges:
            exchange.end_input()
        return self.end_with_last()

    def call_off(self) -> Exchange | None:
        """Cancel the last request, whose body is invalid, and return it; None if it may have been carried out."""
        last = self.last
        if not last or not last.more_body:
            return None
        if last is self._running and (last.begun or last.scope["method"] not in _WAIT_FOR_THEIR_BODY):
            return None
        self._exchanges.pop()
        last.disconnect()
        return last

    def disconnect(self) -> None:
        """Tell the application that the client has disconnected, and drop the requests that wait."""
        if self._running:
            self._running.disconnect()
            self._running = None  # the two refer to each other
        self._exchanges.clear()
        del self._end  # it refers to the connection

    async def _run(self, exchange: Exchange) -> None:
        """Run the application for a request. If it leaves the response incomplete, reset the connection."""
        try:
            await self._app(exchange.scope, exchange.receive, exchange.send)
        except Exception as error:
            logs.crash("internal_error", error)
        finally:
            assert exchange.task
            self.server.tasks.discard(exchange.task)
            if not exchange.complete and not exchange.disconnected:
                exchange.disconnect()
                self.stream.reset()
