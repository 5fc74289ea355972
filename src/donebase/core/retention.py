"""Removes the history that is older than it has to be, one owner after another, in small steps.

Of an owner's history the oldest changes go first, and whole: what is left has no gap. A change goes when it and all
changes before it are old enough. Times in the future are not considered: a clock that was set wrongly has written them.
"""

from collections.abc import AsyncIterator
from datetime import datetime

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Executable,
    Integer,
    bindparam,
    delete,
    func,
    literal_column,
    select,
    true,
)
from sqlalchemy.sql.dml import ReturningDelete
from sqlmodel import col

from donebase.core.database import Database
from donebase.core.steps import STEP_ROWS, Steps, turn
from donebase.core.tables import MAX_ID, HistoryRow, IdempotencyKeyRow, UserRow

STEP_OWNERS = 500
SHARE = 0.05
"""How much of the time one step or another is running."""

LOCK = 0x686973746F7279

_turn = turn(LOCK)
_limit = func.now() - literal_column("interval '1 day'") * bindparam("days", type_=Integer)


def _is_recent(at: ColumnElement[datetime]) -> ColumnElement[bool]:
    return at.between(_limit, func.now())


def _find() -> Executable:
    oldest = (
        select(col(HistoryRow.at))
        .where(col(HistoryRow.user_id) == col(UserRow.id))
        .order_by(col(HistoryRow.change))
        .limit(literal_column("1"))
        .scalar_subquery()
    )
    owners = (
        select(col(UserRow.id), oldest.label("oldest"))
        .where(_turn.is_ours, col(UserRow.id) > bindparam("after", type_=BigInteger))
        .order_by(col(UserRow.id))
        .limit(literal_column(str(STEP_OWNERS)))
        .subquery("owners")
    )
    due = func.array_agg(owners.c.id).filter(~_is_recent(owners.c.oldest))
    columns = (_turn.ours, func.max(owners.c.id).label("last"), due.label("due"))
    return select(*columns).select_from(_turn.cte.outerjoin(owners, true())).group_by(_turn.ours)


def _remove() -> Executable:
    owner = bindparam("owner", type_=BigInteger)
    oldest = (
        select(col(HistoryRow.change), col(HistoryRow.at))
        .where(col(HistoryRow.user_id) == owner)
        .order_by(col(HistoryRow.change))
        .limit(literal_column(str(STEP_ROWS)))
        .cte("oldest")
    )
    kept = select(func.min(oldest.c.change)).where(_is_recent(oldest.c.at)).scalar_subquery()
    is_old = (oldest.c.at < _limit, oldest.c.change < func.coalesce(kept, literal_column(str(MAX_ID))))
    last = select(func.max(oldest.c.change).label("change")).where(*is_old).cte("last")

    def removed(row: type[HistoryRow | IdempotencyKeyRow]) -> ReturningDelete[tuple[int]]:
        is_removed = col(row.change) <= select(last.c.change).scalar_subquery()
        return delete(row).where(_turn.is_ours, col(row.user_id) == owner, is_removed).returning(col(row.change))

    history = removed(HistoryRow).cte("history_removed")
    number = select(func.count()).select_from(history).scalar_subquery()
    return select(_turn.ours, number.label("rows")).add_cte(removed(IdempotencyKeyRow).cte("keys_removed"))


FIND = _find()
"""Finds, of the owners above an id, those with history to be removed; and the last one that was looked at."""
REMOVE = _remove()
"""Removes the oldest changes of an owner and their idempotency keys: of the first STEP_ROWS rows those that are old."""


class Retention:
    """Removes what is older than so many days."""

    def __init__(self, database: Database, days: int, share: float = SHARE) -> None:
        self._steps = Steps(database, share)
        self._days = days
        self._after = 0

    async def run(self) -> AsyncIterator[int]:
        """Go through all owners, and yield after each step how many rows of history it has removed.

        Ends early where another process is at it. Raises DatabaseFailed or Overloaded; the next call then continues
        behind the owner where that happened.
        """
        while True:
            found = await self._steps.run(FIND, days=self._days, after=self._after)
            if not found["ours"] or found["last"] is None:
                break
            for owner in sorted(found["due"] or ()):
                self._after = owner
                rows = STEP_ROWS
                while rows >= STEP_ROWS:
                    step = await self._steps.run(REMOVE, days=self._days, owner=owner)
                    if not step["ours"]:
                        self._after = 0
                        return
                    yield (rows := step["rows"])
            self._after = found["last"]
        self._after = 0
