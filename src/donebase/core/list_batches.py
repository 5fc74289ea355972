"""The batches of a list, each of one statement.

In the order of creation, and its reverse, a batch begins after the last task of the one before it: an id never changes.
In any other order, and for a page, one statement says which tasks there are; they are then read by their ids. So no
task is missed, or sent twice, because its key changes in the meantime.
"""

from array import array
from collections.abc import Sequence
from sys import byteorder
from typing import Any, NamedTuple

from sqlalchemy import Executable

from donebase.core.database import Database, Row
from donebase.core.errors import UnknownValue
from donebase.core.filters import unknown_time_zone
from donebase.core.list_statements import ListShape, fixing, following, named
from donebase.core.orders import Place

# How many tasks of a whole list are fixed at once: 8 bytes each, while a client reads. PostgreSQL sorts what is
# left of the list once for so many.
FIXED = 25_000


class ListQuery(NamedTuple):
    """A list as statements ask for it: their shape, and the values of their parameters that are always the same."""

    database: Database
    shape: ListShape
    parameters: dict[str, Any]

    async def fetch(self, statement: Executable, after: Place, **more: Any) -> Sequence[Row]:
        """Run a statement about what follows a place. Raises InvalidInput as well, for a time zone."""
        try:
            return await self.database.fetch(statement, **self.parameters, after=after.id, after_key=after.key, **more)
        except UnknownValue:
            raise unknown_time_zone() from None


class FollowingTasks:
    """The tasks after a place, in the order of creation or its reverse. `more` is whether there are any left."""

    continues = True
    following: Place | None = None

    def __init__(self, query: ListQuery, after: Place) -> None:
        self._query = query._replace(shape=query.shape._replace(begins_after=True, counted=False))
        self._after = after
        self.more = True

    async def read(self, size: int) -> Sequence[Row]:
        """Return the next tasks, at most `size`. There can be none."""
        # One row more than needed shows whether more follow, without a second statement.
        rows = await self._query.fetch(following(self._query.shape), self._after, limit=size + 1)
        self.more = len(rows) > size
        return rows[:size]

    def use(self, rows: Sequence[Row], number: int) -> None:
        """Continue after so many of the rows that were read last, at least one."""
        self._after = Place(None, rows[number - 1]["id"])
        self.more = self.more or number < len(rows)


class FixedTasks:
    """The tasks after a place that there are when `fix` is called: a page of so many, or all.

    `following` is the place after which the next page begins, None if this one is the last. `continues` is whether the
    tasks that were `taken` before are still the first ones: they are left out then. Tasks that are deleted before they
    are read, or then no longer fulfil the filter, are left out as well.
    """

    def __init__(self, query: ListQuery, limit: int | None) -> None:
        self._query = query._replace(shape=query.shape._replace(counted=False))
        self._limit = limit
        self._ids = array("q")
        self._used = self._read = 0
        self.continues = False
        self.following: Place | None = None

    async def fix(self, after: Place, taken: Sequence[int] = ()) -> None:
        """Fix the tasks after a place."""
        number = self._limit or FIXED
        statement = fixing(self._query.shape)
        [row] = await self._query.fetch(statement, after, limit=number + 1, number=number)
        ids = array("q", row["ids"] or b"")
        if byteorder == "little":
            ids.byteswap()
        self._ids = ids[:number]
        self.continues = ids[: len(taken)].tolist() == [*taken]
        self._used = len(taken) if self.continues else 0
        self.following = Place(row["last_key"], ids[number - 1]) if len(ids) > number else None

    @property
    def more(self) -> bool:
        """Whether there are any left."""
        return self._used < len(self._ids) or (self._limit is None and self.following is not None)

    async def read(self, size: int) -> Sequence[Row]:
        """Return the next tasks, at most `size`. There can be none."""
        if self._used == len(self._ids) and self.following:
            self._query = self._query._replace(shape=self._query.shape._replace(begins_after=True))
            await self.fix(self.following)
        ids = self._ids[self._used : self._used + size].tolist()
        shape = self._query.shape
        rows = await self._query.fetch(named(shape.owned, shape.filters), Place(None, 0), ids=ids)
        found = {row["id"]: row for row in rows}
        self._read = self._used + len(ids)
        if not found:
            self._used = self._read
        return [found[each] for each in ids if each in found]

    def use(self, rows: Sequence[Row], number: int) -> None:
        """Continue after so many of the rows that were read last, at least one."""
        if number == len(rows):
            self._used = self._read
        else:
            self._used = self._ids.index(rows[number - 1]["id"], self._used) + 1
