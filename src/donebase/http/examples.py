"""The examples of the OpenAPI document: requests that can be sent as they are, and the errors of each operation."""

from collections.abc import Iterable, Iterator
from typing import Any

from fastapi import params
from fastapi.dependencies.utils import get_flat_params

from donebase.accounts.callers import WRITE
from donebase.core.errors import (
    AccountElsewhere,
    ChangeNotFound,
    Conflict,
    DonebaseError,
    EmailTaken,
    Fault,
    Forbidden,
    InsufficientScope,
    InvalidInput,
    PreconditionFailed,
    RefreshFailed,
    SignInFailed,
    SignUpClosed,
    TaskNotFound,
    TokenNotFound,
    TooManyAttempts,
    UndoConflict,
    WrongPassword,
)
from donebase.core.shapes import Task
from donebase.http.body_readers import body_reader
from donebase.http.errors import ERROR_SPECS, AddressNotFound
from donebase.http.family import Answer, Route
from donebase.http.faults import validation_fault
from donebase.http.problems import problem_body
from donebase.http.readers import PathReader, QueryReader, Reader
from donebase.http.request_parts import RequestParts

Json = dict[str, Any]

_REQUEST_ID = "shop-42"
_UNKNOWN_PARAMETER = Fault("colour", "is not a known parameter", "unknown_parameter")


def _task() -> Json:
    return {name: (field.examples or [None])[0] for name, field in Task.model_fields.items()}


_EXAMPLES: dict[type[DonebaseError], DonebaseError] = {
    PreconditionFailed: PreconditionFailed(_task()),
    UndoConflict: UndoConflict([Conflict(1, "title")]),
    InsufficientScope: InsufficientScope(WRITE),
    TooManyAttempts: TooManyAttempts(840),
}
# What a path has at whose operations alone an error can occur.
_ONLY_AT: dict[type[DonebaseError], str] = {
    TaskNotFound: "{task_id",
    ChangeNotFound: "{change",
    UndoConflict: "{change",
}
# These occur where an operation names them, AddressNotFound at none.
_ONLY_NAMED = frozenset(
    {
        *(AccountElsewhere, AddressNotFound, EmailTaken, Forbidden, InsufficientScope, RefreshFailed, SignInFailed),
        *(SignUpClosed, TokenNotFound, WrongPassword),
    }
)


def example_of(schema: Json, schemas: Json) -> Any:
    """Return an example of a schema: its own, or one of the members that a client sends; None if there is none.

    `schemas` are those to which it can refer, by name. Of several that are allowed, the first is shown.
    """
    if "$ref" in schema:
        return example_of(schemas[schema["$ref"].rpartition("/")[2]], schemas)
    for example in schema.get("examples", ()):
        return example
    for allowed in schema.get("anyOf", ()):
        return example_of(allowed, schemas)
    sent = {name: member for name, member in schema.get("properties", {}).items() if not member.get("readOnly")}
    examples = {name: example_of(member, schemas) for name, member in sent.items()}
    return {name: example for name, example in examples.items() if example is not None} or None


def errors_at(route: Route, answer: Answer, *, has_body: bool) -> list[type[DonebaseError]]:
    """Return the errors for which a route gives an answer: those that it names, or else all that can occur."""
    return [
        kind
        for kind, spec in ERROR_SPECS.items()
        if spec.status == answer.status
        and (kind in answer.errors if answer.errors else _can_occur(kind, route, has_body=has_body))
    ]


def _can_occur(kind: type[DonebaseError], route: Route, *, has_body: bool) -> bool:
    is_readable = has_body or ERROR_SPECS[kind].code != "MALFORMED_JSON"
    return kind not in _ONLY_NAMED and _ONLY_AT.get(kind, "") in route.path and is_readable


def examples_of(route: Route, errors: Iterable[type[DonebaseError]], body: Json | None) -> Json:
    """Return the responses for errors of a route, as they are really given: the first of each code.

    `body` is an example of a valid body, or None if the route takes none.
    """
    examples: Json = {}
    for kind in errors:
        error = InvalidInput(_faults(route, body)) if kind is InvalidInput else _EXAMPLES.get(kind) or kind()
        examples.setdefault(ERROR_SPECS[kind].code, {"value": problem_body(error, _REQUEST_ID)})
    return examples


def _faults(route: Route, body: Json | None) -> list[Fault]:
    """Return the faults of a request to a route that is invalid in one place, as the route itself finds them."""
    for reader, parts in _invalid_requests(route, body):
        reader.read(parts)
        if parts.faults:
            return [validation_fault(fault) for fault in parts.faults]
    return [_UNKNOWN_PARAMETER]


def _invalid_requests(route: Route, body: Json | None) -> Iterator[tuple[Reader, RequestParts]]:
    """Yield requests, each with what reads their one invalid place, if it is: of the body, the query or the path."""
    names = list(route.param_convertors)
    for field in route.dependant.body_params:
        parts = RequestParts({}, names)
        for invalid in (" ", 0):  # some texts can be blank
            parts.body = {**(body or {}), _first_text(body or {}): invalid}
            yield body_reader(field), parts
    parameters = get_flat_params(route.dependant)
    for field in parameters:
        if isinstance(field.field_info, params.Query):
            parts = RequestParts({}, names)
            parts.query = {field.alias: ["x"]}
            yield QueryReader(field), parts
    for field in parameters:
        if isinstance(field.field_info, params.Path) and field.alias in names:
            yield PathReader(field, names), RequestParts({}, ["0" for _ in names])


def _first_text(body: Json) -> str:
    """Return the member of a body that is invalid in the example of an error: the first text, else the first."""
    return next((name for name, value in body.items() if isinstance(value, str)), next(iter(body), ""))
