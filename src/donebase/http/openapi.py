"""The OpenAPI document: FastAPI's, corrected where it does not describe what is answered here."""

import json
from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.responses import JSONResponse, Response

from donebase.core.errors import (
    ChangeNotFound,
    Conflict,
    DonebaseError,
    Fault,
    InvalidInput,
    PreconditionFailed,
    TaskNotFound,
    UndoConflict,
)
from donebase.core.shapes import Task
from donebase.core.tables import MAX_ID
from donebase.http.errors import ERROR_SPECS, AddressNotFound
from donebase.http.family import Answer, Route
from donebase.http.headers import DOCUMENTED
from donebase.http.problems import Problem, problem_body

_ERRORS = {400: "The request is invalid.", 500: "The database or the service failed."}
_BUSY = {503: "The service is busy or stopping and did not process the request."}
_BODY = {413: "The body is too large.", 415: "The body is not JSON."}
_WRITE = {409: "The idempotency key belongs to another request."}
_ONE_TASK = {404: "The task does not exist or belongs to another user."}
_PRUNED = {410: "The history does not go back so far."}
_ONE_CHANGE = _PRUNED | {404: "The change does not exist.", 409: f"{_WRITE[409]} Or: the tasks have changed since."}
_PRECONDITION_FAILED = Answer(412, Problem, "The task has another version than the request expects.", ["ETag"])
_PROBLEM = {"$ref": "#/components/schemas/Problem"}


def _example(shape: type[BaseModel]) -> dict[str, Any]:
    return {name: (field.examples or [None])[0] for name, field in shape.model_fields.items()}


_EXAMPLES: dict[type[DonebaseError], DonebaseError] = {
    InvalidInput: InvalidInput([Fault("colour", "is not a known parameter", "unknown_parameter")]),  # at any address
    PreconditionFailed: PreconditionFailed(_example(Task)),
    UndoConflict: UndoConflict([Conflict(1, "title")]),
}
# What a path has at whose operations alone an error can occur; AddressNotFound occurs at none.
_ONLY_AT: dict[type[DonebaseError], str] = {
    TaskNotFound: "{task_id",
    ChangeNotFound: "{change",
    UndoConflict: "{change",
    AddressNotFound: "*",
}


def document(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI document of an app. It is made once, and kept where FastAPI keeps its own."""
    if app.openapi_schema is None:
        app.openapi_schema = _document(app)
    return app.openapi_schema


def _document(app: FastAPI) -> dict[str, Any]:
    routes = {route.unique_id: route for route in app.routes if isinstance(route, Route) and route.answers}
    generated = get_openapi(
        title=app.title, version=app.version, summary=app.summary, description=app.description,
        routes=[*map(_documented, routes.values())], tags=app.openapi_tags,
    )  # fmt: skip
    for operations in generated["paths"].values():
        for operation in operations.values():
            _correct(operation, routes[operation["operationId"]])
    for unused in ("HTTPValidationError", "ValidationError"):
        generated["components"]["schemas"].pop(unused, None)
    # FastAPI keeps limits as floats, and the highest id is not one of them.
    exact: dict[str, Any] = json.loads(json.dumps(generated), parse_float=lambda limit: min(int(float(limit)), MAX_ID))
    return exact


def _documented(route: Route) -> APIRoute:
    """Return a route as FastAPI documents it: with the types of all answers, which it takes a while to prepare."""
    usual, *others = route.answers
    answers = [*_errors(route), *others]
    is_json = not (isinstance(usual.body, type) and issubclass(usual.body, Response))
    return APIRoute(
        route.path,
        route.endpoint,
        methods=[route.method],
        tags=route.tags,
        operation_id=route.operation_id,
        dependencies=route.dependencies,
        status_code=usual.status,
        response_class=JSONResponse if is_json else usual.body,
        response_model=usual.body if is_json else None,
        response_description=usual.description,
        responses={each.status: {"model": each.body, "description": each.description} for each in answers},
    )


def _errors(route: Route) -> list[Answer]:
    queries = {each.alias for each in route.dependant.query_params}
    is_conditional = any(each.alias == "If-Match" for each in route.dependant.header_params)
    errors = _ERRORS | _BUSY | ({} if route.method == "GET" else _WRITE)
    errors |= (_ONE_TASK if "{task_id" in route.path else {}) | (_BODY if route.body_field else {})
    errors |= (_ONE_CHANGE if "{change" in route.path else {}) | (_PRUNED if "since" in queries else {})
    answers = [Answer(status, Problem, when) for status, when in errors.items()]
    return [*answers, _PRECONDITION_FAILED] if is_conditional else answers


def _correct(operation: dict[str, Any], route: Route) -> None:
    takes_body = "requestBody" in operation
    operation["responses"].pop("422", None)  # FastAPI's own shape for what is a 400 here
    for status, response in operation["responses"].items():
        response["headers"] = {
            name: {"description": DOCUMENTED[name], "schema": {"type": "string"}}
            for name in _headers([*route.answers, *_errors(route)], int(status))
        }
        if any(body.get("schema") == _PROBLEM for body in response.get("content", {}).values()):
            content = {"schema": _PROBLEM, "examples": _examples(int(status), route, takes_body=takes_body)}
            response["content"] = {"application/problem+json": content}
    sent = operation["requestBody"]["content"].values() if takes_body else ()
    for part in (*operation.get("parameters", ()), *sent):
        if "anyOf" in part["schema"]:  # FastAPI's "or null" for what may be left out; null itself is an error
            part["schema"] |= part["schema"].pop("anyOf")[0]
        if part["schema"].get("default") == []:  # of a header that is a list, which is a string in the document
            del part["schema"]["default"]


def _headers(answers: Sequence[Answer], status: int) -> list[str]:
    """Return the names of the documented headers of those answers that have this status."""
    own = {name for answer in answers if answer.status == status for name in answer.headers}
    sent = {name for spec in ERROR_SPECS.values() if spec.status == status for name, _ in spec.headers}
    return [name for name in DOCUMENTED if name == "X-Request-ID" or name in own or name.lower().encode() in sent]


def _examples(status: int, route: Route, *, takes_body: bool) -> dict[str, Any]:
    """Return the error responses of a route with this status as they are really given: the first of each code."""
    examples: dict[str, Any] = {}
    for kind, spec in ERROR_SPECS.items():
        needs_path = _ONLY_AT.get(kind, "")
        if spec.status == status and needs_path in route.path and (takes_body or spec.code != "MALFORMED_JSON"):
            error = _EXAMPLES.get(kind) or kind()
            examples.setdefault(spec.code, {"value": problem_body(error, "shop-42")})
    return examples
