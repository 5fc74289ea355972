"""Lists of tasks, read in batches: no connection is held, and only one batch is in memory, while a client reads."""

from array import array
from bisect import bisect_right
from collections.abc import Sequence
from typing import NamedTuple

from donebase.core import events
from donebase.core.database import Database, Row
from donebase.core.statements import LIST, LIST_IDS, LIST_WITH_CLOCK, READ_MANY
from donebase.core.writes import Versions

# Rows in a batch. A usual list is one statement. Larger batches would cost less in total, but other requests would wait
# while one is read.
BATCH = 250
NEXT_BATCH = 100
_NOTHING_KNOWN = -1


class Batch(NamedTuple):
    """Tasks in order of id, the id up to which there are no others, and whether more follow."""

    rows: Sequence[Row]
    last: int
    more: bool


class TaskList:
    """The tasks of an owner, or of all users for None, in order of id: all above an id, or a page of `limit`.

    Each later batch is read from the last task that was used: a batch need not be used completely. `known` are numbers
    of the owner's last change with which the client knows the list already.
    """

    def __init__(
        self, database: Database, owner: int | None, after: int, limit: int | None, known: Versions = ()
    ) -> None:
        self._database = database
        self._owner = owner
        self._after = after
        self._page: array[int] | None = None
        self._known = known
        self.limit = limit
        self.clock: int | None = None
        """The number of the owner's last change as of the first batch, 0 if there is none; None without an owner."""
        self.is_known = False
        """Whether `clock` is among those that are known: the list need not be sent."""

    async def first(self) -> Batch:
        """Return the first batch. Raises DatabaseFailed or Overloaded, as the other two methods do."""
        size = BATCH if self.limit is None else min(self.limit, BATCH)
        batch = await (self.read(self._after, size) if self._owner is None else self._read_with_clock(size))
        events.record(LIST.action, self._owner, None)
        return batch

    async def _read_with_clock(self, size: int) -> Batch:
        # A clock never goes back: of several that are known, it can only be the last.
        known = None if self._known is None else max(self._known, default=_NOTHING_KNOWN)
        rows = await self._database.fetch(
            LIST_WITH_CLOCK, owner=self._owner, after=self._after, limit=size + 1, known=known
        )
        self.clock = rows[0]["clock"]
        self.is_known = self._known is None or self.clock in self._known
        return _batch(rows if rows[0]["id"] else [], self._after, size)

    async def fix_page(self, after: int, number: int) -> int | None:
        """Fix which tasks the page contains after an id: at most `number`, of those that exist now.

        Return the id after which the next page begins, or None if this page is the last.
        """
        statement = LIST_IDS.flat if self._owner is None else LIST_IDS.owned
        rows = await self._database.fetch(statement, owner=self._owner, after=after, limit=number + 1)
        self._page = array("q", [row["id"] for row in rows[:number]])
        return self._page[-1] if len(rows) > number else None

    async def read(self, after: int, size: int) -> Batch:
        """Return the batch after an id: at most `size` tasks, in one statement."""
        if self._page is not None:
            return await self._of_page(self._page, after, size)
        statement = LIST.flat if self._owner is None else LIST.owned
        # One row more than needed shows whether more follow, without a second statement.
        rows = await self._database.fetch(statement, owner=self._owner, after=after, limit=size + 1)
        return _batch(rows, after, size)

    async def _of_page(self, page: "array[int]", after: int, size: int) -> Batch:
        begin = bisect_right(page, after)
        ids = page[begin : begin + size]
        if not ids:
            return Batch([], after, more=False)
        statement = READ_MANY.flat if self._owner is None else READ_MANY.owned
        rows = await self._database.fetch(statement, owner=self._owner, ids=ids)
        return Batch(rows, ids[-1], more=begin + size < len(page))


def _batch(rows: Sequence[Row], after: int, size: int) -> Batch:
    """Return the batch of at most `size` rows, of which one more than that shows that more follow."""
    more = len(rows) > size
    rows = rows[:size]
    return Batch(rows, rows[-1]["id"] if rows else after, more)
