"""Rows of tasks, turned into the fields that are answered."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import orjson

from donebase.core.database import Row
from donebase.core.shapes import FIELDS

# Unpacking into names costs less than half of dict(row) or dict(zip(FIELDS, row)), which is a tenth of a list.
_names = ", ".join(FIELDS)
_members = ", ".join(f"{name!r}: {name}" for name in FIELDS)
_as_dict: Callable[..., dict[str, Any]] = eval(f"lambda {_names}, *_: {{{_members}}}")  # noqa: S307 - of our own names
# By the number of columns: a list of one owner has one more. To unpack any number takes 5 % of a list.
_as_dicts: dict[int, Callable[[Sequence[Row]], list[dict[str, Any]]]] = {
    len(FIELDS) + more: eval(f"lambda rows: [{{{_members}}} for {_names}{', _' * more} in rows]")  # noqa: S307
    for more in (0, 1)
}
_TIMES = ("completed_at", "created_at", "updated_at")


def task_fields(row: Row) -> dict[str, Any]:
    """Return the fields of a task, by name, from a row that begins with the columns of `statements.COLUMNS`."""
    return _as_dict(*row)


def all_task_fields(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Return the fields of several tasks, as `task_fields` does, from rows that can have one more column."""
    return _as_dicts[len(rows[0])](rows) if rows else []


def history_fields(json: str) -> dict[str, Any]:
    """Return the fields of a task that a column of the history has, with times as rows of tasks have them."""
    found: dict[str, Any] = orjson.loads(json)
    for name in _TIMES:
        if found.get(name) is not None:
            found[name] = datetime.fromisoformat(found[name])
    return found
