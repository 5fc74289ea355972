"""The operations on tasks: each is one statement that names the owner and returns the row.

If no row comes back, another statement tells why: the task is missing or somebody else's, which cannot be told apart,
or it has another version, or there was nothing new. Reading first and writing then would lose toggles, let two deletes
both succeed and cost a second round trip.

An `owner` of None stands for any owner: the statement then finds the task by its id alone.
"""

from typing import Any

from pydantic import MISSING

from donebase.core import events
from donebase.core.changes import replay_first
from donebase.core.database import Database, Row
from donebase.core.errors import Fault, InvalidInput, PreconditionFailed, TaskNotFound
from donebase.core.keyed import First, fetch_once
from donebase.core.rows import task_fields
from donebase.core.shapes import REPLACED, WRITABLE, Completion, NewTask, TaskChanges, TaskInput
from donebase.core.statements import (
    CHANGE,
    COMPLETE,
    CREATE,
    DELETE,
    KEYED,
    KEYED_CREATE,
    READ,
    Verb,
    change_parameters,
    create_parameters,
)
from donebase.core.writes import RequestKey, Versions, Written, includes, narrowed

_NOTHING = TaskInput()
_TOGGLE = Completion()


async def create_task(database: Database, owner: int, new: NewTask, key: RequestKey | None = None) -> Written:
    """Create a task, and its user if this is the user's first.

    Raises InvalidInput if the task names another owner, IdempotencyKeyReused if the key belongs to another request.
    """
    values = {"user_id": _agreed(owner, new.user_id), **create_parameters(new)}
    done = await fetch_once(database, CREATE if key is None else KEYED_CREATE, key, values)
    if isinstance(done, First):
        return await replay_first(database, done)
    [row] = done
    events.record("task.created", owner, row["id"], row["version"])
    return Written(row["version"], task_fields(row))


async def read_task(database: Database, owner: int | None, task_id: int) -> Row:
    """Return one task. Raises TaskNotFound."""
    return await _read(database, owner, task_id, MISSING)


async def change_task(
    database: Database,
    owner: int | None,
    task_id: int,
    changes: TaskChanges,
    versions: Versions = None,
    key: RequestKey | None = None,
) -> Written:
    """Change the fields that were sent and no other; if none was, return the task as it is.

    Raises TaskNotFound, PreconditionFailed if the task has none of the versions, or another than the changes name,
    InvalidInput if they name another owner, and IdempotencyKeyReused if the key belongs to another request.
    """
    if key is None and changes.model_fields_set.isdisjoint(WRITABLE):
        return await _unchanged(database, owner, task_id, changes, versions)
    return await _write(database, CHANGE, owner, task_id, changes, versions, key, **change_parameters(changes))


async def replace_task(
    database: Database,
    owner: int | None,
    task_id: int,
    new: NewTask,
    versions: Versions = None,
    key: RequestKey | None = None,
) -> Written:
    """Set the fields of REPLACED, to their defaults if omitted, and other fields if sent. Raises as `change_task`."""
    fields = {name: getattr(new, name) for name in REPLACED | new.model_fields_set}
    return await change_task(database, owner, task_id, TaskChanges.model_construct(**fields), versions, key)


async def complete_task(
    database: Database,
    owner: int | None,
    task_id: int,
    completion: Completion | None,
    versions: Versions = None,
    key: RequestKey | None = None,
) -> Written:
    """Set `completed` to the value in `completion`; toggle it if there is none. Raises as `change_task`."""
    sent = completion or _TOGGLE
    completed = None if sent.completed is MISSING else sent.completed
    return await _write(database, COMPLETE, owner, task_id, sent, versions, key, completed=completed)


async def delete_task(
    database: Database, owner: int | None, task_id: int, versions: Versions = None, key: RequestKey | None = None
) -> Written:
    """Delete a task. Raises as `change_task`; TaskNotFound also for the later of two simultaneous calls."""
    return await _write(database, DELETE, owner, task_id, _NOTHING, versions, key)


async def _write(
    database: Database,
    verb: Verb,
    owner: int | None,
    task_id: int,
    sent: TaskInput,
    versions: Versions,
    key: RequestKey | None,
    **values: Any,
) -> Written:
    """Carry out a write. Raises as `change_task`.

    A deletion and a toggle always have something to change. Where the statement changes nothing and there is a reason
    to expect otherwise, another client has changed the task in between, and the statement is run again.
    """
    meant = _agreed(owner, sent.user_id)
    variant = verb if key is None else KEYED[verb]
    statement = variant.flat if meant is None else variant.owned
    values |= {"owner": meant, "task_id": task_id, "versions": narrowed(versions, sent.version)}
    while True:
        done = await fetch_once(database, statement, key, values)
        if isinstance(done, First):
            return await replay_first(database, done)
        if done:
            [row] = done
            events.record(verb.action, row["user_id"], task_id, row["version"])
            return Written(row["version"], None if verb is DELETE else task_fields(row))
        unchanged = await _unchanged(database, owner, task_id, sent, versions)
        if verb is not DELETE and not _toggles(sent) and _is_as_sent(unchanged.task, sent):
            return unchanged


async def _unchanged(
    database: Database, owner: int | None, task_id: int, sent: TaskInput, versions: Versions
) -> Written:
    """Return the task as it is, for a write that has nothing to change. Raises as `change_task`."""
    row = await _read(database, owner, task_id, sent.user_id)
    if not includes(narrowed(versions, sent.version), row["version"]):
        raise PreconditionFailed(task_fields(row))
    return Written(None, task_fields(row))


def _toggles(sent: TaskInput) -> bool:
    return isinstance(sent, Completion) and sent.completed is MISSING


def _is_as_sent(task: dict[str, Any] | None, sent: TaskInput) -> bool:
    assert task
    values = {name: getattr(sent, name, MISSING) for name in WRITABLE}
    if values["order"] is not MISSING:  # PostgreSQL compares it as this type, in which ids above 2**53 are not exact
        task = task | {"order": float(task["order"])}
    return all(value is MISSING or value == task[name] for name, value in values.items())


async def _read(database: Database, owner: int | None, task_id: int, named: int | MISSING | None) -> Row:
    meant = _agreed(owner, named)
    rows = await database.fetch(READ.flat if meant is None else READ.owned, owner=meant, task_id=task_id)
    if not rows and meant != owner and await database.fetch(READ.flat, task_id=task_id):
        raise _another_owner()
    if not rows:
        raise TaskNotFound
    [row] = rows
    events.record(READ.action, row["user_id"], task_id)
    return row


def _agreed(owner: int | None, named: int | MISSING | None) -> int | None:
    """Return the owner that address and body name, None if neither does. Raises InvalidInput if they differ.

    A body can name nobody, by null, where the address names the owner.
    """
    if named is MISSING or named == owner is not None or (named is None and owner is not None):
        return owner
    if named is None:
        raise InvalidInput([Fault("user_id", "must be an integer", "wrong_type")])
    if owner is None:
        return named
    raise _another_owner()


def _another_owner() -> InvalidInput:
    return InvalidInput([Fault("user_id", "must be the owner of the task, which cannot be changed", "another_owner")])
