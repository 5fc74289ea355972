"""The list of all families of addresses. To remove a family, remove its line here and its file."""

from collections.abc import Sequence
from dataclasses import replace

from fastapi.params import Depends

from donebase.http.family import Route
from donebase.routes import api_tasks, docs, health, users_tasks, v1_tasks

GUARDS: Sequence[Depends] = ()
"""What is resolved before every operation on tasks: providers (`http/providers.py`) that may refuse the request."""

TASK_FAMILIES = [
    replace(family, dependencies=(*GUARDS, *family.dependencies))
    for family in (
        v1_tasks.FAMILY,  # /api/v1
        users_tasks.FAMILY,  # /users/{user_id}
        api_tasks.FAMILY,  # /api/{user_id}
    )
]
FAMILIES = (
    *TASK_FAMILIES,
    health.FAMILY,  # /health, /livez, /metrics
    docs.FAMILY,  # /docs, /openapi.json
)


def every_route() -> list[Route]:
    """Return a new route for each line of each family's table."""
    return [route for family in FAMILIES for route in family.routes()]


def task_operations() -> list[Route]:
    """Return a new route for each operation on tasks: `unique_id` is its name, for example `users_create_task`."""
    return [route for family in TASK_FAMILIES for route in family.routes()]
