"""`/api/{user_id}/tasks`: a user's tasks. Specific to it: PATCH …/complete, and a DELETE that answers 204."""

from fastapi import APIRouter
from starlette.convertors import StringConvertor, register_url_convertor
from starlette.responses import Response

from donebase.core import shapes, tasks
from donebase.http import responses
from donebase.http.parameters import Database, Owner, TaskId
from donebase.routes import owner_tasks


class _AnyUser(StringConvertor):
    """The user's part of an address below `/api`: the name of an API version is not a user."""

    regex = "(?!v1/)[^/]+"


register_url_convertor("any_user", _AnyUser())


def family(name: str, address: str) -> APIRouter:
    """Return the routes of this family."""
    router = owner_tasks.family(name, address)

    @router.patch("/{task_id}/complete", response_model=shapes.Task)
    async def complete_task(
        database: Database, owner: Owner, task_id: TaskId, completion: shapes.Completion | None = None
    ) -> Response:
        """Toggle whether a task is completed; with a body, set it."""
        return responses.task(await tasks.complete_task(database, owner, task_id, completion))

    @router.delete("/{task_id}", status_code=204)
    async def delete_task(database: Database, owner: Owner, task_id: TaskId) -> Response:
        """Delete one of this user's tasks."""
        await tasks.delete_task(database, owner, task_id)
        return responses.deleted()

    return router
