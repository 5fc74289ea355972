"""What is around every request: its id, its line in the log, HEAD, CORS, and what catches every exception.

Pure ASGI: no tasks of their own.
"""

import asyncio
import time
from collections.abc import Iterable, Sequence

from opentelemetry import trace
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from donebase.core import events
from donebase.http.errors import InternalError, TooManyConnections, report
from donebase.http.headers import CommonHeaders, finish, read_origin, read_request_id
from donebase.http.problems import problem
from donebase.telemetry import logs, metrics

_PROBES = ("/livez", "/health", "/metrics")
OVER_LIMIT = "donebase.over_connection_limit"  # in the scope of a request on a connection beyond MAX_CONNECTIONS


class ClientGone(OSError):
    """What `send` raises in the middle of an answer of which nobody takes the rest (ASGI 2.4)."""


class ErrorBoundary:
    """Around everything else: each request gets one id, one answer, one line in the log and one count.

    An exception that nothing else has caught is logged and answered with INTERNAL_ERROR, so that the connection stays
    usable. An answer that has begun is left unfinished then: the server closes the connection, and nobody takes what
    came for the whole. A HEAD runs as the GET it stands for, and its answer ends where the body would begin.
    """

    def __init__(self, app: ASGIApp, allowed_origins: Iterable[str]) -> None:
        self._app = app
        self._common = CommonHeaders(allowed_origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request, or whatever else a server has to say."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        request_id = read_request_id(scope)
        common = self._common.to(read_origin(scope))
        logs.request_id.set(request_id.decode())
        recorded = events.start_recording()
        method = scope["method"]
        status = 0

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                message["headers"] = finish(message["headers"], request_id, common)
                status = message["status"]
                await send(message)
                if method == "HEAD":
                    await send({"type": "http.response.body"})
            elif method != "HEAD":
                await send(message)
            elif message.get("more_body"):
                raise ClientGone

        if method == "HEAD":
            scope = {**scope, "method": "GET"}
        try:
            await self._app(scope, receive, answer)
        except ClientDisconnect:
            pass  # Starlette's word for ClientGone
        except (Exception, asyncio.CancelledError) as error:
            if _is_cancelled():  # by the server, and nobody waits for an answer
                raise
            report(error)
            if not status:
                await problem(InternalError())(scope, receive, answer)
        finally:
            route = scope.get("route")
            if route is None:
                record_request(method, None, None, status, started, recorded)
            else:
                record_request(method, route.path_format, route.tags[0], status, started, recorded)


def _is_cancelled() -> bool:
    """Tell whether this task was cancelled, and not just one that it waited for."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


class TracedRequestId:
    """Puts the id of a request on its span."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] == "http":
            trace.get_current_span().set_attribute("donebase.request_id", logs.request_id.get() or "")
        await self._app(scope, receive, send)


def record_request(
    method: str | None,
    route: str | None,
    family: str | None,
    status: int,
    started: float,
    recorded: Sequence[events.TaskEvent] = (),
) -> None:
    """Log and count a request that began at `started`, by the clock of `time.perf_counter`, and what it did."""
    seconds = time.perf_counter() - started
    logs.log_request(method, route, status, seconds * 1000, recorded[-1] if recorded else None)
    metrics.count_request(method, route, family, status, seconds)


class ConnectionLimit:
    """Refuses requests on connections beyond MAX_CONNECTIONS, except probes."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if OVER_LIMIT not in scope or scope["path"] in _PROBES:
            await self._app(scope, receive, send)
            return
        logs.warning("overloaded", cause="the limit MAX_CONNECTIONS is reached")
        await problem(TooManyConnections())(scope, receive, send)
