"""The document at /openapi.json: valid, whole, and true to what the service does."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import httpx
import pytest
from fastapi.routing import APIRoute
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from donebase.app import create_app
from donebase.core.tables import MAX_ID
from donebase.http.errors import ERROR_SPECS
from donebase.http.family import Route
from donebase.http.json_arrays import MAX_ITEMS
from donebase.http.parameters import MAX_LIMIT
from donebase.routes import every_route
from donebase.settings import Settings
from tests.support.families import V1, Json
from tests.support.processes import run_donebase

ROUTES = {(route.method.lower(), route.path_format): route for route in every_route() if route.answers}
OPERATIONS = {at: route.unique_id for at, route in ROUTES.items()}
IN = ("path", "query")
FINITE = [at for at in OPERATIONS if not at[1].endswith("/events")]
TAKE_BODIES = [at for at, route in ROUTES.items() if route.body_field]
LISTS = [at for at, name in OPERATIONS.items() if name.endswith("list_tasks")]
PROBES = [at for at, route in ROUTES.items() if route.probe]
NAME_A_TASK = [at for at in OPERATIONS if "{task_id}" in at[1]]

every_operation = pytest.mark.parametrize("at", OPERATIONS, ids=OPERATIONS.values())
every_operation_on_one_task = pytest.mark.parametrize("at", NAME_A_TASK, ids=map(OPERATIONS.__getitem__, NAME_A_TASK))
every_operation_with_a_body = pytest.mark.parametrize("at", TAKE_BODIES, ids=map(OPERATIONS.__getitem__, TAKE_BODIES))

At = tuple[str, str]


@pytest.fixture(scope="module")
def document(client: httpx.Client) -> Json:
    response = client.get("/openapi.json")
    assert (response.status_code, response.headers["content-type"]) == (200, "application/json")
    found: Json = response.json()
    return found


def operation_at(document: Json, at: At) -> Json:
    method, path = at
    operation: Json = document["paths"][path][method]
    return operation


def every_schema(part: Any) -> Iterator[Json]:
    """Yield every schema that has a type, however deep it lies."""
    if isinstance(part, dict):
        if isinstance(part.get("type"), str):
            yield part
        for name, inner in part.items():
            if name not in ("example", "examples", "default"):
                yield from every_schema(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from every_schema(inner)


def assert_fits(document: Json, schema: Json, value: Any) -> None:
    """See that a value is what a schema says and, where it is an object, nothing more."""
    whole = {"unevaluatedProperties": False, **schema, "components": document["components"]}
    OAS31Validator(whole, format_checker=OAS31Validator.FORMAT_CHECKER).validate(value)


def assert_documented(document: Json, at: At, response: httpx.Response) -> None:
    """See that an answer is what the document says of its status."""
    documented = operation_at(document, at)["responses"][str(response.status_code)]
    if "content" not in documented:
        assert response.content == b""
        return
    assert_fits(document, documented["content"][response.headers["content-type"]]["schema"], response.json())


def example_body(document: Json, at: At) -> Any:
    """Return the body that the documentation shows, or None for an operation that takes none."""
    body = operation_at(document, at).get("requestBody")
    return body and body["content"]["application/json"]["example"]


def test_the_document_is_valid_openapi_3_1(document: Json) -> None:
    assert document["openapi"].startswith("3.1.")
    OpenAPIV31SpecValidator(document).validate()


def test_the_command_prints_the_same_document_and_needs_no_database(document: Json, folder: Path) -> None:
    printed = run_donebase(folder, "openapi", DATA_DIR=str(folder / "data"))
    assert (printed.returncode, printed.stderr) == (0, "")
    assert json.loads(printed.stdout) == document
    assert not (folder / "data").exists()


def test_every_route_is_documented(document: Json) -> None:
    app = create_app(Settings.read(database_url="postgresql://localhost/none"))
    routes = [route for route in app.routes if isinstance(route, Route)]
    assert routes == app.routes
    served = {(method.lower(), route.path_format) for route in routes for method in route.methods or ()}
    others = ("/docs", "/openapi.json", "/metrics", "/service-worker.js", "/web/")
    not_of_the_api = {place for place in served if place[1].startswith(others)} | {("get", "/")}
    documented = {(method, path) for path, operations in document["paths"].items() for method in operations}
    assert documented == served - not_of_the_api


class Prepared(Exception):
    """A route was made as the document needs it."""


def test_what_only_the_document_needs_is_not_prepared_before_somebody_asks_for_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(APIRoute, "__init__", Mock(side_effect=Prepared))
    app = create_app(Settings.read(database_url="postgresql://localhost/none"))
    with pytest.raises(Prepared):
        app.openapi()


@every_operation
def test_the_headers_of_an_answer_are_documented(document: Json, at: tuple[str, str]) -> None:
    method, path = at
    expected = {"201": {"Location", "ETag", "Change"}, "412": {"ETag"}, "500": {"Retry-After"}, "503": {"Retry-After"}}
    if OPERATIONS[at].endswith("list_tasks"):
        expected["304"] = {"ETag", "Change"}
        expected["200"] = {"Link", "X-Total-Count"} | ({"ETag", "Change"} if "user_id" in path else set())
    elif path.endswith("/tags"):
        expected["200"] = expected["304"] = {"ETag", "Change"}
    elif at in NAME_A_TASK and method == "get":
        expected["200"] = expected["304"] = {"ETag"}
    elif at in NAME_A_TASK:
        expected["200"] = {"Change"} if method == "delete" else {"ETag", "Change"}
        expected["204"] = {"Change"}
    elif path.endswith(("/changes", "/undo")) or OPERATIONS[at].endswith(("change_tasks", "delete_tasks")):
        expected["200"] = {"Change"}
    elif path.endswith("/history"):
        expected["200"] = {"Link"}
    if method != "get":
        expected |= {status: expected.get(status, set()) | {"Idempotent-Replayed"} for status in ("200", "201", "204")}
    if at in PROBES:
        expected = {}
    for status, response in document["paths"][path][method]["responses"].items():
        assert set(response["headers"]) == {"X-Request-ID"} | expected.get(status, set())
        types = {name: about["schema"]["type"] for name, about in response["headers"].items()}
        numbers = {"Change", "Retry-After", "X-Total-Count"} & types.keys()
        assert types == dict.fromkeys(types, "string") | dict.fromkeys(numbers, "integer")


@every_operation
def test_an_operation_says_what_it_does_what_it_takes_and_what_it_answers(document: Json, at: At) -> None:
    operation = operation_at(document, at)
    is_patch = "merge-patch+json" in operation.get("requestBody", {}).get("description", "")
    assert is_patch == (at[0] == "patch")
    assert operation["description"].endswith(".")
    assert operation["summary"]
    assert re.match(re.escape(operation["summary"]) + "[.:;]", operation["description"])
    [(status, success)] = [(status, it) for status, it in operation["responses"].items() if status < "300"]
    assert success["description"] != "Successful Response"
    if status == "204":
        assert "content" not in success
    else:
        [(media_type, content)] = success["content"].items()
        assert media_type == ("text/event-stream" if at[1].endswith("/events") else "application/json")
        assert content["schema"]


@every_operation
def test_the_errors_that_can_occur_are_documented_and_no_others(document: Json, at: At) -> None:
    responses = operation_at(document, at)["responses"]
    can_occur = {"400", "500"} if at == ("get", "/livez") else {"400", "500", "503"}
    can_occur |= {"404"} if at in NAME_A_TASK else set()
    can_occur |= {"410"} if at[1].endswith(("/changes", "/events")) else set()
    can_occur |= {"404", "410"} if at[1].endswith("/undo") else set()
    can_occur |= {"409"} if at[0] != "get" else set()
    can_occur |= {"412"} if at in NAME_A_TASK and at[0] != "get" else set()
    can_occur |= {"413", "415"} if at in TAKE_BODIES else set()
    assert {status for status in responses if status >= "400"} == can_occur
    assert [*responses] == sorted(responses)
    if at[1] == "/health":  # says how the database is, whether it is well or not
        assert responses["503"]["content"] == responses["200"]["content"]
        can_occur.remove("503")
    for status in can_occur:
        [(media_type, content)] = responses[status]["content"].items()
        assert media_type == "application/problem+json"
        assert content["schema"] == {"$ref": "#/components/schemas/Problem"}
        assert content["examples"]
        for example in content["examples"].values():
            assert_fits(document, content["schema"], example["value"])
            assert example["value"]["status"] == int(status)
            assert all(example["value"].values()), "an error tells all that it can"


@every_operation
def test_an_error_is_shown_only_where_it_can_occur(document: Json, at: At) -> None:
    shown = {
        code
        for response in operation_at(document, at)["responses"].values()
        for content in response.get("content", {}).values()
        for code in content.get("examples", ())
    }
    assert ("TASK_NOT_FOUND" in shown) == (at in NAME_A_TASK)
    assert ("MALFORMED_JSON" in shown) == (at in TAKE_BODIES)
    assert ("DATABASE_ERROR" in shown) == ("OVERLOADED" in shown) == (at not in PROBES)
    assert shown.isdisjoint({"CHANGE_NOT_FOUND", "UNDO_CONFLICT"}) == (not at[1].endswith("/undo"))
    assert "NOT_FOUND" not in shown


def test_every_status_of_an_error_is_documented_at_some_operation(document: Json) -> None:
    operations = [operation for methods in document["paths"].values() for operation in methods.values()]
    documented = {int(status) for operation in operations for status in operation["responses"]}
    assert {spec.status for spec in ERROR_SPECS.values()} - documented == {
        405,
        401,
        403,
        429,
    }  # the first of no operation


def test_nothing_of_the_frameworks_own_errors_is_left(document: Json) -> None:
    text = json.dumps(document)
    assert "ValidationError" not in text
    assert '"422"' not in text
    for name in document["components"]["schemas"]:
        assert f'"#/components/schemas/{name}"' in text, f"nothing refers to {name}"


def test_examples_keep_the_rules_they_illustrate(document: Json) -> None:
    shown = [(schema, example) for schema in every_schema(document) for example in schema.get("examples", ())]
    assert shown
    for schema, example in shown:
        assert_fits(document, schema, example)


def test_every_parameter_in_a_path_has_an_example(document: Json) -> None:
    for at in OPERATIONS:
        for parameter in operation_at(document, at).get("parameters", ()):
            assert parameter["description"]
            assert "description" not in parameter["schema"]
            assert parameter["in"] == "query" or parameter["schema"]["examples"]


def test_every_schema_shows_what_its_values_look_like(document: Json) -> None:
    for name, schema in document["components"]["schemas"].items():
        assert schema["description"].endswith("."), name
        fields = schema.get("properties", {"": schema}).values()
        assert any({"$ref", "examples", "const", "enum", "oneOf"} & field.keys() for field in fields), name


@pytest.mark.parametrize("at", LISTS, ids=map(OPERATIONS.__getitem__, LISTS))
def test_the_parameters_of_a_list_are_documented_with_what_they_may_be(document: Json, at: At) -> None:
    found = {each["name"]: each["schema"] for each in operation_at(document, at)["parameters"] if each["in"] == "query"}
    found = {name: {key: about for key, about in schema.items() if key != "examples"} for name, schema in found.items()}
    date, count = {"type": "string", "format": "date"}, {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT}
    assert found.pop("after")["pattern"]
    assert found.pop("q") == {"type": "string", "minLength": 1, "maxLength": 500}
    assert found.pop("priority")["items"]["enum"] == ["low", "medium", "high", "none"]
    assert found.pop("tag") == {"type": "array", "items": {"type": "string", "minLength": 1, "maxLength": 50}}
    words = {"due": "DueFilter", "sort": "TaskSort"}
    for name, schema in words.items():
        assert found.pop(name) == {"$ref": f"#/components/schemas/{schema}"}
        assert document["components"]["schemas"][schema]["enum"]
    assert (found.pop("completed"), found.pop("count")) == ({"type": "boolean"}, {"type": "boolean"})
    assert found == {"due_from": date, "due_to": date, "limit": count, "time_zone": {"type": "string"}}
    for other in (at for at in OPERATIONS if at[1].endswith(("/changes", "/history"))):
        limits = [each["schema"] for each in operation_at(document, other)["parameters"] if each["name"] == "limit"]
        assert [schema.items() >= count.items() for schema in limits] == [True]


def test_limits_are_documented_exactly(document: Json) -> None:
    limited = [schema for schema in every_schema(document) if "maximum" in schema]
    assert {schema["maximum"] for schema in limited} == {MAX_ID, MAX_LIMIT}
    for schema in limited:
        assert isinstance(schema["maximum"], int)
        assert (schema["maximum"] == MAX_ID) == (schema.get("format") == "int64")
    arrays = [schema for schema in every_schema(document) if "minItems" in schema]
    assert {(schema["minItems"], schema["maxItems"]) for schema in arrays} == {(1, MAX_ITEMS)}


def test_a_number_is_not_cut_to_32_bits_by_a_client(document: Json) -> None:
    """Of Java an integer without a format is one, and of Go a number: `order` would lose its last digits."""
    numbers = [schema for schema in every_schema(document) if schema["type"] == "number"]
    assert numbers
    assert {schema.get("format") for schema in numbers} == {"double"}
    counts = {
        (name, member)
        for name, schema in document["components"]["schemas"].items()
        for member, about in schema.get("properties", {}).items()
        for each in every_schema(about)
        if each["type"] == "integer" and each.get("format") != "int64"
    }
    tags = {("TagCount", "open"), ("TagCount", "completed")}
    assert counts == {("ChangedNumber", "changed"), ("DeletedNumber", "deleted"), ("Problem", "status"), *tags}


def test_what_may_be_left_out_is_not_documented_as_null(client: httpx.Client, document: Json) -> None:
    for at in (at for at in OPERATIONS if at[1].endswith("/complete")):
        body = operation_at(document, at)["requestBody"]
        assert not body.get("required")
        assert "null" not in json.dumps(body)
    assert "null" not in json.dumps(operation_at(document, ("get", "/api/v1/tasks"))["parameters"])
    assert client.get("/api/v1/tasks", params={"limit": "null"}).status_code == 400


@pytest.mark.parametrize("at", FINITE, ids=map(OPERATIONS.__getitem__, FINITE))
def test_the_documented_example_is_answered_as_documented(
    client: httpx.Client, document: Json, alice: int, at: At
) -> None:
    method, path = at
    parameters = operation_at(document, at).get("parameters", ())
    shown = {each["name"]: each["example"] for each in parameters if each["required"]}
    address = path.format(**shown | {"user_id": alice, "task_id": V1.created(client, alice)["id"]})
    query: Json = {"limit": 10} if OPERATIONS[at].endswith("list_tasks") else {}  # of a list that other tests share
    query |= {"user_id": alice} if OPERATIONS[at].endswith(("changes", "history", "change", "tags")) else {}
    query = shown | query | {"all": "true"}
    query = {
        each["name"]: query[each["name"]] for each in parameters if each["in"] == "query" and each["name"] in query
    }
    response = client.request(method, address, params=query, json=example_body(document, at))
    assert response.is_success, response.text
    assert_documented(document, at, response)


@every_operation
def test_a_request_that_is_refused_is_answered_as_documented(client: httpx.Client, document: Json, at: At) -> None:
    content = operation_at(document, at)["responses"]["400"]["content"]["application/problem+json"]
    shown = content["examples"]["VALIDATION_ERROR"]["value"]
    [fault] = shown["errors"]
    parameters = [each for each in operation_at(document, at).get("parameters", ()) if each["required"]]
    examples = {kind: {each["name"]: each["example"] for each in parameters if each["in"] == kind} for kind in IN}
    body = example_body(document, at)
    if body:  # an operation that takes a body shows what is wrong with a body
        body = body | {fault["field"]: " "}
    elif fault["field"] in examples["path"]:
        examples["path"][fault["field"]] = 0
    else:
        examples["query"][fault["field"]] = "x"
    headers = {"X-Request-ID": shown["request_id"]}
    address = at[1].format(**examples["path"])
    response = client.request(at[0], address, params=examples["query"], json=body, headers=headers)
    assert (response.status_code, response.json()) == (400, shown)
    assert_documented(document, at, response)


@every_operation_on_one_task
def test_a_missing_task_is_answered_as_documented(client: httpx.Client, document: Json, alice: int, at: At) -> None:
    method, path = at
    response = client.request(method, path.format(user_id=alice, task_id=2**62), json=example_body(document, at))
    assert response.status_code == 404
    assert_documented(document, at, response)


@every_operation_with_a_body
@pytest.mark.parametrize(
    ("status", "content", "media_type"),
    [
        (400, b"{", "application/json"),
        (400, b'{"title": 7, "user_id": true, "completed": "no", "colour": "red"}', "application/json"),
        (413, b" " * 2**20 + b"{}", "application/json"),
        (415, b"title=Buy+milk", "application/x-www-form-urlencoded"),
    ],
    ids=["malformed", "invalid", "too large", "not JSON"],
)
def test_a_body_that_is_refused_is_answered_as_documented(
    client: httpx.Client, document: Json, alice: int, at: At, status: int, content: bytes, media_type: str
) -> None:
    method, path = at
    address = path.format(user_id=alice, task_id=V1.created(client, alice)["id"], change=1)
    response = client.request(method, address, content=content, headers={"Content-Type": media_type})
    assert response.status_code == status
    assert_documented(document, at, response)
