"""Error responses: `application/problem+json` (RFC 9457) with `code`, `request_id` and what an error tells more.

They contain no stack trace, no SQL, no text of a driver and nothing that was sent except the names of fields.
"""

import re
from http import HTTPStatus
from typing import Any

from pydantic import MISSING, BaseModel, ConfigDict, Field
from starlette.responses import Response

from donebase.core.errors import (
    DonebaseError,
    Fault,
    InsufficientScope,
    InvalidInput,
    PreconditionFailed,
    TooManyAttempts,
)
from donebase.core.shapes import Task
from donebase.core.values import PositiveInt8
from donebase.http.bytes_response import PROBLEM_JSON, BytesResponse, encoded
from donebase.http.entity_tags import strong_tag
from donebase.http.errors import ERROR_SPECS, UnsupportedMediaType, report
from donebase.http.faults import MAX_FAULTS
from donebase.http.headers import Headers
from donebase.telemetry import logs

_MAX_NAME = 100
# A page can show a name like this even as HTML. The client may have chosen the name.
_PLAIN_NAME = re.compile(rf"[\w .$@\[\]-]{{1,{_MAX_NAME}}}")
# Python has called 413 by two names.
_PHRASES = {status.value: status.phrase for status in HTTPStatus} | {413: "Content Too Large"}


class FieldProblem(BaseModel):
    """An error in one field."""

    model_config = ConfigDict(title="FieldProblem")

    field: str = Field(description="The invalid field, parameter or header, or `body`.", examples=["title"])
    message: str = Field(description="An explanation for people.", examples=["is required"])
    code: str = Field(description="A stable code for programs.", examples=["required"])


class FieldConflict(BaseModel):
    """A field that a later change has changed."""

    model_config = ConfigDict(title="FieldConflict")

    task_id: PositiveInt8 = Field(description="The id of the task.", examples=[1])
    field: str = Field(description="The field; `id` if the task is gone, or there again.", examples=["title"])


class Problem(BaseModel):
    """An error (RFC 9457)."""

    type: str = Field(
        description="Always `about:blank`: `status` and `code` identify the error.", examples=["about:blank"]
    )
    title: str = Field(description="The reason phrase of the status.", examples=["Bad Request"])
    status: int = Field(description="The HTTP status.", examples=[400])
    detail: str = Field(
        description="An explanation for people, to be shown as it is. Of invalid fields it names the first.",
        examples=["title: must contain at least one visible character"],
    )
    code: str = Field(description="A stable code for programs.", examples=["VALIDATION_ERROR"])
    request_id: str = Field(description="The same as in the header X-Request-ID and in the log.", examples=["shop-42"])
    errors: list[FieldProblem] | MISSING = Field(
        default=MISSING, description=f"For VALIDATION_ERROR: an entry for each invalid field, at most {MAX_FAULTS}."
    )
    current: Task | MISSING = Field(default=MISSING, description="For PRECONDITION_FAILED: the task as it is.")
    conflicts: list[FieldConflict] | MISSING = Field(
        default=MISSING, description="For UNDO_CONFLICT: an entry for each field that has changed since."
    )


def problem(error: DonebaseError) -> Response:
    """Return the response for an error."""
    spec = ERROR_SPECS[type(error)]
    body = encoded(problem_body(error, logs.request_id.get()))
    return BytesResponse(spec.status, body, PROBLEM_JSON, [*spec.headers, *_own_headers(error)])


def _own_headers(error: DonebaseError) -> Headers:
    """Return the headers that only the single error knows."""
    if isinstance(error, PreconditionFailed):
        return [strong_tag(error.current["version"])]
    if isinstance(error, TooManyAttempts):
        return [(b"retry-after", b"%d" % error.retry_after)]
    if isinstance(error, InsufficientScope):
        return [(b"www-authenticate", b'Bearer error="insufficient_scope", scope="%b"' % error.scope.encode())]
    return []


def error_response(error: DonebaseError) -> Response:
    """Return the response for an error, and log the error if the service is to blame (status 5xx)."""
    if ERROR_SPECS[type(error)].status >= 500:
        report(error)
    return problem(error)


def problem_body(error: DonebaseError, request_id: str | None) -> dict[str, Any]:
    """Return what a response says of an error, with its faults if it is a VALIDATION_ERROR."""
    spec = ERROR_SPECS[type(error)]
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": _PHRASES[spec.status],
        "status": spec.status,
        "detail": _detail(error),
        "code": spec.code,
        "request_id": request_id,
    }
    if isinstance(error, InvalidInput):
        body["errors"] = [_presentable(fault) for fault in error.faults[:MAX_FAULTS]]
    return body | {name: _as_json(getattr(error, name)) for name in spec.members}


def _detail(error: DonebaseError) -> str:
    text = ERROR_SPECS[type(error)].detail
    if isinstance(error, InvalidInput) and error.faults:
        first = error.faults[0]
        return f"{first.field if _PLAIN_NAME.fullmatch(first.field) else 'a field'}: {first.message}"
    if isinstance(error, UnsupportedMediaType) and error.declared:
        return f"{text} It is declared as {error.declared}."
    return text


def _as_json(member: Any) -> Any:
    """Return a member of an error with objects for named tuples."""
    return [each._asdict() for each in member] if isinstance(member, list) else member


def _presentable(fault: Fault) -> dict[str, str]:
    # The client chose the name of the field as well: it may be long, and may not be valid text.
    name = fault.field[:_MAX_NAME].encode(errors="replace").decode()
    return {"field": name, "message": fault.message, "code": fault.code}
