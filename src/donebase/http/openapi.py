"""The OpenAPI document: FastAPI's, corrected where it does not describe what is answered here."""

import inspect
import json
import re

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from starlette.responses import JSONResponse, Response

from donebase.accounts.callers import ME
from donebase.core.tables import MAX_ID
from donebase.http.access import Access
from donebase.http.answers import answers_of, headers_of
from donebase.http.examples import Json, errors_at, example_of, examples_of
from donebase.http.family import Answer, Route
from donebase.http.guard import USER_ID
from donebase.http.headers import DOCUMENTED, NUMBERS
from donebase.http.named_schemas import name_schemas
from donebase.http.problems import Problem
from donebase.settings import Settings

_TOKEN: Json = {
    "token": {
        "type": "http",
        "scheme": "bearer",
        "description": "The access token of a session, a personal access token, or a token of the issuer that this "
        "service trusts.",
    }
}
_CALLER: Json = {
    "description": "You: your number, `me`, or the `sub` of your token.",
    "schema": {"type": "string", "minLength": 1, "examples": [ME]},
    "example": ME,
}
_PROBLEM = {"$ref": "#/components/schemas/Problem"}


def document(app: FastAPI) -> Json:
    """Return the OpenAPI document of an app. It is made once, and kept where FastAPI keeps its own."""
    if app.openapi_schema is None:
        app.openapi_schema = _document(app)
    return app.openapi_schema


def _document(app: FastAPI) -> Json:
    routes = {route.documented_id: route for route in app.routes if isinstance(route, Route) and route.answers}
    asks = app.state.authenticator is not None
    generated = get_openapi(
        title=app.title, version=app.version, summary=app.summary, description=app.description,
        contact=app.contact, license_info=app.license_info, servers=_servers(app.state.settings),
        routes=[_documented(route, asks=asks) for route in routes.values()], tags=app.openapi_tags,
    )  # fmt: skip
    generated["security"] = []  # nobody is asked who they are unless an operation says so
    if asks:
        generated["components"]["securitySchemes"] = _TOKEN
    schemas = generated["components"]["schemas"]
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    for operations in generated["paths"].values():
        for operation in operations.values():
            _correct(operation, routes[operation["operationId"]], schemas, asks=asks)
    _say_defaults(schemas)
    name_schemas(generated)
    exact: Json = json.loads(json.dumps(generated), parse_float=_exact)
    return exact


def _servers(settings: Settings) -> list[Json]:
    """Return where the service is. Without PUBLIC_URL, only a client knows: it has loaded the document from there."""
    here = {"url": "/", "description": "Where this document was loaded from."}
    public_url = settings.public_url
    return [{"url": public_url, "description": "Where clients reach the service."}, here] if public_url else [here]


def _say_defaults(schemas: Json) -> None:
    """Put the defaults of members into words: generators take a member with a default for one that is always there."""
    for schema in schemas.values():
        for member in schema.get("properties", {}).values():
            if "default" in member:
                member["description"] += f" Default: `{json.dumps(member.pop('default'))}`."


def _exact(number: str) -> float:
    """Return a number of the document. FastAPI keeps limits as floats, and the highest id is not one of them."""
    limit = float(number)
    return min(int(limit), MAX_ID) if limit.is_integer() and abs(limit) <= float(MAX_ID) else limit


def _documented(route: Route, *, asks: bool) -> APIRoute:
    """Return a route as FastAPI documents it: with the types of all answers, which it takes a while to prepare."""
    usual = route.answers[0]
    is_json = not (isinstance(usual.body, type) and issubclass(usual.body, Response))
    others = [answer for answer in answers_of(route, asks=asks).values() if answer is not usual]
    return APIRoute(
        route.path,
        route.endpoint,
        methods=[route.method],
        tags=[route.tag],
        operation_id=route.documented_id,
        summary=_beginning(inspect.getdoc(route.endpoint) or ""),
        dependencies=route.dependencies,
        status_code=usual.status,
        response_class=JSONResponse if is_json else usual.body,
        response_model=usual.body if is_json else None,
        response_description=usual.description,
        responses={each.status: {"model": each.body, "description": each.description} for each in others},
    )


def _beginning(text: str) -> str:
    """Return the beginning of a text, up to the first mark that ends a sentence or leads to details."""
    return re.split("[.:;]", text, maxsplit=1)[0]


def _correct(operation: Json, route: Route, schemas: Json, *, asks: bool) -> None:
    body = _body(operation, route, schemas)
    if asks and route.access is not Access.FREE:
        operation["security"] = [{scheme: [] for scheme in _TOKEN}]
        _name_caller(operation, route)
    answers = answers_of(route, asks=asks)
    # Without 422, FastAPI's own shape for what is a 400 here.
    operation["responses"] = {str(status): operation["responses"][str(status)] for status in answers}
    for answer in answers.values():
        _correct_response(operation["responses"][str(answer.status)], route, answer, body)
    for parameter in operation.get("parameters", ()):
        _correct_parameter(parameter)


def _correct_response(response: Json, route: Route, answer: Answer, body: Json | None) -> None:
    """Describe the headers of an answer and, of an error, what can be wrong."""
    errors = errors_at(route, answer, has_body=body is not None) if answer.body is Problem else []
    response["headers"] = {
        name: {"description": DOCUMENTED[name], "schema": {"type": "integer" if name in NUMBERS else "string"}}
        for name in headers_of(answer, errors)
    }
    if errors:
        content = {"schema": _PROBLEM, "examples": examples_of(route, errors, body)}
        response["content"] = {"application/problem+json": content}


def _correct_parameter(parameter: Json) -> None:
    schema = parameter["schema"]
    _leave_out_null(schema)
    schema.pop("description", None)  # which the parameter itself has
    if parameter["required"]:  # the page fills it in; what is optional would be in every request from there
        parameter["example"] = schema["examples"][0]
    if schema.get("default") in ([], False):  # of a header that is a list, or what the page would fill in
        del schema["default"]


def _name_caller(operation: Json, route: Route) -> None:
    """Describe the user in the address as the caller, whose name there can be a string."""
    parameters = [each for each in operation.get("parameters", ()) if (each["name"], each["in"]) != (USER_ID, "path")]
    if USER_ID in route.param_convertors:
        parameters.insert(0, {"name": USER_ID, "in": "path", "required": True, **_CALLER})
    operation["parameters"] = parameters


def _body(operation: Json, route: Route, schemas: Json) -> Json | None:
    """Give the body of an operation its example, which the page fills in, and return it; None if there is no body."""
    if "requestBody" not in operation:
        return None
    for content in operation["requestBody"]["content"].values():
        _leave_out_null(content["schema"])
        own = content["schema"].pop("examples", [])  # of the parameter, not of its type
        content["example"] = own[0] if own else example_of(content["schema"], schemas)
    if route.method == "PATCH":  # a second type would double the methods of some clients
        operation["requestBody"]["description"] = "Also taken as `application/merge-patch+json` (RFC 7396)."
    example: Json = content["example"]
    return example


def _leave_out_null(schema: Json) -> None:
    """Remove FastAPI's "or null" for what may be left out: null itself is an error."""
    if "anyOf" in schema:
        allowed = [each for each in schema.pop("anyOf") if each != {"type": "null"}]
        schema |= allowed[0] if len(allowed) == 1 else {"anyOf": allowed}
