"""The list of all families of addresses. To remove a family, remove its line here and its file."""

from collections.abc import Sequence
from dataclasses import replace

from fastapi.params import Depends

from donebase.http.family import Family, Route
from donebase.routes import api_tasks, docs, health, todo_backend, users_tasks, v1_tasks

GUARDS: Sequence[Depends] = ()
"""What is resolved before every operation on tasks: providers (`http/providers.py`) that may refuse the request."""


def _guarded(*families: Family) -> list[Family]:
    return [replace(family, dependencies=(*GUARDS, *family.dependencies)) for family in families]


TASK_FAMILIES = _guarded(
    v1_tasks.FAMILY,  # /api/v1
    users_tasks.FAMILY,  # /users/{user_id}
    api_tasks.FAMILY,  # /api/{user_id}
)
PROTOCOLS = _guarded(
    todo_backend.FAMILY,  # /todo-backend/{user_id}
)
"""Families with the same tasks in a protocol that is not donebase's own."""
FAMILIES = (
    *TASK_FAMILIES,
    *PROTOCOLS,
    health.FAMILY,  # /health, /livez, /metrics
    docs.FAMILY,  # /docs, /openapi.json
)


def every_route() -> list[Route]:
    """Return a new route for each line of each family's table."""
    return [route for family in FAMILIES for route in family.routes()]


def task_operations() -> list[Route]:
    """Return a new route for each operation of TASK_FAMILIES: `unique_id` is its name, such as `users_create_task`."""
    return [route for family in TASK_FAMILIES for route in family.routes()]
