"""`/api/v1/tasks`: one flat list of everybody's tasks, where the owner is a field of the body.

Its own: PUT replaces, PATCH changes what is sent, DELETE answers 204.
"""

from fastapi import APIRouter, Request
from starlette.responses import Response

from donebase.core import shapes, tasks
from donebase.core.lists import TaskList
from donebase.http import responses
from donebase.http.parameters import After, Database, Limit, TaskId
from donebase.http.task_list import task_list

_ANYONE = None


class NewOwnedTask(shapes.NewTask):
    """A task to create and its owner. The user need not exist yet."""

    user_id: shapes.Id


def family(name: str, address: str) -> APIRouter:
    """Return the routes of this family."""
    router = responses.router(name, address)

    @router.post("", status_code=201, response_model=shapes.Task)
    async def create_task(request: Request, database: Database, new: NewOwnedTask) -> Response:
        """Create a task for the user that the body names."""
        return responses.created(request, await tasks.create_task(database, new.user_id, new))

    @router.get("", response_model=list[shapes.Task])
    async def list_tasks(request: Request, database: Database, limit: Limit = None, after: After = None) -> Response:
        """List all tasks in order of id: the complete list, or a page."""
        return await task_list(request, TaskList(database, _ANYONE, after or 0, limit))

    @router.get("/{task_id}", response_model=shapes.Task)
    async def read_task(database: Database, task_id: TaskId) -> Response:
        """Read one task."""
        return responses.task(await tasks.read_task(database, _ANYONE, task_id))

    @router.put("/{task_id}", response_model=shapes.Task)
    async def replace_task(database: Database, task_id: TaskId, new: shapes.NewTask) -> Response:
        """Replace title, description and completed: omitted, they take their defaults. Others keep their values."""
        return responses.task(await tasks.replace_task(database, _ANYONE, task_id, new))

    @router.patch("/{task_id}", response_model=shapes.Task)
    async def change_task(database: Database, task_id: TaskId, changes: shapes.TaskChanges) -> Response:
        """Change the fields that are sent; omitted fields keep their values."""
        return responses.task(await tasks.change_task(database, _ANYONE, task_id, changes))

    @router.delete("/{task_id}", status_code=204)
    async def delete_task(database: Database, task_id: TaskId) -> Response:
        """Delete a task."""
        await tasks.delete_task(database, _ANYONE, task_id)
        return responses.deleted()

    return router
