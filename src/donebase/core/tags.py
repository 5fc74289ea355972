"""The tags of an owner's tasks: how many open and how many completed tasks have each."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import BigInteger, ColumnElement, Executable, Select, Text, bindparam, func, literal_column, select
from sqlmodel import col

from donebase.core import events
from donebase.core.database import Database, Row
from donebase.core.list_statements import owners_clock
from donebase.core.tables import Table, TaskRow
from donebase.core.writes import Versions, highest, includes

# Tags in a batch. PostgreSQL looks at all tasks of the owner for each: few owners have more tags.
BATCH = 1_000

_tasks = Table.metadata.tables["tasks"].columns


def _following(*more: ColumnElement[bool]) -> Select[*tuple[object, ...]]:
    tag = func.unnest(_tasks.tags).column_valued("tag").collate("C")
    is_following = tag > bindparam("after", type_=Text)
    columns = (
        tag.label("tag"),
        func.count().filter(~col(TaskRow.completed)).label("open"),
        func.count().filter(col(TaskRow.completed)).label("completed"),
    )
    counted = select(*columns).where(col(TaskRow.user_id) == bindparam("owner"), is_following, *more)
    return counted.group_by(tag).order_by(tag).limit(bindparam("limit", type_=BigInteger))


def _beginning() -> Executable:
    """Build the statement for the first tags, with the owner's `clock` in each row, or in one without a tag."""
    clock, is_new = owners_clock()
    tags = _following(is_new).lateral("counted")
    return select(*tags.c, clock.c.clock).select_from(clock.outerjoin(tags, literal_column("true")))


TAGS = _following()
TAGS_WITH_CLOCK = _beginning()


class TagBatch(NamedTuple):
    """Tags in order of their code points, each with its counts, and whether more follow."""

    rows: Sequence[Row]
    more: bool


class TagList:
    """The tags of an owner. `known` are numbers of the owner's last change with which the client knows them already."""

    def __init__(self, database: Database, owner: int, known: Versions = ()) -> None:
        self._database = database
        self._owner = owner
        self._known = known
        self.clock = 0
        """The number of the owner's last change as of the first batch, 0 if there is none."""
        self.is_known = False
        """Whether `clock` is among those that are known."""

    async def first(self) -> TagBatch:
        """Return the first batch. Raises DatabaseFailed or Overloaded, as `read` does."""
        parameters = {"owner": self._owner, "known": highest(self._known)}
        rows = await self._database.fetch(TAGS_WITH_CLOCK, **parameters, after="", limit=BATCH + 1)
        self.clock = rows[0]["clock"]
        self.is_known = includes(self._known, self.clock)
        events.record("task.tags", self._owner, None)
        return TagBatch([], more=False) if rows[0]["tag"] is None else _batch(rows)

    async def read(self, after: str) -> TagBatch:
        """Return the batch after a tag."""
        return _batch(await self._database.fetch(TAGS, owner=self._owner, after=after, limit=BATCH + 1))


def _batch(rows: Sequence[Row]) -> TagBatch:
    return TagBatch(rows[:BATCH], len(rows) > BATCH)
