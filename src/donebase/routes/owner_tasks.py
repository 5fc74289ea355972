"""What the families share whose address names the user: create, list, read, change, complete, move, delete tasks."""

from typing import Annotated

from fastapi import Body

from donebase.core import many, moves, shapes, tasks
from donebase.core.lists import TaskList
from donebase.http import responses
from donebase.http.list_section import ListSection
from donebase.http.one_or_many import OneOrMany
from donebase.http.parameters import (
    Database,
    IfMatch,
    IfNoneMatch,
    Owner,
    RequestKey,
    RequestPath,
    RequestQuery,
    TaskId,
)
from donebase.http.task_filter import Everything, Filter, NoCondition
from donebase.http.task_list import task_list

_ChangesOfMany = Annotated[shapes.TaskChanges, Body(examples=[{"completed": True}])]
_NewTasks = Annotated[shapes.NewTask | list[shapes.NewTask], OneOrMany(shapes.NewTask)]


async def create_task(
    path: RequestPath, database: Database, owner: Owner, new: _NewTasks, key: RequestKey
) -> responses.CreatedTasks:
    """Create a task for this user, who need not exist yet; of an array, all tasks or none, as one change."""
    if isinstance(new, list):
        return responses.created_many(await many.create_tasks(database, owner, new, key))
    return responses.created(path, await tasks.create_task(database, owner, new, key))


async def list_tasks(
    path: RequestPath,
    query: RequestQuery,
    database: Database,
    owner: Owner,
    wanted: Filter,
    section: ListSection,
    if_none_match: IfNoneMatch = (),
) -> responses.OwnersTasks:
    """List this user's tasks: all of them or those that the query names, whole or a page, in any order."""
    return await task_list(path, query, TaskList(database, owner, wanted, section, if_none_match))


async def read_task(
    database: Database, owner: Owner, task_id: TaskId, if_none_match: IfNoneMatch = ()
) -> responses.OneTask:
    """Read one of this user's tasks."""
    return responses.task(await tasks.read_task(database, owner, task_id), if_none_match)


async def update_task(
    database: Database,
    owner: Owner,
    task_id: TaskId,
    changes: shapes.TaskChanges,
    key: RequestKey,
    if_match: IfMatch = None,
) -> responses.ChangedTask:
    """Change the fields that are sent, as PATCH does; omitted fields keep their values."""
    return responses.written(await tasks.change_task(database, owner, task_id, changes, if_match, key))


async def change_task(
    database: Database,
    owner: Owner,
    task_id: TaskId,
    changes: shapes.TaskChanges,
    key: RequestKey,
    if_match: IfMatch = None,
) -> responses.ChangedTask:
    """Change the fields that are sent; omitted fields keep their values."""
    return responses.written(await tasks.change_task(database, owner, task_id, changes, if_match, key))


async def change_tasks(
    database: Database,
    owner: Owner,
    wanted: Filter,
    changes: _ChangesOfMany,
    key: RequestKey,
    _condition: NoCondition,
) -> responses.ChangedTasks:
    """Change the fields that are sent in every task that the query names: without a query, in all. It is one change."""
    return responses.changed_many(await many.change_tasks(database, owner, wanted, changes, key))


async def delete_tasks(
    database: Database,
    owner: Owner,
    wanted: Filter,
    key: RequestKey,
    _condition: NoCondition,
    everything: Everything = False,
) -> responses.DeletedTasks:
    """Delete every task that the query names; without one, `all=true` must be said. It is one change."""
    return responses.deleted_many(await many.delete_tasks(database, owner, wanted, everything=everything, key=key))


async def complete_task(
    database: Database,
    owner: Owner,
    task_id: TaskId,
    key: RequestKey,
    completion: shapes.Completion | None = None,
    if_match: IfMatch = None,
) -> responses.ChangedTask:
    """Toggle whether a task is completed; if `completed` is sent, set it."""
    return responses.written(await tasks.complete_task(database, owner, task_id, completion, if_match, key))


async def move_task(
    database: Database, owner: Owner, task_id: TaskId, move: moves.Move, key: RequestKey, if_match: IfMatch = None
) -> responses.ChangedTask:
    """Move a task to another place among this user's tasks: `order` is then between those of its neighbours."""
    return responses.written(await moves.move_task(database, owner, task_id, move, if_match, key))


async def delete_task(
    database: Database, owner: Owner, task_id: TaskId, key: RequestKey, if_match: IfMatch = None
) -> responses.NoContent:
    """Delete one of this user's tasks."""
    return responses.deleted(await tasks.delete_task(database, owner, task_id, if_match, key))
