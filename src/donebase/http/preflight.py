"""CORS preflights (Fetch standard): whether a page of another origin may send a request."""

from collections.abc import Sequence

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from donebase.core.errors import Fault, InvalidInput
from donebase.http.problems import problem

_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
_SECONDS_CACHED = 600
_VARY = "Access-Control-Request-Method, Access-Control-Request-Headers, Access-Control-Request-Private-Network"
# The words of Starlette for a refused preflight, and the header that each is about.
_FAULTS = {
    word: Fault(header, message, "cors_refused")
    for word, header, message in (
        ("origin", "Origin", "is not an allowed origin"),
        ("method", "Access-Control-Request-Method", "is not an allowed method"),
        ("private-network", "Access-Control-Request-Private-Network", "is not allowed"),
    )
}


class Preflights(CORSMiddleware):
    """Answers preflights, in the format of every other error if they are refused, and passes on other requests.

    What depends on the origin is in the headers of every response: `headers.finish` adds it.
    """

    def __init__(self, app: ASGIApp, allowed_origins: Sequence[str]) -> None:
        super().__init__(
            app,
            allow_origins=allowed_origins,
            allow_methods=_METHODS,
            allow_headers=["*"],
            max_age=_SECONDS_CACHED,
        )

    async def simple_response(
        self,
        scope: Scope,
        receive: Receive,
        send: Send,
        request_headers: Headers,  # noqa: ARG002
    ) -> None:
        """Pass on a request that is not a preflight."""
        await self.app(scope, receive, send)

    def preflight_response(self, request_headers: Headers) -> Response:
        """Answer a preflight."""
        response = super().preflight_response(request_headers)
        if response.status_code >= 400:
            refused = bytes(response.body).decode()
            response = problem(InvalidInput([fault for word, fault in _FAULTS.items() if word in refused]))
        del response.headers["Access-Control-Allow-Origin"]
        response.headers["Vary"] = _VARY
        return response
