"""`/users/{user_id}/tasks`: a user's tasks. Its own: DELETE answers 200 with a message."""

from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.responses import JSONResponse, Response

from donebase.core import tasks
from donebase.http.parameters import Database, Owner, TaskId
from donebase.routes import owner_tasks


class Deleted(BaseModel):
    """The task was deleted."""

    message: Literal["Task deleted successfully"]


def family(name: str, address: str) -> APIRouter:
    """Return the routes of this family."""
    router = owner_tasks.family(name, address)

    @router.delete("/{task_id}", response_model=Deleted)
    async def delete_task(database: Database, owner: Owner, task_id: TaskId) -> Response:
        """Delete one of this user's tasks."""
        await tasks.delete_task(database, owner, task_id)
        return JSONResponse({"message": "Task deleted successfully"})

    return router
