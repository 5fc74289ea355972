"""The errors of an HTTP API, and the one table that gives each error its status and its code.

The tree begins in `core/errors.py`; these are the errors that only HTTP has:

    DonebaseError
    ├── MalformedJSON          the body is not JSON
    ├── UnsupportedMediaType   the body is declared as something else
    ├── BodyTooLarge           the body is larger than MAX_BODY_BYTES
    └── IncompleteBody         the body did not arrive completely, or not in time
"""

from collections.abc import Mapping
from typing import NamedTuple

from donebase.core.errors import (
    DatabaseFailed,
    DonebaseError,
    InvalidInput,
    Overloaded,
    SchemaMismatch,
    TaskNotFound,
)
from donebase.telemetry import logs


class MalformedJSON(DonebaseError):
    """The body is not one JSON value in UTF-8."""


class UnsupportedMediaType(DonebaseError):
    """The body is declared as something other than JSON."""


class BodyTooLarge(DonebaseError):
    """The body is larger than MAX_BODY_BYTES."""


class IncompleteBody(DonebaseError):
    """The body did not arrive completely: the client disconnected, or took longer than BODY_TIMEOUT."""


class ErrorSpec(NamedTuple):
    """How an error is answered: its HTTP status, its code for programs, its text for people, its own headers."""

    status: int
    code: str
    detail: str
    headers: Mapping[str, str] = {}


CLOSE = {"Connection": "close"}  # the rest of the body is still arriving, and must not be read as the next request
_RETRY = {"Retry-After": "1"}
_UNCERTAIN = (
    "The database failed or did not respond in time. A write may have been carried out: read before you repeat it."
)

ERROR_SPECS: dict[type[Exception], ErrorSpec] = {
    InvalidInput: ErrorSpec(400, "VALIDATION_ERROR", "The request is invalid; see errors for each field."),
    MalformedJSON: ErrorSpec(400, "MALFORMED_JSON", "The body is not valid JSON in UTF-8."),
    IncompleteBody: ErrorSpec(400, "MALFORMED_JSON", "The body is incomplete or did not arrive in time.", CLOSE),
    TaskNotFound: ErrorSpec(404, "TASK_NOT_FOUND", "The task does not exist."),
    BodyTooLarge: ErrorSpec(413, "BODY_TOO_LARGE", "The body is larger than this service accepts.", CLOSE),
    UnsupportedMediaType: ErrorSpec(415, "UNSUPPORTED_MEDIA_TYPE", "The body must be JSON, sent as application/json."),
    DatabaseFailed: ErrorSpec(500, "DATABASE_ERROR", _UNCERTAIN, _RETRY),
    SchemaMismatch: ErrorSpec(500, "DATABASE_ERROR", _UNCERTAIN, _RETRY),
    Overloaded: ErrorSpec(503, "OVERLOADED", "The service is busy and did not process the request. Try again.", _RETRY),
}
INTERNAL = ErrorSpec(500, "INTERNAL_ERROR", "An unexpected error occurred in the service.")
NOT_FOUND = ErrorSpec(404, "NOT_FOUND", "This address does not exist.")
METHOD_NOT_ALLOWED = ErrorSpec(
    405, "METHOD_NOT_ALLOWED", "This address does not support this method; see the Allow header."
)


def report(error: BaseException) -> None:
    """Log a failure: of the database with its cause, of the service itself with a traceback.

    For an error of our own tree in the middle of a response, Starlette raises another one that names it as its cause.
    """
    ours = error.__cause__ if isinstance(error.__cause__, DonebaseError) else error
    if isinstance(ours, DonebaseError):
        logs.error(ERROR_SPECS[type(ours)].code.lower(), cause=str(ours))
    else:
        logs.crash("internal_error", error)
