"""What has changed since a number, and what each change did."""

import asyncio
from collections.abc import Sequence
from typing import Any, NamedTuple

from donebase.core import events
from donebase.core.database import Database, Row
from donebase.core.errors import DatabaseFailed, HistoryPruned
from donebase.core.history_statements import ALL_CHANGED, CHANGED_SINCE, READ_CHANGES
from donebase.core.keyed import First
from donebase.core.rows import history_fields, task_fields, whole_history_fields
from donebase.core.shapes import FIELDS
from donebase.core.tables import MAX_ID
from donebase.core.writes import Written

PAGE_SIZE = 1_000_000
"""The characters of titles and descriptions after which a page of tasks ends with the change that it has come to."""

_AT_ONCE = 100  # rows between which other requests get their turn


class Change(NamedTuple):
    """One change: its number, the tasks that it created or changed, as it left them, and the ids of those it deleted.

    A task has the members of `shapes.FIELDS`, in their order; times are in UTC, without a time zone. Both lists are in
    order of id.
    """

    number: int
    tasks: list[dict[str, Any]]
    deleted: list[int]


class ChangedTasks(NamedTuple):
    """Rows of the tasks that have changed since a number, in order of version, and the ids of those that are gone.

    `latest` is the number that a copy has come to with them, and `more` whether the owner's clock is further.
    """

    latest: int
    more: bool
    tasks: list[Row]
    deleted: list[int]


async def changes_since(database: Database, owner: int, since: int, limit: int) -> ChangedTasks:
    """Return what has changed after the number `since`, each task once and as it is now: for 0, all tasks.

    There are `limit` tasks at most, deleted ones included, except that a change is never cut. Raises HistoryPruned as
    `read_changes` does, but not for 0.
    """
    if since:
        rows = await database.fetch(CHANGED_SINCE, owner=owner, since=since, limit=limit)
        check_reach(rows[0], since)
    else:
        rows = await database.fetch(ALL_CHANGED, owner=owner, limit=limit)
    events.record("task.changes", owner, None)
    clock, floor = rows[0]["clock"], rows[0]["floor"]
    if rows[0]["change"] is None:
        return ChangedTasks(clock, more=False, tasks=[], deleted=[])
    number = await _end_of_page(rows, floor)
    latest = clock if number == len(rows) < limit else max(rows[number - 1]["change"], floor)
    page = rows[:number]
    gone = {row["task_id"] for row in page if row["id"] is None}
    return ChangedTasks(latest, latest < clock, [row for row in page if row["id"] is not None], sorted(gone))


async def _end_of_page(rows: Sequence[Row], floor: int) -> int:
    """Return how many rows of tasks make a page: those up to PAGE_SIZE, and the rest of their changes."""
    size, last = 0, rows[0]["change"]
    for number, row in enumerate(rows):
        if size > PAGE_SIZE and row["change"] > max(last, floor):
            return number
        last = row["change"]
        size += len(row["title"] or "") + len(row["description"] or "")
        if number % _AT_ONCE == _AT_ONCE - 1:
            await asyncio.sleep(0)
    return len(rows)


async def read_first_change(database: Database, first: First) -> Change:
    """Return the change that the first request with a key has made.

    Raises DatabaseFailed if the history of it was removed since the key was seen: then the key was removed as well.
    """
    try:
        [change] = await read_changes(database, first.owner, first.change - 1, 1, upto=first.change)
    except HistoryPruned:
        raise DatabaseFailed("the key of a repeated request was removed with its history meanwhile") from None
    return change


async def replay_first(database: Database, first: First, task_id: int | None = None) -> Written:
    """Return what the first request with a key has done to a task, as it was answered then.

    `task_id` says which, where it can have changed others as well. Raises as `read_first_change`.
    """
    change = await read_first_change(database, first)
    task = next((task for task in change.tasks if task_id in (None, task["id"])), None)
    events.record("task.replayed", first.owner, task["id"] if task else change.deleted[0])
    return Written(change.number, task, replayed=True)


async def read_changes(database: Database, owner: int, since: int, limit: int, upto: int | None = None) -> list[Change]:
    """Return the changes of an owner after the number `since`, up to and including `upto`, in order.

    They have `limit` tasks at most, except that the last change is never cut: fewer tasks than `limit` mean that there
    are no more. Raises HistoryPruned if the history does not reach back to `since`, or has not reached it.
    """
    upto = MAX_ID if upto is None else upto
    rows = await database.fetch(READ_CHANGES, owner=owner, since=since, limit=limit, upto=upto)
    check_reach(rows[0], since)
    return await _changes(owner, rows)


def check_reach(row: Row, since: int) -> None:
    """Raise HistoryPruned unless the history of an owner is complete from `since` on."""
    if not row["floor"] <= since <= row["clock"]:
        raise HistoryPruned


async def _changes(owner: int, rows: Sequence[Row]) -> list[Change]:
    """Return the changes that rows of READ_CHANGES are about, from the last one backwards."""
    found: list[Change] = []
    tasks: dict[int, dict[str, Any]] = {}
    replaced: dict[int, dict[str, Any]] = {}
    for number, row in enumerate(reversed(rows)):
        if number % _AT_ONCE == _AT_ONCE - 1:
            await asyncio.sleep(0)
        if row["change"] is None:
            replaced[row["task_id"]] = row["before"]
            continue
        if not found or found[-1].number != row["change"]:
            found.append(Change(row["change"], [], []))
        task = _left(owner, row, tasks, replaced)
        if task is None:
            found[-1].deleted.append(row["task_id"])
        else:
            found[-1].tasks.append(task)
    return [Change(each.number, each.tasks[::-1], each.deleted[::-1]) for each in reversed(found)]


def _before_later_changes(row: Row, replaced: dict[str, Any]) -> dict[str, Any]:
    if row["id"] is None:  # deleted: then all of its values were replaced
        return whole_history_fields(replaced, row["task_id"])
    return task_fields(row) | history_fields(replaced)


def _left(
    owner: int, row: Row, tasks: dict[int, dict[str, Any]], replaced: dict[int, dict[str, Any]]
) -> dict[str, Any] | None:
    """Return a task as a change left it, None if it is gone, and keep in `tasks` how it was before.

    `tasks` has what the later rows have kept there, `replaced` the values that later changes than those of the rows
    have replaced.
    """
    task_id, before, after = row["task_id"], row["before"], row["after"]
    if after is None:
        if before is not None:
            tasks[task_id] = whole_history_fields(before, task_id)
        return None
    if before is None:
        left = whole_history_fields(after, task_id)
    else:
        left = tasks.get(task_id) or _before_later_changes(row, replaced.get(task_id, {}))
        tasks[task_id] = left | history_fields(before)
    left |= {"id": task_id, "user_id": owner, "version": row["change"], "updated_at": row["at"]}
    return {name: left[name] for name in FIELDS}
