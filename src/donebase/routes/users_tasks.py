"""`/users/{user_id}/tasks`: a user's tasks. Specific to it: DELETE answers 200 with a message."""

from typing import Annotated, Literal

from pydantic import BaseModel
from starlette.responses import Response

from donebase.core import tasks
from donebase.http import responses
from donebase.http.access import Access
from donebase.http.family import Answer, Family
from donebase.http.parameters import Database, IfMatch, Owner, RequestKey, TaskId
from donebase.routes.changes import list_changes, list_history, undo_change
from donebase.routes.events import stream_events
from donebase.routes.owner_tasks import (
    change_task,
    change_tasks,
    complete_task,
    create_task,
    delete_tasks,
    list_tasks,
    move_task,
    read_task,
    update_task,
)
from donebase.routes.tags import list_tags


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
    [
        ("POST", "/tasks", create_task),
        ("GET", "/tasks", list_tasks),
        ("PATCH", "/tasks", change_tasks),
        ("DELETE", "/tasks", delete_tasks),
        ("GET", "/tasks/{task_id}", read_task),
        ("PUT", "/tasks/{task_id}", update_task),
        ("PATCH", "/tasks/{task_id}", change_task),
        ("PATCH", "/tasks/{task_id}/complete", complete_task),
        ("POST", "/tasks/{task_id}/move", move_task),
        ("DELETE", "/tasks/{task_id}", delete_task),
        ("GET", "/tags", list_tags),
        ("GET", "/changes", list_changes),
        ("GET", "/history", list_history),
        ("POST", "/history/{change}/undo", undo_change),
        ("GET", "/events", stream_events),
    ],
    access=Access.TASKS,
    tag="User tasks",
    description="A user's tasks at `/users/{user_id}`. A deletion is answered with a message.",
    whose="user",
)
