"""Removes sessions, personal tokens and failed attempts to sign in that have expired, in small steps."""

from collections.abc import AsyncIterator
from datetime import datetime

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Executable,
    LargeBinary,
    all_,
    any_,
    bindparam,
    cast,
    delete,
    func,
    literal_column,
    select,
)
from sqlmodel import col

from donebase.accounts.attempts import WINDOW
from donebase.accounts.tables import AttemptsRow, PersonalTokenRow, SessionRow
from donebase.core.database import Database
from donebase.core.steps import STEP_ROWS, Steps, turn
from donebase.core.tables import Table

EXPIRY_SHARE = 0.05
"""How much of the time one step or another is running."""
LOCK = 0x657870697279

_turn = turn(LOCK)


def _ago(interval: str) -> ColumnElement[datetime]:
    return func.now() - literal_column(f"interval '{interval}'")


def _remove(row: type[Table], key: str, has_expired: ColumnElement[bool]) -> Executable:
    """Return the step that looks at the next rows of a table, after a key, and removes those that have expired."""
    table = Table.metadata.tables[str(row.__tablename__)]
    column = table.c[key]
    rows = select(column, has_expired.label("has_expired"))
    rows = rows.where(_turn.is_ours, column > bindparam("after", type_=LargeBinary)).order_by(column)
    found = rows.limit(literal_column(str(STEP_ROWS))).cte("found")
    last = select(found.c[key]).order_by(found.c[key].desc()).limit(literal_column("1")).scalar_subquery()
    old = cast(select(func.array_agg(found.c[key])).where(found.c.has_expired).scalar_subquery(), ARRAY(LargeBinary))
    # It may be in use again since: a session's time moves on as it is refreshed.
    return _turn.removing(delete(table).where(column == any_(old), has_expired), last.label("last"))


REMOVE_EXPIRED = (
    _remove(SessionRow, "id", col(SessionRow.expires_at) < func.now()),
    # People see for a while that a token has expired.
    _remove(PersonalTokenRow, "hash", col(PersonalTokenRow.expires_at) < _ago("30 days")),
    _remove(AttemptsRow, "key", _ago(f"{WINDOW.total_seconds():.0f} seconds") > all_(col(AttemptsRow.failed_at))),
)
"""The steps, one for each table. `last` is the last key that was looked at, null at the end of the table."""


class Expiry:
    """Removes what has expired."""

    def __init__(self, database: Database, share: float = EXPIRY_SHARE) -> None:
        self._steps = Steps(database, share)

    async def run(self) -> AsyncIterator[int]:
        """Go through the tables, and yield after each step how many rows it has removed.

        Ends early where another process is at it. Raises DatabaseFailed or Overloaded.
        """
        for statement in REMOVE_EXPIRED:
            after: bytes | None = b""
            while after is not None:
                step = await self._steps.run(statement, after=after)
                if not step["ours"]:
                    return
                yield step["rows"]
                after = step["last"]
