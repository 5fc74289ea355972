"""The outermost application: the id of each request, its headers, HEAD, unexpected exceptions, the line in the log."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from donebase.core import events
from donebase.http.bytes_response import BytesResponse
from donebase.http.errors import InternalError, TooManyConnections, report
from donebase.http.family import Route
from donebase.http.headers import NO_ORIGIN, Headers, finish, read_id_and_origin
from donebase.http.operation import OperationTable
from donebase.http.problems import problem
from donebase.telemetry import logs, metrics, tracing

STREAM_OPENED = "donebase.stream_opened"  # in the scope of a request whose response is a live stream: when it began
OVER_LIMIT = "donebase.over_connection_limit"  # in the scope of a request on a connection beyond MAX_CONNECTIONS


Changed = Callable[[int, int], None]
"""Takes the owner and the number of a change that was made."""


class ClientGone(OSError):
    """Raised by `send` within a response if the client has disconnected, or does not get the rest (ASGI 2.4)."""


class RequestContext:
    """One request: its id, its start, the headers that its response has in any case, and its status and events."""

    __slots__ = ("_common", "_events", "_request_id", "_started", "method", "opened", "status")

    def __init__(self, scope: Scope, common: Mapping[bytes | None, Headers]) -> None:
        self._started = time.perf_counter()
        self._request_id, origin = read_id_and_origin(scope["headers"])
        self._common = common.get(origin, NO_ORIGIN)
        self._events = events.start_recording()
        self.method: str = scope["method"]
        self.status = 0
        """The status of the response, or 0 as long as it has not begun."""
        self.opened: float | None = None
        """When the response began, if it was a live stream."""
        logs.request_id.set(self._request_id.decode())

    def begin(self, status: int, headers: Headers) -> Message:
        """Return the message that begins the response, with complete headers."""
        self.status = status
        headers = finish(headers, self._request_id, self._common)
        return {"type": "http.response.start", "status": status, "headers": headers}

    def record(self, route: Route | None, changed: Changed) -> None:
        """Log and count the request, which has ended, and tell of the change that it has made, if any."""
        path, family = (None, None) if route is None else (route.path_format, route.family)
        for _action, owner, _task_id, change in self._events:
            if change is not None and owner is not None:
                changed(owner, change)
        record_request(self.method, path, family, self.status, self._started, self._events, self.opened)


class ErrorBoundary:
    """The outermost application: each request gets one id, one response, one line in the log and one count.

    What `operations` finds is answered here; everything else goes to `app`, and with `traced` all of it does. On a
    connection beyond the limit, only probes are answered. A HEAD runs as a GET, and its response ends where the body
    would begin. An exception that nothing else has caught is logged and answered with INTERNAL_ERROR, so that the
    connection stays usable; a response that has begun is left incomplete, and the server closes the connection.
    `common` is what `common_headers` returns. `changed` is called with the owner and the number of each change that a
    request has made.
    """

    def __init__(
        self,
        app: ASGIApp,
        operations: OperationTable,
        common: Mapping[bytes | None, Headers],
        changed: Changed,
        *,
        traced: bool = False,
    ) -> None:
        self._app = app
        self._operations = operations
        self._changed = changed
        self._common = common
        self._traced = traced

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request, or an event of the server's life."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        context = RequestContext(scope, self._common)
        if context.method == "HEAD":
            scope = {**scope, "method": "GET"}
        try:
            await _send(await self._answer(scope, receive), context, scope, receive, send)
        except (ClientDisconnect, ClientGone):
            pass  # Starlette turns the latter into the former, unless the server's version of ASGI is below 2.4
        except (Exception, asyncio.CancelledError) as error:
            if _is_cancelled():  # by the server, and nobody waits for an answer
                raise
            report(error)
            if not context.status:
                await _send(problem(InternalError()), context, scope, receive, send)
        finally:
            context.record(scope.get("route"), self._changed)

    async def _answer(self, scope: Scope, receive: Receive) -> ASGIApp:
        """Return a response, or the application that gives it."""
        found = self._operations.find(scope["method"], scope["path"])
        if OVER_LIMIT in scope and (found is None or not found[0].probe):
            logs.warning("overloaded", cause="the limit MAX_CONNECTIONS is reached")
            return problem(TooManyConnections())
        if found is None or self._traced:
            return self._app
        operation, path_values = found
        scope["route"] = operation.route
        return await operation.respond(scope, receive, path_values)


async def _send(answer: ASGIApp, context: RequestContext, scope: Scope, receive: Receive, send: Send) -> None:
    """Send a response with its complete headers: at once if it is bytes, otherwise as the application sends it."""
    if isinstance(answer, BytesResponse):
        await send(context.begin(answer.status_code, answer.raw_headers))
        await send({"type": "http.response.body", "body": b"" if context.method == "HEAD" else answer.body})
    else:
        try:
            await answer(scope, receive, _CompletingSend(send, context))
        finally:
            context.opened = scope.get(STREAM_OPENED)


class _CompletingSend:
    """The `send` of an application whose responses need their complete headers, or end before the body (HEAD)."""

    __slots__ = ("_context", "_send")

    def __init__(self, send: Send, context: RequestContext) -> None:
        self._send = send
        self._context = context

    async def __call__(self, message: Message) -> None:
        is_head = self._context.method == "HEAD"
        if message["type"] == "http.response.start":
            await self._send(self._context.begin(message["status"], message["headers"]))
            if is_head:
                await self._send({"type": "http.response.body"})
        elif not is_head:
            await self._send(message)
        elif message.get("more_body"):
            raise ClientGone


def _is_cancelled() -> bool:
    """Return whether this task itself was cancelled, not only a task that it awaited."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def record_request(
    method: str | None,
    route: str | None,
    family: str | None,
    status: int,
    started: float,
    recorded: Sequence[events.TaskEvent] = (),
    opened: float | None = None,
) -> None:
    """Log and count a request that began at `started`, by the clock of `time.perf_counter`, and what it did.

    A live stream that was `opened` lasts as long as its client wants: only the time until then is counted as the
    request's.
    """
    seconds = time.perf_counter() - started
    logs.log_request(method, route, status, seconds, recorded[-1] if recorded else None)
    metrics.count_request(method, route, family, status, opened - started if opened else seconds)


class TracedRequestId:
    """Puts the id of a request on its span, which has nothing else that the client has sent."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] == "http":
            tracing.name_request(logs.request_id.get() or "", has_query=bool(scope["query_string"]))
        await self._app(scope, receive, send)
