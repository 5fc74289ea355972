"""Everything that a client is told went wrong: one shape, one table from kinds of error to status and code.

The shape is `application/problem+json` (RFC 9457) with `code`, `request_id` and, for what was sent, `errors`.
It holds no stack trace, no SQL, no driver's words and nothing that was sent except the names of fields.
"""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, NamedTuple

import orjson
from fastapi.exceptions import RequestValidationError
from pydantic import MISSING, BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match

from donebase.core.errors import (
    DatabaseFailed,
    DonebaseError,
    Fault,
    InvalidInput,
    Overloaded,
    SchemaMismatch,
    TaskNotFound,
)
from donebase.telemetry import logs

MAX_FAULTS = 20
_MAX_NAME = 100


class MalformedJSON(DonebaseError):
    """The body is not one JSON value in UTF-8."""


class UnsupportedMediaType(DonebaseError):
    """The body is said to be something other than JSON."""


class BodyTooLarge(DonebaseError):
    """The body is larger than MAX_BODY_BYTES."""


class IncompleteBody(DonebaseError):
    """The body stopped before its end: the client went away, or took longer than BODY_TIMEOUT."""


class Kind(NamedTuple):
    """What a client is told of one kind of error."""

    status: int
    code: str
    detail: str
    headers: Mapping[str, str] = {}


# Python has called 413 by two names.
_PHRASES = {status.value: status.phrase for status in HTTPStatus} | {413: "Content Too Large"}
_RETRY = {"Retry-After": "1"}
_UNCERTAIN = (
    "The database failed or did not respond in time. A write may have been carried out: read before you repeat it."
)
CLOSE = {"Connection": "close"}  # what is left of the body is on its way, and is no next request

KINDS: dict[type[Exception], Kind] = {
    InvalidInput: Kind(400, "VALIDATION_ERROR", "The request is invalid; see errors for each field."),
    MalformedJSON: Kind(400, "MALFORMED_JSON", "The body is not valid JSON in UTF-8."),
    IncompleteBody: Kind(400, "MALFORMED_JSON", "The body is incomplete or did not arrive in time.", CLOSE),
    TaskNotFound: Kind(404, "TASK_NOT_FOUND", "The task does not exist."),
    BodyTooLarge: Kind(413, "BODY_TOO_LARGE", "The body is larger than this service accepts.", CLOSE),
    UnsupportedMediaType: Kind(415, "UNSUPPORTED_MEDIA_TYPE", "The body must be JSON, sent as application/json."),
    DatabaseFailed: Kind(500, "DATABASE_ERROR", _UNCERTAIN, _RETRY),
    SchemaMismatch: Kind(500, "DATABASE_ERROR", _UNCERTAIN, _RETRY),
    Overloaded: Kind(503, "OVERLOADED", "The service is busy and did not process the request. Try again.", _RETRY),
}
INTERNAL = Kind(500, "INTERNAL_ERROR", "An unexpected error occurred in the service.")
_NOT_FOUND = Kind(404, "NOT_FOUND", "This address does not exist.")
_METHOD_NOT_ALLOWED = Kind(
    405, "METHOD_NOT_ALLOWED", "This address does not support this method; see the Allow header."
)

# pydantic's kinds of error, in our words: its own messages can hold what was sent.
_MESSAGES = {
    "missing": ("is required", "required"),
    "extra_forbidden": ("is not a known field", "unknown_field"),
    "string_type": ("must be a string", "wrong_type"),
    "string_unicode": ("must be valid Unicode, without lone surrogates", "not_unicode"),
    "bool_type": ("must be true or false", "wrong_type"),
    "int_type": ("must be an integer", "wrong_type"),
}
_OURS = frozenset({"blank", "nul_character", "not_unicode", "out_of_range", "too_long"})


class FieldProblem(BaseModel):
    """An error in one field."""

    model_config = ConfigDict(title="FieldProblem")

    field: str = Field(description="The invalid field, parameter or header, or `body`.", examples=["title"])
    message: str = Field(description="An explanation for people.", examples=["is required"])
    code: str = Field(description="A stable code for programs.", examples=["required"])


class Problem(BaseModel):
    """An error (RFC 9457)."""

    type: str = Field(
        description="Always `about:blank`: `status` and `code` identify the error.", examples=["about:blank"]
    )
    title: str = Field(description="The reason phrase of the status.", examples=["Bad Request"])
    status: int = Field(description="The HTTP status.", examples=[400])
    detail: str = Field(description="An explanation for people.", examples=[KINDS[InvalidInput].detail])
    code: str = Field(description="A stable code for programs.", examples=["VALIDATION_ERROR"])
    request_id: str = Field(description="The same as in the header X-Request-ID and in the log.", examples=["shop-42"])
    errors: list[FieldProblem] | MISSING = Field(
        default=MISSING, description=f"For VALIDATION_ERROR: an entry for each invalid field, at most {MAX_FAULTS}."
    )


def problem(kind: Kind, faults: Sequence[Fault] = (), headers: Mapping[str, str] = {}) -> Response:
    """Return the answer for one kind of error, with what is wrong with which field."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": _PHRASES[kind.status],
        "status": kind.status,
        "detail": kind.detail,
        "code": kind.code,
        "request_id": logs.request_id.get(),
    }
    if kind.code == "VALIDATION_ERROR":
        body["errors"] = [_presentable(fault) for fault in faults[:MAX_FAULTS]]
    return Response(
        orjson.dumps(body),
        kind.status,
        headers={**kind.headers, **headers},
        media_type="application/problem+json",
    )


def unknown_field(name: str) -> Fault:
    """Return what is wrong with a field that an address does not know."""
    return Fault(name, *_MESSAGES["extra_forbidden"])


def refusal(error: Exception) -> Response:
    """Return the answer to an error of our own tree. What the service is to blame for goes to the log as well."""
    kind = KINDS[type(error)]
    if kind.status >= 500:
        report(error)
    return problem(kind, error.faults if isinstance(error, InvalidInput) else ())


def report(error: BaseException) -> None:
    """Log a failure: a database that failed by its cause, a fault of the service by its traceback.

    For an error of our own tree in the middle of an answer, Starlette raises another one that names it as its cause.
    """
    ours = error.__cause__ if isinstance(error.__cause__, DonebaseError) else error
    if isinstance(ours, DonebaseError):
        logs.error(KINDS[type(ours)].code.lower(), cause=str(ours))
    else:
        logs.crash("internal_error", error)


async def donebase_error(_request: Request, error: Exception) -> Response:
    """Answer an error of our own tree."""
    return refusal(error)


async def validation_error(_request: Request, error: Exception) -> Response:
    """Answer what FastAPI and pydantic found wrong with the parts of a request."""
    assert isinstance(error, RequestValidationError)
    return problem(KINDS[InvalidInput], [_fault(found) for found in error.errors()[:MAX_FAULTS]])


async def http_error(request: Request, error: Exception) -> Response:
    """Answer what the router says of an address or a method that is not there."""
    assert isinstance(error, HTTPException)
    if error.status_code == 405:
        return problem(_METHOD_NOT_ALLOWED, headers={"Allow": ", ".join(_methods(request))})
    return problem(_NOT_FOUND if error.status_code == 404 else KINDS[MalformedJSON])


async def internal_error(_request: Request, _error: Exception) -> Response:
    """Answer what nothing else has caught. Starlette raises it again then, and the ErrorBoundary logs it."""
    return problem(INTERNAL)


def _methods(request: Request) -> list[str]:
    # The router names the methods of the first route at an address; there can be one route for each method.
    found: set[str] = set()
    for route in request.app.routes:
        if route.matches(request.scope)[0] is not Match.NONE:
            found |= route.methods
    return sorted(found | {"HEAD"} if "GET" in found else found)


def _fault(found: Mapping[str, Any]) -> Fault:
    place, kind = found["loc"], found["type"]
    message, code = (found["msg"], kind) if kind in _OURS else _MESSAGES.get(kind, ("is invalid", "invalid"))
    return Fault(str(place[1] if len(place) > 1 else place[0]), message, code)


def _presentable(fault: Fault) -> dict[str, str]:
    # The name of a field is the sender's text as well: it may be long, and may not be text at all.
    name = fault.field[:_MAX_NAME].encode(errors="replace").decode()
    return {"field": name, "message": fault.message, "code": fault.code}
