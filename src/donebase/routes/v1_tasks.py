"""`/api/v1/tasks`: one flat list of the tasks of all users, where the owner is a field of the body.

Specific to it: PUT replaces, PATCH changes what is sent, DELETE answers 204.
"""

from typing import Annotated

from pydantic import Field

from donebase.core import many, moves, shapes, tasks
from donebase.core.lists import TaskList
from donebase.core.values import PositiveInt8
from donebase.http import responses
from donebase.http.access import Access
from donebase.http.family import Family
from donebase.http.list_section import ListSection
from donebase.http.one_or_many import OneOrMany
from donebase.http.parameters import (
    Database,
    IfMatch,
    IfNoneMatch,
    RequestKey,
    RequestPath,
    RequestQuery,
    TaskId,
)
from donebase.http.task_filter import Filter
from donebase.http.task_list import task_list
from donebase.routes.v1_changes import list_changes, list_history, list_tags, stream_events, undo_change

_ANYONE = None


class NewOwnedTask(shapes.NewTask):
    """A task to create and its owner. The user need not exist yet."""

    user_id: PositiveInt8 = Field(description="The owner of the task. The user need not exist yet.", examples=[123])


_NewTasks = Annotated[NewOwnedTask | list[NewOwnedTask], OneOrMany(NewOwnedTask)]


async def create_task(path: RequestPath, database: Database, new: _NewTasks, key: RequestKey) -> responses.CreatedTasks:
    """Create a task for the user that the body names; of an array, all tasks or none, for one user, as one change."""
    if isinstance(new, list):
        return responses.created_many(await many.create_tasks(database, new[0].user_id, new, key))
    return responses.created(path, await tasks.create_task(database, new.user_id, new, key))


async def list_tasks(
    path: RequestPath, query: RequestQuery, database: Database, wanted: Filter, section: ListSection
) -> responses.TaskArray:
    """List the tasks of all users: all of them or those that the query names, whole or a page, in any order."""
    return await task_list(path, query, TaskList(database, _ANYONE, wanted, section))


async def read_task(database: Database, task_id: TaskId, if_none_match: IfNoneMatch = ()) -> responses.OneTask:
    """Read one task."""
    return responses.task(await tasks.read_task(database, _ANYONE, task_id), if_none_match)


async def replace_task(
    database: Database, task_id: TaskId, new: shapes.NewTask, key: RequestKey, if_match: IfMatch = None
) -> responses.ChangedTask:
    """Set title, description and completed, to their defaults if omitted. Other omitted fields keep their values."""
    return responses.written(await tasks.replace_task(database, _ANYONE, task_id, new, if_match, key))


async def change_task(
    database: Database, task_id: TaskId, changes: shapes.TaskChanges, key: RequestKey, if_match: IfMatch = None
) -> responses.ChangedTask:
    """Change the fields that are sent; omitted fields keep their values."""
    return responses.written(await tasks.change_task(database, _ANYONE, task_id, changes, if_match, key))


async def complete_task(
    database: Database,
    task_id: TaskId,
    key: RequestKey,
    completion: shapes.Completion | None = None,
    if_match: IfMatch = None,
) -> responses.ChangedTask:
    """Toggle whether a task is completed; if `completed` is sent, set it."""
    return responses.written(await tasks.complete_task(database, _ANYONE, task_id, completion, if_match, key))


async def move_task(
    database: Database, task_id: TaskId, move: moves.Move, key: RequestKey, if_match: IfMatch = None
) -> responses.ChangedTask:
    """Move a task to another place among those of its owner: `order` is then between those of its neighbours."""
    return responses.written(await moves.move_task(database, _ANYONE, task_id, move, if_match, key))


async def delete_task(
    database: Database, task_id: TaskId, key: RequestKey, if_match: IfMatch = None
) -> responses.NoContent:
    """Delete a task."""
    return responses.deleted(await tasks.delete_task(database, _ANYONE, task_id, if_match, key))


FAMILY = Family(
    "v1",
    "/api/v1",
    [
        ("POST", "/tasks", create_task),
        ("GET", "/tasks", list_tasks),
        ("GET", "/tasks/{task_id}", read_task),
        ("PUT", "/tasks/{task_id}", replace_task),
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
    tag="Tasks",
    description="The tasks of all users at `/api/v1`: the owner is a field of the body. A PUT replaces a task.",
    whose="",
)
