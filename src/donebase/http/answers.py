"""All answers of a route, for the OpenAPI document: those that it names itself, and the errors that it can have."""

from collections.abc import Iterable

from fastapi.dependencies.utils import get_flat_params
from fastapi.params import Path

from donebase.core.errors import DonebaseError, Forbidden, InsufficientScope
from donebase.http.access import Access
from donebase.http.errors import ERROR_SPECS, InternalError
from donebase.http.family import Answer, Route
from donebase.http.guard import USER_ID
from donebase.http.headers import DOCUMENTED
from donebase.http.problems import Problem

_ERRORS = {
    400: "The request is invalid.",
    500: "The database or the service failed.",
    503: "The service is busy or stopping and did not process the request.",
}
_ERRORS_OF_PROBE = [
    Answer(400, Problem, _ERRORS[400]),
    Answer(500, Problem, "The service failed.", errors=[InternalError]),
]
_BODY = {413: "The body is too large.", 415: "The body is not JSON."}
_WRITE = {409: "The idempotency key belongs to another request."}
_ONE_TASK = {404: "The task does not exist or belongs to another user."}
_PRUNED = {410: "The history does not have this change, or no longer has it."}
_ONE_CHANGE = _PRUNED | {404: "The change does not exist.", 409: f"{_WRITE[409]} Or: the tasks have changed since."}
_TOKEN_NEEDED = {401: "The request has no valid access token."}
_NOT_ALLOWED = Answer(403, Problem, "The access token does not allow this.", ["WWW-Authenticate"], [InsufficientScope])
_NOT_YOURS = Answer(
    403,
    Problem,
    "The access token does not allow this, or the address names another user.",
    ["WWW-Authenticate"],
    [Forbidden, InsufficientScope],
)
_PRECONDITION_FAILED = Answer(412, Problem, "The task has another version than the request expects.", ["ETag"])


def answers_of(route: Route, *, asks: bool) -> dict[int, Answer]:
    """Return all answers of a route by their statuses, in order. What it says of a status itself takes precedence."""
    answers = {answer.status: answer for answer in [*_errors(route, asks=asks), *route.answers]}
    return dict(sorted(answers.items()))


def _errors(route: Route, *, asks: bool) -> list[Answer]:
    if route.probe:
        return _ERRORS_OF_PROBE
    parameters = _parameters(route)
    errors = _ERRORS | (_WRITE if "Idempotency-Key" in parameters else {})
    errors |= (_ONE_TASK if "{task_id" in route.path else {}) | (_BODY if route.body_field else {})
    errors |= (_ONE_CHANGE if "{change" in route.path else {}) | (_PRUNED if "since" in parameters else {})
    answers = [_PRECONDITION_FAILED] if "If-Match" in parameters else []
    if asks and route.access is not Access.FREE:
        errors |= _TOKEN_NEEDED
        if route.access is not Access.CALLER:
            answers.append(_NOT_YOURS if USER_ID in parameters else _NOT_ALLOWED)
    return [*answers, *(Answer(status, Problem, when) for status, when in errors.items())]


def _parameters(route: Route) -> set[str]:
    """Return the names of the documented parameters. That of a path counts if it is there: a guard knows the caller."""
    fields = [each for each in get_flat_params(route.dependant) if getattr(each.field_info, "include_in_schema", True)]
    return {*route.param_convertors, *(each.alias for each in fields if not isinstance(each.field_info, Path))}


def headers_of(answer: Answer, errors: Iterable[type[DonebaseError]]) -> list[str]:
    """Return the names of the documented headers of an answer, which is given for these errors."""
    own = {"X-Request-ID", *answer.headers}
    sent = {name for error in errors for name, _ in ERROR_SPECS[error].headers}
    return [name for name in DOCUMENTED if name in own or name.lower().encode() in sent]
