"""The history of an owner: what each change did to each task, the newest first."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from donebase.core import events
from donebase.core.database import Database, Row
from donebase.core.history_statements import HISTORY
from donebase.core.rows import history_fields, whole_history_fields
from donebase.core.shapes import FIELDS
from donebase.core.tables import MAX_ID

ACTIONS = ("created", "changed", "deleted")
"""What a change can do to a task."""


class Cursor(NamedTuple):
    """A place in the history, after which older rows follow. Without a task, it is after all rows of newer changes."""

    change: int = MAX_ID
    task_id: int = 0


class HistoryPage(NamedTuple):
    """Rows of the history for `history_entry`, and the place after which the next page begins, if there is one."""

    rows: Sequence[Row]
    following: Cursor | None


async def list_history(
    database: Database, owner: int, task_id: int | None, action: str | None, limit: int, after: Cursor | None
) -> HistoryPage:
    """Return a page of the history, the newest change first: of one task, or of what was done, if they are given."""
    place = after or Cursor()
    rows = await database.fetch(
        HISTORY,
        owner=owner,
        task_id=task_id,
        action=action,
        limit=limit + 1,  # which shows whether more follow
        after=place.change,
        after_task=place.task_id,
    )
    events.record("task.history", owner, task_id)
    page = rows[:limit]
    return HistoryPage(page, Cursor(page[-1]["change"], page[-1]["task_id"]) if len(rows) > limit else None)


def history_entry(owner: int, row: Row) -> dict[str, Any]:
    """Return what a row of the history is about: the fields that moved, all fields of a task that came or went."""
    change, task_id, before, after = row["change"], row["task_id"], row["before"], row["after"]
    was = became = None
    if before is not None and after is not None:
        was, became = history_fields(before), history_fields(after)
    elif after is not None:
        about = {"id": task_id, "user_id": owner, "version": change, "updated_at": row["at"]}
        became = whole_history_fields(after, task_id) | about
    elif before is not None:
        was = whole_history_fields(before, task_id) | {"id": task_id, "user_id": owner}
    entry = {"change": change, "task_id": task_id, "action": row["action"]}
    return entry | {"before": _in_order(was), "after": _in_order(became), "at": row["at"]}


def _in_order(fields: dict[str, Any] | None) -> dict[str, Any] | None:
    return None if fields is None else {name: fields[name] for name in FIELDS if name in fields}
