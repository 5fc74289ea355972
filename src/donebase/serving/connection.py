"""The protocol of one client connection: reads requests, has them answered, and refuses malformed HTTP.

uvicorn's server makes one of these for each connection that it accepts, and asks it to end at a shutdown.
"""

import asyncio
from collections.abc import Callable
from typing import Any

from starlette.types import Scope
from uvicorn.config import Config
from uvicorn.server import ServerState

from donebase.core.errors import InvalidInput
from donebase.http.middleware import OVER_LIMIT
from donebase.serving.connection_limit import ConnectionLimit
from donebase.serving.first_requests import FirstRequests
from donebase.serving.pipeline import Pipeline
from donebase.serving.refusal import refusal_of
from donebase.serving.request_head import TOO_SLOW
from donebase.serving.request_parser import RequestParser
from donebase.serving.stream import LINGER, Stream
from donebase.serving.timeouts import LAST_WORDS, Timeouts
from donebase.settings import Settings
from donebase.telemetry import logs

# `send` raises once the client has gone: no task has to look out for that.
_ASGI = {"version": "3.0", "spec_version": "2.4"}


class Connection(asyncio.Protocol):
    """One client's connection.

    `app_state` is the state of the application's lifespan: the settings, the headers of every response, the limit on
    connections, when first requests may begin, a function that ends all live streams, and one that ends all statements
    within a number of seconds.
    """

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        self._config = config
        self._server = server_state
        self._state = app_state
        self._settings: Settings = app_state["settings"]
        self._end_statements_within: Callable[[float], None] = app_state["end_statements_within"]
        self._connection_limit: ConnectionLimit = app_state["connection_limit"]
        self._first_requests: FirstRequests = app_state["first_requests"]
        self._is_new = True
        self._early = b""  # what has arrived of the first request, until that may begin
        self._reads_no_more = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start to wait for the first request."""
        self.stream = Stream(transport)
        self.timeouts = Timeouts(self, self._settings, self._config.timeout_keep_alive)
        self._pipeline = Pipeline(self._config.loaded_app, self._server, self.stream, self._end)
        scope: Scope = {
            "type": "http",
            "asgi": _ASGI,
            "scheme": "http",
            "root_path": "",
            "server": self.stream.address,
            "client": self.stream.peer,
            "state": self._state,
        }
        if not self._connection_limit.add(self):
            scope[OVER_LIMIT] = True
        self._parser = RequestParser(self._settings, scope, self._pipeline.add)
        self._server.connections.add(self)  # type: ignore[arg-type]

    def connection_lost(self, _exc: Exception | None) -> None:
        """End everything that waits for this client, which has disconnected."""
        self._server.connections.discard(self)
        self._connection_limit.remove(self)
        self._early = b""
        self._pipeline.disconnect()
        self.stream.resume_writing()
        self._parser.close()
        del self._parser, self.timeouts  # which refer to this connection

    def data_received(self, data: bytes) -> None:
        """Parse what has arrived, and begin to answer. An exception here is answered with INTERNAL_ERROR."""
        if self._reads_no_more:
            return
        if self._is_new:
            self._is_new = False
            if not self._first_requests.may_begin():
                self._early = data
                self.stream.pause_reading()
                self._first_requests.wait(self._begin)
                return
        try:
            self._parser.feed(data)
        except Exception as error:
            self._refuse(error)
        self._pipeline.run()

    def _begin(self) -> None:
        data, self._early = self._early, b""
        if data:
            self.stream.resume_reading()
            self.data_received(data)

    def eof_received(self) -> bool:
        """Return whether to keep the connection open for responses, after the client has closed its sending side."""
        last = self._pipeline.last
        if not last or last.more_body:
            return False
        return self._pipeline.end_input()

    def pause_writing(self) -> None:
        """Make responses wait until the client has read most of what was sent."""
        self.stream.pause_writing()

    def resume_writing(self) -> None:
        """Continue the response that waits."""
        self.timeouts.taken()
        self.stream.resume_writing()

    def answering(self) -> bool:
        """Tell whether a request is being answered."""
        return self._pipeline.last is not None

    def waits_for(self) -> tuple[int, bool] | None:
        """Return the number of the request that the client has to send and whether it has begun, or None."""
        if self._reads_no_more or self._early or self.answering():
            return None
        return self._parser.heads, self._parser.in_head

    def client_is_late(self) -> None:
        """End the connection: the headers, or the next request, have not arrived in time."""
        if self._parser.in_head and self._parser.has_begun:
            self._refuse(InvalidInput([TOO_SLOW]))
        else:
            self.stream.close()

    def shutdown(self) -> None:
        """Answer the requests of this connection, then close it; an idle one after LINGER, for a request on its way.

        Live streams end at once: their clients reconnect to another process or to the next one.
        Statements are ended before the grace is over, so that there is time for the error response and for the
        cancellation in PostgreSQL, which would otherwise carry them out after the service has stopped.
        """
        self._state["end_streams"]()
        grace = self._settings.shutdown_grace
        self._end_statements_within(grace - min(LAST_WORDS, grace / 2))
        loop = asyncio.get_running_loop()
        loop.call_later(grace - LINGER, self._break_off)
        if not self._pipeline.end_with_last():
            loop.call_later(LINGER, self._close_if_idle)

    def _refuse(self, error: Exception) -> None:
        """Answer an invalid request, unless the client could take that for the response to an earlier request.

        An error other than InvalidInput is logged as a fault of the service.
        """
        self._reads_no_more = True
        broken = self._pipeline.call_off()
        if self._pipeline.end_with_last():
            if not isinstance(error, InvalidInput):
                logs.crash("internal_error", error)
        elif not self.stream.is_closing:
            if broken or not self._parser.in_body:
                received = broken.scope["headers"] if broken else self._parser.headers
                recorded = broken is not None and broken.task is not None  # by the application
                common, default = self._state["common_headers"], self._server.default_headers
                self.stream.write(refusal_of(error, received, common, default, recorded=recorded))
            self.stream.close_in_order()

    def _end(self, more_comes: bool) -> None:
        if more_comes or self._reads_no_more:  # what was refused behind this request is perhaps still on its way
            self.stream.close_in_order()
        else:
            self.stream.close()
        self._reads_no_more = True

    def _close_if_idle(self) -> None:
        if not self._early and not self.answering():
            self.stream.close()

    def _break_off(self) -> None:
        """End the connection of a client that does not send the rest of its request, or does not read its response."""
        exchange = self._pipeline.first
        if not exchange:
            self.stream.abort()
        elif exchange.begun:
            self._connection_limit.cut_off += 1
            self.stream.reset()
        elif exchange.more_body:
            self._connection_limit.cut_off += 1
            self.stream.abort()
