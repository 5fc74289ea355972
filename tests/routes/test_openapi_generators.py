"""The document as generators of clients and the documentation page take it: names, defaults, examples, servers."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from donebase.app import create_app
from donebase.http.access import Access
from donebase.http.family import Family
from donebase.routes import every_route
from donebase.settings import Settings
from tests.support.families import Json

ROUTES = {(route.method.lower(), route.path_format): route for route in every_route() if route.answers}
# Programs of other people call these: methods of generated clients are named after them.
WORDS = {"v1": "", "users": "user", "api": "owner", "todobackend": "todo_backend", "health": ""}
IDS = {
    "v1_create_task": "create_task",
    "users_list_tasks": "list_user_tasks",
    "api_complete_task": "complete_owner_task",
    "api_undo_change": "undo_owner_change",
    "users_stream_events": "stream_user_events",
    "health_health": "health",
}
TAGS = {"v1": "Tasks", "users": "User tasks", "api": "Owner tasks", "health": "Health"}

# The words of these types without a name are also words of others.
OTHERS = [["low", "medium", "high", "none"], ["created", "changed", "deleted"]]

every_operation = pytest.mark.parametrize("at", ROUTES, ids=[route.unique_id for route in ROUTES.values()])

At = tuple[str, str]


def documented(**settings: Any) -> Json:
    return create_app(Settings.read(database_url="postgresql://localhost/none", **settings)).openapi()


@pytest.fixture(scope="module")
def document() -> Json:
    return documented()


def operation_at(document: Json, at: At) -> Json:
    method, path = at
    operation: Json = document["paths"][path][method]
    return operation


def parts(part: Any) -> Iterator[Json]:
    """Yield every object in a part of a document that is not of an example."""
    if isinstance(part, dict):
        yield part
        for name, inner in part.items():
            if name not in ("example", "examples"):
                yield from parts(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from parts(inner)


def of_requests(document: Json) -> set[str]:
    """Return the names of the schemas of request bodies, with those to which they refer."""
    found: set[str] = set()
    bodies = [op.get("requestBody", {}) for operations in document["paths"].values() for op in operations.values()]
    names = set(re.findall(r"'#/components/schemas/(\w+)'", str(bodies)))
    while names - found:
        found |= names
        names = set(
            re.findall(r"'#/components/schemas/(\w+)'", str([document["components"]["schemas"][n] for n in found]))
        )
    return found


def test_a_method_is_named_after_its_verb_and_whose_tasks_it_is_about(document: Json) -> None:
    for at, route in ROUTES.items():
        family, handler = route.family, route.endpoint.__name__
        verb, _, what = handler.partition("_")
        expected = [verb, WORDS.get(str(family), str(family)), what]
        assert operation_at(document, at)["operationId"] == "_".join(filter(None, expected))
    ids = {route.unique_id: operation_at(document, at)["operationId"] for at, route in ROUTES.items()}
    assert IDS.items() <= ids.items()
    assert [each for each, count in Counter(ids.values()).items() if count > 1] == []


@every_operation
def test_a_class_is_named_after_a_tag_that_is_described(document: Json, at: At) -> None:
    [tag] = operation_at(document, at)["tags"]
    assert re.fullmatch(r"[A-Z][A-Za-z]+([ -][A-Za-z]+)*", tag)
    assert tag == TAGS.get(ROUTES[at].family, tag)
    assert [each["description"].endswith(".") for each in document["tags"] if each["name"] == tag] == [True]


def test_the_name_of_a_family_that_has_none_for_generators_is_its_own() -> None:
    async def list_tasks() -> None:
        """List."""

    [route] = Family("todo", "/todo", [("GET", "/tasks", list_tasks)], access=Access.FREE).routes()  # type: ignore[list-item]
    assert (route.tag, route.documented_id) == ("todo", "list_todo_tasks")


def test_a_member_of_a_request_that_may_be_left_out_has_no_default(document: Json) -> None:
    names = of_requests(document)
    assert {"TaskInput", "TaskChanges", "Completion"} <= names
    schemas = document["components"]["schemas"]
    members = [(name, *each) for name in names for each in schemas[name].get("properties", {}).items()]
    assert [(name, member) for name, member, about in members if "default" in about] == []
    assert schemas["TaskInput"]["required"] == ["title"]
    assert schemas["TaskInput"]["properties"]["completed"]["description"].endswith("Default: `false`.")


@pytest.mark.parametrize("auth", ["open", "required"])
def test_a_type_is_named_once_and_not_after_where_it_stands(auth: str) -> None:
    document = documented(auth=auth)
    schemas = document["components"]["schemas"]
    for part in parts([document["paths"], [schema.get("properties") for schema in schemas.values()]]):
        assert "oneOf" not in part
        assert part.get("enum", OTHERS[0]) in OTHERS
        assert not isinstance(part.get("title"), str)
    words = [word for schema in schemas.values() for word in schema.get("enum", ())]
    assert len(words) == len(set(words)), "each is a constant in Go"
    assert {"Priority", "TaskSort", "OneOrManyTasks", "OneOrManyTaskInputs"} <= schemas.keys()
    assert [name for name in schemas if name.startswith("New")] == [], "a function in Go that makes what follows"


def test_an_array_is_one_in_typescript(document: Json) -> None:
    """Where items are unique, typescript-axios makes a Set, which is `{}` as JSON."""
    assert "uniqueItems" not in str(document)


@every_operation
def test_the_page_fills_in_what_is_required_and_nothing_else(document: Json, at: At) -> None:
    operation = operation_at(document, at)
    for parameter in operation.get("parameters", ()):
        assert ("example" in parameter) == parameter["required"], parameter["name"]
    assert ("requestBody" in operation) == (ROUTES[at].body_field is not None)
    for content in operation.get("requestBody", {"content": {}})["content"].values():
        assert content["example"]


def test_the_document_says_who_made_it_under_which_licence_and_that_nobody_is_asked_who_they_are(
    document: Json,
) -> None:
    assert document["info"]["contact"]["url"].startswith("https://")
    assert document["info"]["license"] == {"name": "MIT", "identifier": "MIT"}
    assert document["security"] == []
    assert "securitySchemes" not in document["components"]
    assert not any("security" in operation for path in document["paths"].values() for operation in path.values())


def test_a_client_finds_the_service_where_it_found_the_document_unless_the_operator_says_more() -> None:
    assert [server["url"] for server in documented()["servers"]] == ["/"]
    servers = documented(public_url="https://tasks.example.com")["servers"]
    assert [server["url"] for server in servers] == ["https://tasks.example.com", "/"]
    assert all(server["description"].endswith(".") for server in servers)
