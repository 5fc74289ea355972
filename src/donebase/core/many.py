"""The operations on many tasks of an owner: each is one statement and one change, which one undo puts back."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from pydantic import MISSING
from sqlalchemy import Executable

from donebase.core import events
from donebase.core.changes import read_first_change
from donebase.core.database import Database
from donebase.core.errors import DatabaseFailed, Fault, InvalidInput, UnknownValue
from donebase.core.filters import EVERYTHING, TaskFilter, filter_parameters, unknown_time_zone
from donebase.core.keyed import First, fetch_once
from donebase.core.many_statements import COUNT_CHANGED, CREATE_MANY, KEYED_CREATE_MANY, change_many, delete_many
from donebase.core.rows import task_fields
from donebase.core.shapes import NewTask, TaskChanges
from donebase.core.statements import change_parameters, create_parameters
from donebase.core.writes import RequestKey, WrittenMany


async def create_tasks(
    database: Database, owner: int, new: Sequence[NewTask], key: RequestKey | None = None
) -> WrittenMany:
    """Create tasks, all or none, with ids in their order; and their user, if these are the user's first.

    Raises InvalidInput if a task names another owner, IdempotencyKeyReused if the key belongs to another request.
    """
    _check_owners(owner, new)
    values: dict[str, Any] = {"owner": owner, "tasks": [create_parameters(each) for each in new]}
    done = await fetch_once(database, CREATE_MANY if key is None else KEYED_CREATE_MANY, key, values)
    if isinstance(done, First):
        return await _created_before(database, done)
    tasks = sorted((task_fields(row) for row in done), key=lambda task: task["id"])
    change = tasks[0]["version"]
    events.record("task.created", owner, None, change)
    return WrittenMany(change, len(tasks), tasks)


def _check_owners(owner: int, new: Sequence[NewTask]) -> None:
    wrong = [place for place, each in enumerate(new) if each.user_id not in (MISSING, None, owner)]
    if wrong:
        about = ("must be the owner of every task of the request", "another_owner")
        raise InvalidInput([Fault(f"[{place}].user_id", *about) for place in wrong])


async def _created_before(database: Database, first: First) -> WrittenMany:
    """Return what the first request with a key has created, as it was answered then."""
    change = await read_first_change(database, first)
    events.record("task.replayed", first.owner, None)
    return WrittenMany(change.number, len(change.tasks), change.tasks, replayed=True)


async def change_tasks(
    database: Database, owner: int, wanted: TaskFilter, changes: TaskChanges, key: RequestKey | None = None
) -> WrittenMany:
    """Change the fields that were sent in every task that fulfils the filter.

    Raises InvalidInput if the changes name another owner or a version, or PostgreSQL does not know the time zone, and
    IdempotencyKeyReused if the key belongs to another request.
    """
    if changes.user_id not in (MISSING, None, owner):
        raise InvalidInput(
            [Fault("user_id", "must be the owner of the tasks, which cannot be changed", "another_owner")]
        )
    if changes.version is not MISSING:
        raise InvalidInput([Fault("version", "is a condition on one task", "not_applicable")])
    return await _write(database, "task.changed", change_many, owner, wanted, key, **change_parameters(changes))


async def delete_tasks(
    database: Database, owner: int, wanted: TaskFilter, *, everything: bool, key: RequestKey | None = None
) -> WrittenMany:
    """Delete every task that fulfils the filter; without a filter, `everything` must be said.

    Raises InvalidInput if it is not, or with a filter, otherwise as `change_tasks`.
    """
    if wanted == EVERYTHING and not everything:
        raise InvalidInput([Fault("all", "must be true if no filter says which tasks are meant", "required")])
    if wanted != EVERYTHING and everything:
        raise InvalidInput([Fault("all", "is only for a request without a filter", "not_applicable")])
    return await _write(database, "task.deleted", delete_many, owner, wanted, key)


async def _write(
    database: Database,
    action: str,
    statement: Callable[..., Executable],
    owner: int,
    wanted: TaskFilter,
    key: RequestKey | None,
    **values: Any,
) -> WrittenMany:
    values |= {"owner": owner, **filter_parameters(wanted, datetime.now(UTC))}
    try:
        done = await fetch_once(database, statement(wanted.shape, keyed=key is not None), key, values)
    except UnknownValue:
        raise unknown_time_zone() from None
    if isinstance(done, First):
        return await _written_before(database, done)
    if not done:
        events.record("task.read", owner, None)
        return WrittenMany(None, 0, [])
    [row] = done
    events.record(action, owner, None, row["version"])
    return WrittenMany(row["version"], row["number"], [])


async def _written_before(database: Database, first: First) -> WrittenMany:
    """Return how many tasks the first request with a key has written."""
    [row] = await database.fetch(COUNT_CHANGED, owner=first.owner, change=first.change)
    if row["number"] == 0:
        raise DatabaseFailed("the key of a repeated request was removed with its history meanwhile")
    events.record("task.replayed", first.owner, None)
    return WrittenMany(first.change, row["number"], [], replayed=True)
