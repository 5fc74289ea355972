"""What an operation on tasks reads of a request does not depend on its family, except for how the owner is named."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fastapi.dependencies.models import Dependant
from fastapi.dependencies.utils import get_flat_params
from fastapi.params import Param

from donebase.http.family import Route
from donebase.http.providers import is_registered
from donebase.http.public_address import public_origin
from donebase.routes import FAMILIES, PROTOCOLS, TASK_FAMILIES, task_operations
from tests.support import families

KINDS: dict[str, Callable[[Route], bool]] = {
    "create": lambda route: route.method == "POST" and route.path.endswith("/tasks"),
    "list": lambda route: route.method == "GET" and route.path.endswith("/tasks"),
    "read": lambda route: route.method == "GET" and "{task_id}" in route.path,
    "write": lambda route: route.method in ("PUT", "PATCH", "DELETE") and "{task_id}" in route.path,
    "change many": lambda route: route.method == "PATCH" and route.path.endswith("/tasks"),
    "delete many": lambda route: route.method == "DELETE" and route.path.endswith("/tasks"),
    "tags": lambda route: route.path.endswith("/tags"),
    "changes": lambda route: route.path.endswith("/changes"),
    "history": lambda route: route.path.endswith("/history"),
    "move": lambda route: route.path.endswith("/move"),
    "undo": lambda route: route.path.endswith("/undo"),
    "events": lambda route: route.path.endswith("/events"),
}
OWNER = {("Path", "user_id"), ("Query", "user_id")}
# The list of all users has no version.
OF_AN_OWNER = {"v1_list_tasks": {("Header", "If-None-Match")}}


def read_from_a_request(route: Route) -> set[object]:
    """Return the parameters of an operation and of its guards, but for the owner's and the body, and its providers."""
    fields = [field.field_info for field in get_flat_params(route.dependant)]
    named = {(type(field).__name__, field.alias) for field in fields if isinstance(field, Param)}
    return {*providers(route.dependant), *named} - OWNER


def providers(dependant: Dependant) -> Iterator[Any]:
    for dependency in dependant.dependencies:
        if is_registered(dependency.call):
            yield dependency.call
        yield from providers(dependency)


@pytest.mark.parametrize("kind", KINDS)
def test_operations_of_a_kind_read_the_same_in_every_family(kind: str) -> None:
    found = {route.unique_id: read_from_a_request(route) for route in task_operations() if KINDS[kind](route)}
    # A list of all users is not one to change or delete.
    assert len({name.partition("_")[0] for name in found}) == len(TASK_FAMILIES) - kind.endswith(" many")
    everything = set().union(*found.values())
    missing = {name: lacks for name, each in found.items() if (lacks := everything - each)}
    assert missing == {name: OF_AN_OWNER[name] for name in found.keys() & OF_AN_OWNER}


@pytest.mark.parametrize("route", [route for each in PROTOCOLS for route in each.routes()], ids=lambda it: it.unique_id)
def test_another_protocol_reads_what_the_families_read(route: Route) -> None:
    verb = route.unique_id.partition("_")[2]
    [same] = [each for each in task_operations() if each.unique_id == f"users_{verb}"]
    assert read_from_a_request(route) - {public_origin} == read_from_a_request(same) - {("Query", "all")}


def test_every_operation_on_tasks_is_of_one_kind() -> None:
    assert all(sum(is_kind(route) for is_kind in KINDS.values()) == 1 for route in task_operations())


def test_every_family_of_tasks_has_the_guards() -> None:
    about_tasks = [
        each
        for each in FAMILIES
        if any("{user_id" in each.address + path or path == "/tasks" for _, path, _ in each.table)
    ]
    assert about_tasks == [*TASK_FAMILIES, *PROTOCOLS]


def test_the_stories_are_told_at_every_family() -> None:
    assert {each.name: each.tasks for each in families.FAMILIES} == {
        route.family: route.path_format for route in task_operations() if KINDS["list"](route)
    }
