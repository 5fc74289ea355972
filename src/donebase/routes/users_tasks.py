"""`/users/{user_id}/tasks`: a user's tasks. Specific to it: DELETE answers 200 with a message."""

from typing import Annotated, Literal

from pydantic import BaseModel
from starlette.responses import Response

from donebase.core import tasks
from donebase.http import responses
from donebase.http.access import Access
from donebase.http.family import Answer, Family
from donebase.http.parameters import Database, IfMatch, Owner, RequestKey, TaskId
from donebase.routes import changes, owner_tasks


class Deleted(BaseModel):
    """The task was deleted."""

    message: Literal["Task deleted successfully"]


async def delete_task(
    database: Database, owner: Owner, task_id: TaskId, key: RequestKey, if_match: IfMatch = None
) -> Annotated[Response, Answer(200, Deleted, "The task was deleted.", responses.WRITTEN)]:
    """Delete one of this user's tasks."""
    write = await tasks.delete_task(database, owner, task_id, if_match, key)
    return responses.deleted(write, {"message": "Task deleted successfully"})


FAMILY = Family(
    "users",
    "/users/{user_id}",
    [*owner_tasks.TABLE, ("DELETE", "/tasks/{task_id}", delete_task), *changes.TABLE],
    access=Access.TASKS,
    tag="User tasks",
    description="A user's tasks at `/users/{user_id}`. A deletion is answered with a message.",
    whose="user",
)
