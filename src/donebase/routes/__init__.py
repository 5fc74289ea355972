"""The list of all families of addresses. To remove a family, remove its line here and its file."""

from collections.abc import Iterable, Sequence

from donebase.http.access import Access
from donebase.http.family import Family, Route
from donebase.routes import (
    accounts,
    api_tasks,
    docs,
    health,
    personal_tokens,
    todo_backend,
    users_tasks,
    v1_own_tasks,
    v1_tasks,
    web,
)
from donebase.settings import Settings

_OWNERS_FAMILIES = (
    users_tasks.FAMILY,  # /users/{user_id}, which the page uses
    api_tasks.FAMILY,  # /api/{user_id}
)
TASK_FAMILIES = (
    v1_tasks.FAMILY,  # /api/v1
    *_OWNERS_FAMILIES,
)
PROTOCOLS = (
    todo_backend.FAMILY,  # /todo-backend/{user_id}
)
"""Families with the same tasks in a protocol that is not donebase's own."""
_ABOUT = (
    health.FAMILY,  # /health, /livez, /metrics
    docs.FAMILY,  # /docs, /openapi.json
    web.FAMILY,  # /, /web
)
FAMILIES: Sequence[Family] = (*TASK_FAMILIES, *PROTOCOLS, *_ABOUT)
"""What is served where AUTH is `open` and WEB is `on`."""
GUARDED_FAMILIES: Sequence[Family] = (
    v1_own_tasks.FAMILY,  # /api/v1
    v1_own_tasks.CHANGES,
    *_OWNERS_FAMILIES,
    *PROTOCOLS,
    accounts.ENTRANCE,  # /auth
    accounts.PROFILE,
    accounts.MANAGEMENT,
    personal_tokens.FAMILY,  # /auth/tokens
    *_ABOUT,
)
"""What is served where AUTH is `required` and WEB is `on`."""

FREE_ADDRESSES = frozenset(
    {
        *("/", "/docs", "/docs/favicon-32x32.png", "/docs/swagger-ui-bundle.js", "/docs/swagger-ui.css"),
        *("/health", "/livez", "/metrics", "/openapi.json"),
        *("/service-worker.js", "/web/{release}/{path}"),
        *("/auth/sign-up", "/auth/sign-in", "/auth/refresh"),
    }
)
"""All addresses that need no token where AUTH is `required`. `/metrics` asks for its own, if METRICS_TOKEN is set."""


def families_for(settings: Settings) -> Sequence[Family]:
    """Return the families that are served with these settings; without the page, what is in its place."""
    families = GUARDED_FAMILIES if settings.auth == "required" else FAMILIES
    if settings.web == "on":
        return families
    return [docs.WITHOUT_PAGE if each is web.FAMILY else each for each in families]


class UnguardedRoute(Exception):
    """A route asks nobody for a token, and its address is not one of FREE_ADDRESSES."""


def every_route(families: Iterable[Family] = FAMILIES) -> list[Route]:
    """Return a new route for each line of each family's table. Raises UnguardedRoute."""
    routes = [route for family in families for route in family.routes()]
    for route in routes:
        if route.access is Access.FREE and route.path_format not in FREE_ADDRESSES:
            raise UnguardedRoute(f"{route.method} {route.path_format}")
    return routes


def task_operations() -> list[Route]:
    """Return a new route for each operation of TASK_FAMILIES: `unique_id` is its name, such as `users_create_task`."""
    return [route for family in TASK_FAMILIES for route in family.routes()]
