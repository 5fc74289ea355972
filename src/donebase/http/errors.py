"""The errors that only HTTP has, and the one table that gives each error its status, its code and its text.

The tree begins in `core/errors.py`:

    DonebaseError
    ├── MalformedJSON              the body is not JSON
    ├── IncompleteBody             the body did not arrive completely, or not in time
    ├── UnsupportedMediaType       the body is declared as something other than JSON
    ├── BodyTooLarge               the body is larger than MAX_BODY_BYTES
    ├── AddressNotFound            no operation has this path
    ├── MethodNotAllowed           no operation at this path has this method
    ├── InternalError              a bug in donebase
    └── Overloaded
        └── TooManyConnections     the connection is beyond MAX_CONNECTIONS
"""

from collections.abc import Sequence
from typing import NamedTuple

from donebase.core.errors import (
    AccountElsewhere,
    ChangeNotFound,
    Collided,
    DatabaseFailed,
    DonebaseError,
    EmailTaken,
    Forbidden,
    HistoryPruned,
    IdempotencyKeyReused,
    InsufficientScope,
    InvalidInput,
    IssuerUnreachable,
    Overloaded,
    PreconditionFailed,
    RefreshFailed,
    SchemaMismatch,
    SignInFailed,
    SignUpClosed,
    TaskNotFound,
    TokenNotFound,
    TooManyAttempts,
    Unauthorized,
    UndoConflict,
    UnknownValue,
    WrongPassword,
)
from donebase.http.headers import CLOSE, Header
from donebase.telemetry import logs


class MalformedJSON(DonebaseError):
    """The body is not one JSON value in UTF-8."""


class UnsupportedMediaType(DonebaseError):
    """The body is declared as something other than JSON. `declared` names it, if it is something that is well known."""

    def __init__(self, declared: str = "") -> None:
        super().__init__(declared)
        self.declared = declared


class BodyTooLarge(DonebaseError):
    """The body is larger than MAX_BODY_BYTES."""


class IncompleteBody(DonebaseError):
    """The body did not arrive completely: the client disconnected, or took longer than BODY_TIMEOUT."""


class AddressNotFound(DonebaseError):
    """No operation has this path."""


class MethodNotAllowed(DonebaseError):
    """No operation at this path has this method."""


class InternalError(DonebaseError):
    """A bug in donebase: an exception that nothing else has caught."""


class TooManyConnections(Overloaded):
    """The connection is beyond MAX_CONNECTIONS."""


class ErrorSpec(NamedTuple):
    """How an error is answered: its HTTP status, its code for programs, its text for people, its own headers.

    The text can be shown as it is; `problems.py` adds what only the single error knows. `members` are attributes of the
    error that are members of the answer as well.
    """

    status: int
    code: str
    detail: str
    headers: Sequence[Header] = ()
    members: Sequence[str] = ()


_RETRY = (b"retry-after", b"1")
_BEARER = (b"www-authenticate", b"Bearer")
_INVALID_TOKEN = (b"www-authenticate", b'Bearer error="invalid_token"')
_UNCERTAIN = (
    "The database failed or did not respond in time. A write may have been carried out: "
    "repeat it with its Idempotency-Key, or read before you write again."
)
_RETRY_LATER = (b"retry-after", b"10")
_BUSY = "The service is busy and did not process the request. Try again."

ERROR_SPECS: dict[type[DonebaseError], ErrorSpec] = {
    InvalidInput: ErrorSpec(400, "VALIDATION_ERROR", "The request is invalid."),
    MalformedJSON: ErrorSpec(400, "MALFORMED_JSON", "The body is not valid JSON in UTF-8."),
    IncompleteBody: ErrorSpec(400, "MALFORMED_JSON", "The body is incomplete or did not arrive in time.", (CLOSE,)),
    TaskNotFound: ErrorSpec(404, "TASK_NOT_FOUND", "The task does not exist."),
    ChangeNotFound: ErrorSpec(404, "CHANGE_NOT_FOUND", "The change does not exist."),
    AddressNotFound: ErrorSpec(404, "NOT_FOUND", "This address does not exist."),
    MethodNotAllowed: ErrorSpec(405, "METHOD_NOT_ALLOWED", "This address does not support this method."),
    IdempotencyKeyReused: ErrorSpec(
        409, "IDEMPOTENCY_KEY_REUSED", "The idempotency key belongs to another request. Use a new key."
    ),
    PreconditionFailed: ErrorSpec(
        412,
        "PRECONDITION_FAILED",
        "The task has another version than the request expects. Nothing was done.",
        members=["current"],
    ),
    UndoConflict: ErrorSpec(
        409,
        "UNDO_CONFLICT",
        "The tasks have changed again since this change. Nothing was undone.",
        members=["conflicts"],
    ),
    Unauthorized: ErrorSpec(401, "UNAUTHORIZED", "A valid access token is required.", (_INVALID_TOKEN,)),
    SignInFailed: ErrorSpec(401, "UNAUTHORIZED", "The e-mail address or the password is wrong.", (_BEARER,)),
    RefreshFailed: ErrorSpec(401, "UNAUTHORIZED", "The session has ended. Sign in again.", (_INVALID_TOKEN,)),
    Forbidden: ErrorSpec(403, "FORBIDDEN", "This belongs to another user."),
    SignUpClosed: ErrorSpec(403, "FORBIDDEN", "Nobody can sign up here."),
    AccountElsewhere: ErrorSpec(403, "FORBIDDEN", "You did not sign in here: your account is kept elsewhere."),
    WrongPassword: ErrorSpec(403, "FORBIDDEN", "The present password is wrong."),
    InsufficientScope: ErrorSpec(403, "INSUFFICIENT_SCOPE", "The access token does not allow this."),
    EmailTaken: ErrorSpec(409, "EMAIL_TAKEN", "There is an account with this e-mail address."),
    TooManyAttempts: ErrorSpec(429, "TOO_MANY_ATTEMPTS", "Too many attempts have failed. Try again later."),
    TokenNotFound: ErrorSpec(404, "TOKEN_NOT_FOUND", "The token does not exist."),
    HistoryPruned: ErrorSpec(410, "HISTORY_PRUNED", "The history does not have this change, or no longer has it."),
    BodyTooLarge: ErrorSpec(413, "BODY_TOO_LARGE", "The body is larger than this service accepts.", (CLOSE,)),
    UnsupportedMediaType: ErrorSpec(
        415, "UNSUPPORTED_MEDIA_TYPE", "The body must be JSON in UTF-8, sent as application/json and not compressed."
    ),
    DatabaseFailed: ErrorSpec(500, "DATABASE_ERROR", _UNCERTAIN, (_RETRY,)),
    Collided: ErrorSpec(500, "DATABASE_ERROR", _UNCERTAIN, (_RETRY,)),
    UnknownValue: ErrorSpec(500, "DATABASE_ERROR", _UNCERTAIN, (_RETRY,)),
    SchemaMismatch: ErrorSpec(500, "DATABASE_ERROR", _UNCERTAIN, (_RETRY,)),
    InternalError: ErrorSpec(500, "INTERNAL_ERROR", "An unexpected error occurred in the service."),
    Overloaded: ErrorSpec(503, "OVERLOADED", _BUSY, (_RETRY,)),
    IssuerUnreachable: ErrorSpec(
        503, "OVERLOADED", "The issuer of the access token cannot be reached. Try again.", (_RETRY_LATER,)
    ),
    TooManyConnections: ErrorSpec(503, "OVERLOADED", _BUSY, (_RETRY, CLOSE)),
}


def report(error: BaseException) -> None:
    """Log a failure: of the database with its cause, of the service itself with a traceback.

    For an error of our own tree in the middle of a response, Starlette raises another one that names it as its cause.
    """
    ours = error.__cause__ if isinstance(error.__cause__, DonebaseError) else error
    if isinstance(ours, DonebaseError):
        logs.error(ERROR_SPECS[type(ours)].code.lower(), cause=str(ours))
    else:
        logs.crash("internal_error", error)
