"""Answers what FastAPI and Starlette raise: an exception handler (app, kind of exception) each."""

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match

from donebase.core.errors import DonebaseError, InvalidInput
from donebase.http.errors import AddressNotFound, InternalError, MalformedJSON, MethodNotAllowed
from donebase.http.faults import MAX_FAULTS, validation_fault
from donebase.http.problems import error_response, problem


async def donebase_error(_request: Request, error: Exception) -> Response:
    """Answer an error of our own tree."""
    assert isinstance(error, DonebaseError)
    return error_response(error)


async def validation_error(_request: Request, error: Exception) -> Response:
    """Answer the faults that FastAPI and pydantic found in the parts of a request."""
    assert isinstance(error, RequestValidationError)
    return problem(InvalidInput([validation_fault(found) for found in error.errors()[:MAX_FAULTS]]))


async def http_error(request: Request, error: Exception) -> Response:
    """Answer the router's error for an address that does not exist, or for a method that it does not support."""
    assert isinstance(error, HTTPException)
    if error.status_code == 405:
        response = problem(MethodNotAllowed())
        response.headers["Allow"] = ", ".join(_methods(request))
        return response
    return problem(AddressNotFound() if error.status_code == 404 else MalformedJSON())


async def internal_error(_request: Request, _error: Exception) -> Response:
    """Answer any other exception. Starlette then raises it again, and the ErrorBoundary logs it."""
    return problem(InternalError())


def _methods(request: Request) -> list[str]:
    # The router names the methods of the first route at an address; there can be one route for each method.
    found: set[str] = set()
    for route in request.app.routes:
        if route.matches(request.scope)[0] is not Match.NONE:
            found |= route.methods
    return sorted(found | {"HEAD"} if "GET" in found else found)
