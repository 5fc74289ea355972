"""The operations on tasks, walked from the tables of the families: what a plain request of each is."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any, NamedTuple

import httpx

from donebase.http.family import Route
from donebase.routes import PROTOCOLS, task_operations

# A stream of events has no end: tests/routes/test_events.py is about those.
OPERATIONS = {route.unique_id: route for route in task_operations() if not route.path.endswith("/events")}
IN_EVERY_PROTOCOL = OPERATIONS | {route.unique_id: route for family in PROTOCOLS for route in family.routes()}
"""These operations, and those in protocols that are not donebase's own."""
WRITES = [name for name, route in IN_EVERY_PROTOCOL.items() if route.method != "GET"]
CREATES = [name for name in OPERATIONS if name.endswith("_create_task")]
MOVES = [name for name in OPERATIONS if name.endswith("_move_task")]
"""A plain move is to the end of the list: it changes something where another task follows."""


def reading(header: str) -> list[str]:
    """Return the names of the operations that read a header."""
    return [
        name
        for name, route in OPERATIONS.items()
        if any(parameter.alias == header for parameter in route.dependant.header_params)
    ]


class Plain(NamedTuple):
    """A plain request: for a list, a page of what follows the task; for an undo, that of the change."""

    method: str
    path: str
    query: Mapping[str, int | str]
    body: dict[str, Any] | None

    def send(self, client: httpx.Client, headers: Mapping[str, str] | None = None) -> httpx.Response:
        """Send it, and return the response."""
        return client.request(self.method, self.path, params=self.query or None, json=self.body, headers=headers)


def plain(route: Route, user: int, task_id: int, change: int = 1, name: str = "") -> Plain:
    """Return a plain request of an operation about a task of a user, which this change has created.

    The address has another `name` of the user, if there is one; what else it names has the number 1.
    """
    named = {"user_id": name or user, "task_id": task_id, "change": change}
    path = route.path_format.format_map(defaultdict(lambda: 1, named))
    required = {"user_id": user, "since": 0}
    query: dict[str, int | str] = {
        each.alias: required[each.alias] for each in route.dependant.query_params if each.field_info.is_required()
    }
    if route.unique_id.endswith("_list_tasks"):
        query = {"after": task_id, "limit": 1000}
    if any(each.alias == "all" for each in route.dependant.query_params):
        query = {"all": "true"}
    return Plain(route.method, path, query, _body(route, user))


def _body(route: Route, user: int) -> dict[str, Any] | None:
    if route.unique_id in MOVES:
        return {"to": "last"}
    if route.body_field and route.body_field.field_info.is_required():
        return {"title": "x", "user_id": user} if route.unique_id in OPERATIONS else {"title": "x"}
    return None
