"""Rows of tasks, turned into the fields that are answered."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from donebase.core.database import Row
from donebase.core.shapes import DEFAULTS, FIELDS

_EXACT = 10**15  # up to here, the digits of a `double precision` are exact
_LARGEST = 1.7976931348623157e308  # answers for infinity and NaN, which psql can set and JSON does not have


def plain_number(number: float) -> float:
    """Return a number as JSON has it shortest: one that is whole as an integer, unless it is larger than _EXACT.

    Infinity and NaN are the largest number that there is, as PostgreSQL sorts them.
    """
    if -_EXACT < number < _EXACT:
        return int(number) if number % 1 == 0 else number
    return max(-_LARGEST, min(_LARGEST, float(number)))  # NaN is not less than any


# Unpacking into names costs less than half of dict(row) or dict(zip(FIELDS, row)), which is a tenth of a list.
_names = ", ".join(FIELDS)
# Most tasks have no order of their own. To compute it in SQL, and to make it an integer again, took 7 % of a list.
_order = "id if order is None else plain_number(order)"
_members = ", ".join(f"{name!r}: {_order if name == 'order' else name}" for name in FIELDS)
_known = {"plain_number": plain_number}
_as_dict: Callable[..., dict[str, Any]] = eval(f"lambda {_names}, *_: {{{_members}}}", _known)  # noqa: S307 - our names
# By the number of columns: lists have up to three more. To unpack any number takes 5 % of a list.
_as_dicts: dict[int, Callable[[Sequence[Row]], list[dict[str, Any]]]] = {
    len(FIELDS) + more: eval(f"lambda rows: [{{{_members}}} for {_names}{', _' * more} in rows]", _known)  # noqa: S307
    for more in range(4)
}
_TIMES = ("completed_at", "created_at", "updated_at")


def task_fields(row: Row) -> dict[str, Any]:
    """Return the fields of a task, by name, from a row that begins with the columns of `statements.COLUMNS`."""
    return _as_dict(*row)


def all_task_fields(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Return the fields of several tasks, as `task_fields` does, from rows that can have up to three more columns."""
    return _as_dicts[len(rows[0])](rows) if rows else []


def history_fields(kept: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of a task that a column of the history has, as rows of tasks have them."""
    found = dict(kept)
    for name in _TIMES:
        if found.get(name) is not None:
            found[name] = datetime.fromisoformat(found[name])
    if "order" in found:
        found["order"] = plain_number(float(found["order"]))  # JSON in PostgreSQL has infinity and NaN as strings
    return found


def whole_history_fields(kept: dict[str, Any], task_id: int) -> dict[str, Any]:
    """Return the fields of a task that the history has whole. Those that tasks did not have yet are as in a new one."""
    return {**DEFAULTS, "order": task_id} | history_fields(kept)
