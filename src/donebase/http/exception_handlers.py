"""Exception handlers of the FastAPI app: responses to what Starlette's router raises, and to bugs."""

from collections.abc import Iterable
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match
from starlette.types import Scope

from donebase.http.errors import AddressNotFound, InternalError, MethodNotAllowed
from donebase.http.problems import problem
from donebase.http.redirects import redirect, without_slash


async def http_error(request: Request, error: Exception) -> Response:
    """Answer the router's error for an address that does not exist, or for a method that it does not support.

    One that exists without the slash at its end is answered with a redirect, whatever the method. Nothing else raises
    an HTTPException: it is a bug, and raised again.
    """
    assert isinstance(error, HTTPException)
    if error.status_code == 404:
        return _redirect(request) or problem(AddressNotFound())
    if error.status_code == 405:
        response = problem(MethodNotAllowed())
        response.headers["Allow"] = ", ".join(_methods(request.app.routes, request.scope))
        return response
    raise error


async def internal_error(_request: Request, _error: Exception) -> Response:
    """Answer any other exception. Starlette then raises it again, and the ErrorBoundary logs it."""
    return problem(InternalError())


def _redirect(request: Request) -> Response | None:
    meant = without_slash(request.scope)
    return redirect(meant[1]) if meant and _methods(request.app.routes, meant[0]) else None


def _methods(routes: Iterable[Any], scope: Scope) -> list[str]:
    # The router names the methods of the first route at an address, and each operation is a route.
    found: set[str] = set()
    for route in routes:
        if route.matches(scope)[0] is not Match.NONE:
            found |= route.methods
    return sorted(found | {"HEAD"} if "GET" in found else found)
