"""The operations on tasks: each is one statement that names the owner and returns the row.

If no row comes back, the task is missing or somebody else's, which cannot be told apart. Reading first and writing then
would lose toggles, let two deletes both succeed and cost a second round trip.

An `owner` of None stands for any owner: the statement then finds the task by its id alone.
"""

from typing import Any

from pydantic import MISSING

from donebase.core import events
from donebase.core.database import Database, Row
from donebase.core.errors import Fault, InvalidInput, TaskNotFound
from donebase.core.shapes import REPLACED, WRITABLE, Completion, NewTask, TaskChanges
from donebase.core.statements import CHANGE, COMPLETE, CREATE, DELETE, READ, Verb, change_parameters, create_parameters


async def create_task(database: Database, owner: int, new: NewTask) -> Row:
    """Create a task, and its user if this is the user's first.

    Raises InvalidInput if the task names another owner.
    """
    [row] = await database.fetch(CREATE, user_id=_agreed(owner, new.user_id), **create_parameters(new))
    events.record("task.created", owner, row["id"])
    return row


async def read_task(database: Database, owner: int | None, task_id: int) -> Row:
    """Return one task. Raises TaskNotFound."""
    return await _one(database, READ, owner, task_id)


async def change_task(database: Database, owner: int | None, task_id: int, changes: TaskChanges) -> Row:
    """Change the fields that were sent and no other; if none was, return the task as it is.

    Raises TaskNotFound, and InvalidInput if the changes name another owner.
    """
    if changes.model_fields_set.isdisjoint(WRITABLE):
        return await _one(database, READ, owner, task_id, changes.user_id)
    return await _one(database, CHANGE, owner, task_id, changes.user_id, **change_parameters(changes))


async def replace_task(database: Database, owner: int | None, task_id: int, new: NewTask) -> Row:
    """Set the fields of REPLACED, to their defaults if omitted, and other fields if sent. Raises as `change_task`."""
    fields = {name: getattr(new, name) for name in REPLACED | new.model_fields_set}
    return await change_task(database, owner, task_id, TaskChanges.model_construct(**fields))


async def complete_task(database: Database, owner: int | None, task_id: int, completion: Completion | None) -> Row:
    """Set `completed` to the value in `completion`, if it has one; toggle it for None. Raises as `change_task`."""
    if completion is None:
        return await _one(database, COMPLETE, owner, task_id, completed=None)
    if completion.completed is MISSING:
        return await _one(database, READ, owner, task_id, completion.user_id)
    return await _one(database, COMPLETE, owner, task_id, completion.user_id, completed=completion.completed)


async def delete_task(database: Database, owner: int | None, task_id: int) -> None:
    """Delete a task for good. Raises TaskNotFound, also for the later of two simultaneous calls."""
    await _one(database, DELETE, owner, task_id)


async def _one(
    database: Database, verb: Verb, owner: int | None, task_id: int, named: int | MISSING = MISSING, **values: Any
) -> Row:
    meant = _agreed(owner, named)
    statement = verb.flat if meant is None else verb.owned
    rows = await database.fetch(statement, owner=meant, task_id=task_id, **values)
    if not rows and meant != owner and await database.fetch(READ.flat, task_id=task_id):
        raise _another_owner()
    if not rows:
        raise TaskNotFound
    [row] = rows
    events.record(verb.action, row["user_id"], task_id)
    return row


def _agreed(owner: int | None, named: int | MISSING) -> int | None:
    """Return the owner that address and body name, None if neither does. Raises InvalidInput if they differ."""
    if named is MISSING or named == owner:
        return owner
    if owner is None:
        return named
    raise _another_owner()


def _another_owner() -> InvalidInput:
    return InvalidInput([Fault("user_id", "must be the owner of the task, which cannot be changed", "another_owner")])
