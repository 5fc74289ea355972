"""The address book: every family of addresses, on one screen.

A family is a file. Without its line here it is gone, and nothing else changes.
"""

from starlette.routing import BaseRoute

from donebase.routes import api_tasks, docs, health, users_tasks, v1_tasks


def every_route() -> list[BaseRoute]:
    """Return all the routes there are, each with its whole address."""
    families = (
        v1_tasks.family("v1", "/api/v1/tasks"),
        users_tasks.family("users", "/users/{user_id}/tasks"),
        api_tasks.family("api", "/api/{user_id:any_user}/tasks"),
        health.family("health", ""),  # /health, /livez, /metrics
        docs.family("docs", ""),  # /docs, /openapi.json
    )
    return [route for family in families for route in family.routes]
