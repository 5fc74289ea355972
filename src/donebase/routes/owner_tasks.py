"""What the families share whose address names the user: create, list, read, and a PUT that changes what is sent."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from donebase.core import shapes, tasks
from donebase.core.lists import TaskList
from donebase.http import responses
from donebase.http.parameters import After, Database, Limit, Owner, TaskId
from donebase.http.task_list import task_list


def family(name: str, address: str) -> APIRouter:
    """Return the routes of a family at an address with a `user_id` in it, for the family to add its own."""
    router = responses.router(name, address)

    @router.post("", status_code=201, response_model=shapes.Task)
    async def create_task(request: Request, database: Database, owner: Owner, new: shapes.NewTask) -> Response:
        """Create a task for this user, who need not exist yet."""
        return responses.created(request, await tasks.create_task(database, owner, new))

    @router.get("", response_model=list[shapes.Task])
    async def list_tasks(
        request: Request, database: Database, owner: Owner, limit: Limit = None, after: After = None
    ) -> Response:
        """List this user's tasks in order of creation: the complete list, or a page."""
        return await task_list(request, TaskList(database, owner, after or 0, limit))

    @router.get("/{task_id}", response_model=shapes.Task)
    async def read_task(database: Database, owner: Owner, task_id: TaskId) -> Response:
        """Read one of this user's tasks."""
        return responses.task(await tasks.read_task(database, owner, task_id))

    @router.put("/{task_id}", response_model=shapes.Task)
    async def change_task(database: Database, owner: Owner, task_id: TaskId, changes: shapes.TaskChanges) -> Response:
        """Change the fields that are sent; omitted fields keep their values."""
        return responses.task(await tasks.change_task(database, owner, task_id, changes))

    return router
