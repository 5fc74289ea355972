"""Background work in small steps: one statement each, within a time limit, with pauses in between."""

import asyncio
import time
from typing import Any, NamedTuple

from sqlalchemy import CTE, ColumnElement, Delete, Executable, ScalarSelect, func, literal_column, select

from donebase.core.database import Database, Row
from donebase.core.errors import DatabaseFailed

STEP_ROWS = 1000
STEP_TIMEOUT = 4.0


class Turn(NamedTuple):
    """The first part of a step: an advisory lock, taken if it is free. It ends with the statement.

    So it works behind a pooler as well, and does no more than save work: one process works at a time.
    """

    cte: CTE
    is_ours: ScalarSelect[bool]

    @property
    def ours(self) -> ColumnElement[bool]:
        """The column that says whether the lock was free."""
        column: ColumnElement[bool] = self.cte.c.ours
        return column

    def removing(self, these: Delete, *columns: ColumnElement[Any]) -> Executable:
        """Build the step that removes these rows. It returns `ours`, `rows`, how many they were, and `columns`."""
        removed: CTE = these.where(self.is_ours).returning(literal_column("1")).cte("removed")
        number = select(func.count()).select_from(removed).scalar_subquery()
        return select(self.ours, number.label("rows"), *columns)


def turn(lock: int) -> Turn:
    """Build the part that takes this lock; a step does nothing unless `is_ours`."""
    cte = select(func.pg_try_advisory_xact_lock(literal_column(str(lock))).label("ours")).cte("turn")
    return Turn(cte, select(cte.c.ours).scalar_subquery())


class Steps:
    """Runs statements that take no more than a share of the time, from above 0 up to 1."""

    def __init__(self, database: Database, share: float) -> None:
        self._database = database
        self._pauses = 1 / share - 1

    async def run(self, statement: Executable, /, **parameters: object) -> Row:
        """Run a statement that gives one row, and pause.

        Raises DatabaseFailed, also if the statement takes longer than STEP_TIMEOUT seconds, or Overloaded.
        """
        started = time.monotonic()
        try:
            async with asyncio.timeout(STEP_TIMEOUT):
                [row] = await self._database.fetch(statement, **parameters)
        except TimeoutError:
            raise DatabaseFailed(f"a step took longer than {STEP_TIMEOUT:g} seconds") from None
        await asyncio.sleep((time.monotonic() - started) * self._pauses)
        return row
