"""The operations on many tasks of an owner: each is one statement and one change, which one undo puts back."""

from collections.abc import Sequence

from pydantic import MISSING

from donebase.core import events
from donebase.core.changes import read_first_change
from donebase.core.database import Database
from donebase.core.errors import Fault, InvalidInput
from donebase.core.keyed import First, fetch_once
from donebase.core.many_statements import CREATE_MANY, KEYED_CREATE_MANY
from donebase.core.rows import task_fields
from donebase.core.shapes import NewTask
from donebase.core.statements import create_parameters
from donebase.core.writes import RequestKey, WrittenMany


async def create_tasks(
    database: Database, owner: int, new: Sequence[NewTask], key: RequestKey | None = None
) -> WrittenMany:
    """Create tasks, all or none, with ids in their order; and their user, if these are the user's first.

    Raises InvalidInput if a task names another owner, IdempotencyKeyReused if the key belongs to another request.
    """
    _check_owners(owner, new)
    values = {"owner": owner, "tasks": [create_parameters(each) for each in new]}
    if key is None:
        rows = await database.fetch(CREATE_MANY, **values)
    else:
        rows, first = await fetch_once(database, KEYED_CREATE_MANY, key, **values)
        if first is not None:
            return await _created_before(database, first)
    tasks = sorted((task_fields(row) for row in rows), key=lambda task: task["id"])
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
