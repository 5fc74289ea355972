"""`/api/v1/tasks` where AUTH is `required`: the caller's own tasks.

Specific to it: the address names nobody, a body may name the caller, PUT replaces, DELETE answers 204.
"""

from typing import Annotated

from pydantic import MISSING

from donebase.core import shapes, tasks
from donebase.core.errors import Forbidden, InsufficientScope
from donebase.http import responses
from donebase.http.access import Access
from donebase.http.family import Answer, Family
from donebase.http.one_or_many import OneOrMany
from donebase.http.own_query import OwnQuery
from donebase.http.parameters import Database, IfMatch, Owner, RequestKey, RequestPath, TaskId
from donebase.http.problems import Problem
from donebase.routes import owner_tasks
from donebase.routes.changes import list_changes, list_history, undo_change
from donebase.routes.events import stream_events
from donebase.routes.owner_tasks import (
    change_task,
    change_tasks,
    complete_task,
    delete_task,
    delete_tasks,
    list_tasks,
    move_task,
    read_task,
)
from donebase.routes.tags import list_tags

_NewTasks = Annotated[shapes.NewTask | list[shapes.NewTask], OneOrMany(shapes.NewTask)]
_CreatedTasks = Annotated[
    responses.CreatedTasks,
    Answer(
        403,
        Problem,
        "The access token does not allow this, or the body names another user.",
        ["WWW-Authenticate"],
        [Forbidden, InsufficientScope],
    ),
]


async def create_task(
    path: RequestPath, database: Database, owner: Owner, new: _NewTasks, key: RequestKey
) -> _CreatedTasks:
    """Create a task of your own; of an array, all tasks or none, as one change. `user_id` may be left out."""
    for each in new if isinstance(new, list) else [new]:
        if each.user_id not in (owner, None, MISSING):  # here, the body is what says whose tasks they are
            raise Forbidden
    return await owner_tasks.create_task(path, database, owner, new, key)


async def replace_task(
    database: Database, owner: Owner, task_id: TaskId, new: shapes.NewTask, key: RequestKey, if_match: IfMatch = None
) -> responses.ChangedTask:
    """Set title, description and completed, to their defaults if omitted. Other omitted fields keep their values."""
    return responses.written(await tasks.replace_task(database, owner, task_id, new, if_match, key))


FAMILY = Family(
    "v1",
    "/api/v1",
    [
        ("POST", "/tasks", create_task),
        ("GET", "/tasks", list_tasks),
        ("PATCH", "/tasks", change_tasks),
        ("DELETE", "/tasks", delete_tasks),
        ("GET", "/tasks/{task_id}", read_task),
        ("PUT", "/tasks/{task_id}", replace_task),
        ("PATCH", "/tasks/{task_id}", change_task),
        ("PATCH", "/tasks/{task_id}/complete", complete_task),
        ("POST", "/tasks/{task_id}/move", move_task),
        ("DELETE", "/tasks/{task_id}", delete_task),
    ],
    access=Access.TASKS,
    tag="Tasks",
    description="Your own tasks at `/api/v1`. A PUT replaces a task.",
    whose="",
)
CHANGES = Family(
    "v1",
    "/api/v1",
    [
        ("GET", "/tags", list_tags),
        ("GET", "/changes", list_changes),
        ("GET", "/history", list_history),
        ("POST", "/history/{change}/undo", undo_change),
        ("GET", "/events", stream_events),
    ],
    access=Access.TASKS,
    tag="Tasks",
    whose="",
    dependencies=[OwnQuery],
)
"""What also takes the query `user_id`, as it does where AUTH is `open`."""
