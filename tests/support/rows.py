"""Rows as the driver gives them, for tests that stand in for a database."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from donebase.core.list_statements import PLAIN_LIST
from donebase.core.statements import COLUMNS

CLOCK = 1_000
_NAMES = [*(str(column.key) for column in COLUMNS), "clock"]
_TIMES = ("created_at", "updated_at")
_A_TIME = datetime(2026, 11, 20, 8)
# What statements about the history have beside a task.
_MORE = {
    "action": "created",
    "after": {"title": "x"},
    "at": _A_TIME,
    "before": None,
    "change": 1,
    "tag": "shop",
    "open": 1,
    "clock": 1,
    "field": None,
    "floor": 0,
    "number": 1,
    "outcome": "moved",
    "task_id": 1,
}


class Row(tuple[Any, ...]):
    """Values in order, and by name when asked for one."""

    def __getitem__(self, name: Any) -> Any:
        """Return the value of a column."""
        return super().__getitem__(_NAMES.index(name)) if name in _NAMES[: len(self)] else _MORE[name]


class Rows:
    """A database that has these tasks, whatever is asked."""

    def __init__(self, *numbers: int) -> None:
        self._rows = [task_row(number) for number in numbers]
        self._rows_with_clock = [Row([*row, CLOCK]) for row in self._rows or [Row([None] * len(COLUMNS))]]

    async def fetch(self, statement: Any, /, **_parameters: Any) -> Sequence[Row]:
        """Return the rows."""
        return self._rows_with_clock if statement is PLAIN_LIST else self._rows

    async def answers(self) -> bool:
        """Tell that it is well."""
        return True


def task_row(task_id: int) -> Row:
    """Return a row of the table of tasks."""
    values = {
        "id": task_id,
        "title": "x",
        "completed": False,
        "user_id": 7,
        "version": task_id,
        "tags": [],
    }
    values |= dict.fromkeys(_TIMES, _A_TIME)
    return Row([values.get(name) for name in _NAMES[:-1]])
