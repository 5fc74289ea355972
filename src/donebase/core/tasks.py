"""What can be done to tasks: each verb is one statement that names the owner and returns the row.

No row back is the whole answer to "not there": a missing task and somebody else's cannot be told apart. Reading
first and writing then would lose toggles, let two deletes both win and cost a second round trip.

An `owner` of None is the flat address's "whoever owns it": such a statement finds the task by its id alone.
"""

from typing import Any

from pydantic import MISSING

from donebase.core import events
from donebase.core.database import Database, Row
from donebase.core.errors import Fault, InvalidInput, TaskNotFound
from donebase.core.shapes import Completion, NewTask, TaskChanges
from donebase.core.statements import CHANGE, COMPLETE, CREATE, DELETE, READ, Verb


async def create_task(database: Database, owner: int, new: NewTask) -> Row:
    """Create a task, and its user where this is the user's first.

    Raises InvalidInput where the task names another owner.
    """
    [row] = await database.fetch(
        CREATE,
        user_id=_agreed(owner, new.user_id),
        title=new.title,
        description=new.description,
        completed=new.completed,
    )
    events.record("created", owner, row["id"])
    return row


async def read_task(database: Database, owner: int | None, task_id: int) -> Row:
    """Give back one task. Raises TaskNotFound."""
    return await _one(database, READ, owner, task_id)


async def change_task(database: Database, owner: int | None, task_id: int, changes: TaskChanges) -> Row:
    """Change the fields that were sent and no other; with none sent, give the task back as it is.

    Raises TaskNotFound, and InvalidInput where the changes name another owner.
    """
    named, title, description, completed = changes.user_id, changes.title, changes.description, changes.completed
    if title is MISSING and description is MISSING and completed is MISSING:
        return await _one(database, READ, owner, task_id, named)
    return await _one(
        database,
        CHANGE,
        owner,
        task_id,
        named,
        title=None if title is MISSING else title,
        describe=description is not MISSING,
        description=None if description is MISSING else description,
        completed=None if completed is MISSING else completed,
    )


async def replace_task(database: Database, owner: int | None, task_id: int, new: NewTask) -> Row:
    """Put a whole new task in the place of what was there. Raises as `change_task` does."""
    return await _one(
        database,
        CHANGE,
        owner,
        task_id,
        new.user_id,
        title=new.title,
        describe=True,
        description=new.description,
        completed=new.completed,
    )


async def complete_task(database: Database, owner: int | None, task_id: int, completion: Completion | None) -> Row:
    """Set whether a task is completed; for None, toggle it. Raises as `change_task` does."""
    if completion is None:
        return await _one(database, COMPLETE, owner, task_id, completed=None)
    if completion.completed is MISSING:
        return await _one(database, READ, owner, task_id, completion.user_id)
    return await _one(database, COMPLETE, owner, task_id, completion.user_id, completed=completion.completed)


async def delete_task(database: Database, owner: int | None, task_id: int) -> None:
    """Delete a task for good. Raises TaskNotFound, for the second of two at once as well."""
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
    events.record(verb.past, row["user_id"], task_id)
    return row


def _agreed(owner: int | None, named: int | MISSING) -> int | None:
    """Return whose task is meant by an address and a body together: owners do not change."""
    if named is MISSING or named == owner:
        return owner
    if owner is None:
        return named
    raise _another_owner()


def _another_owner() -> InvalidInput:
    return InvalidInput([Fault("user_id", "must be the owner of the task, which cannot be changed", "another_owner")])
