"""What is around every request: its id, its line in the log, HEAD, CORS, and the last catch. Pure ASGI, no tasks."""

import re
import secrets
import time

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from donebase import logs
from donebase.core.errors import Fault, InvalidInput
from donebase.routes.problems import INTERNAL, KINDS, problem

# What Starlette says of a preflight that it refuses, as the header it means.
_CORS_FAULTS = {
    word: Fault(header, "is not one that this service answers to", "cors_refused")
    for word, header in (
        ("origin", "Origin"),
        ("method", "Access-Control-Request-Method"),
        ("private-network", "Access-Control-Request-Private-Network"),
    )
}
_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,128}")


class Envelope:
    """Gives every request an id and every answer the same one, and writes the line that says how it went.

    A HEAD runs as the GET it stands for, and its answer ends where the body would begin.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        request_id = request_id_of(scope)
        logs.request_id.set(request_id.decode())
        method = scope["method"]
        status = 0

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (b"x-request-id", request_id)]
                await send(message)
                if method == "HEAD":
                    await send({"type": "http.response.body"})
            elif method != "HEAD":
                await send(message)

        if method == "HEAD":
            scope = {**scope, "method": "GET"}
        try:
            await self._app(scope, receive, answer)
        finally:
            route = scope.get("route")
            logs.request(method, route and route.path_format, status, (time.perf_counter() - started) * 1000)


class LastCatch:
    """Answers what nothing else has caught, so that the connection stays usable and the cause is in the log."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        begun = False

        async def watch(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, watch)
        except Exception as error:
            logs.crash("internal_error", error)
            # An answer that has begun is left unfinished: the server then closes the connection, and nobody takes
            # what came for the whole.
            if not begun:
                await problem(INTERNAL)(scope, receive, send)


class CORS(CORSMiddleware):
    """Starlette's CORS, with refusals in the shape of every other error."""

    def preflight_response(self, request_headers: Headers) -> Response:
        """Answer a preflight."""
        response = super().preflight_response(request_headers)
        if response.status_code < 400:
            return response
        refused = bytes(response.body).decode()
        faults = [fault for word, fault in _CORS_FAULTS.items() if word in refused]
        return problem(KINDS[InvalidInput], faults, headers={"Vary": response.headers["Vary"]})


def request_id_of(scope: Scope) -> bytes:
    """Return the id that a request came with, where it is a fit one, else one that is made for it."""
    for name, value in scope["headers"]:
        if name == b"x-request-id" and _REQUEST_ID.fullmatch(value):
            said: bytes = value
            return said
    return secrets.token_hex(16).encode()
