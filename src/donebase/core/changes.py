"""What an owner's changes did, as the history has it: whole changes in their order."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

import orjson

from donebase.core.database import Database, Row
from donebase.core.errors import HistoryPruned
from donebase.core.history_statements import READ_CHANGES
from donebase.core.shapes import FIELDS
from donebase.core.tables import MAX_ID

_AT_ONCE = 100  # rows between which other requests get their turn
_TIMES = ("completed_at", "created_at", "updated_at")


class Change(NamedTuple):
    """One change: its number, the tasks that it created or changed, as it left them, and the ids of those it deleted.

    A task has the members of `shapes.FIELDS`, in their order; times are in UTC, without a time zone. Both lists are in
    order of id.
    """

    number: int
    tasks: list[dict[str, Any]]
    deleted: list[int]


async def read_changes(database: Database, owner: int, since: int, limit: int, upto: int | None = None) -> list[Change]:
    """Return the changes of an owner after the number `since`, up to and including `upto`, in order.

    They have `limit` tasks at most, except that the last change is never cut: fewer tasks than `limit` mean that there
    are no more. Raises HistoryPruned if the history does not reach back to `since`, or has not reached it.
    """
    upto = MAX_ID if upto is None else upto
    rows = await database.fetch(READ_CHANGES, owner=owner, since=since, limit=limit, upto=upto)
    check_reach(rows[0], since)
    return [] if rows[0]["change"] is None else await _changes(owner, rows)


def check_reach(row: Row, since: int) -> None:
    """Raise HistoryPruned unless the history of an owner is complete from `since` on."""
    if not row["floor"] <= since <= row["clock"]:
        raise HistoryPruned


async def _changes(owner: int, rows: Sequence[Row]) -> list[Change]:
    """Return the changes that rows of READ_CHANGES are about, from the last one backwards."""
    found: list[Change] = []
    tasks: dict[int, dict[str, Any]] = {}
    for number, row in enumerate(reversed(rows)):
        if number % _AT_ONCE == _AT_ONCE - 1:
            await asyncio.sleep(0)
        if not found or found[-1].number != row["change"]:
            found.append(Change(row["change"], [], []))
        task = _left(owner, row, tasks)
        if task is None:
            found[-1].deleted.append(row["task_id"])
        else:
            found[-1].tasks.append(task)
    return [Change(each.number, each.tasks[::-1], each.deleted[::-1]) for each in reversed(found)]


def _left(owner: int, row: Row, tasks: dict[int, dict[str, Any]]) -> dict[str, Any] | None:
    """Return a task as a change left it, None if it is gone, and keep in `tasks` how it was before.

    `tasks` has what the later rows have kept there.
    """
    task_id, before, after = row["task_id"], row["before"], row["after"]
    if after is None:
        tasks[task_id] = members(before)
        return None
    left = members(after) if before is None else tasks.get(task_id) or _after_the_last_row(row)
    if before is not None:
        tasks[task_id] = left | members(before)
    left |= {"id": task_id, "user_id": owner, "version": row["change"], "updated_at": row["at"]}
    return {name: left[name] for name in FIELDS}


def _after_the_last_row(row: Row) -> dict[str, Any]:
    """Return the fields of a task as the last row about it left them: as they are, but for what later changes moved."""
    now = dict(zip(FIELDS, list(row)[-len(FIELDS) :], strict=True))
    return now if row["members"] is None else now | members(row["members"])


def members(json: str) -> dict[str, Any]:
    """Return what a column of the history has of a task, with times as `Change` has them."""
    found: dict[str, Any] = orjson.loads(json)
    for name in _TIMES:
        if found.get(name) is not None:
            found[name] = datetime.fromisoformat(found[name])
    return found
