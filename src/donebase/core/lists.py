"""Lists of tasks, read in batches: no connection is held, and only one batch is in memory, while a client reads."""

from array import array
from bisect import bisect_right
from collections.abc import Sequence
from typing import NamedTuple

from donebase.core import events
from donebase.core.database import Database, Row
from donebase.core.statements import LIST, LIST_IDS, READ_MANY

# Rows in a batch. A usual list is one statement. Larger batches would cost less in total, but other requests would wait
# while one is read.
BATCH = 250
NEXT_BATCH = 100


class Batch(NamedTuple):
    """Tasks in order of id, the id up to which there are no others, and whether more follow."""

    rows: Sequence[Row]
    last: int
    more: bool


class TaskList:
    """The tasks of an owner, or of all users for None, in order of id: all above an id, or a page of `limit`.

    Each later batch is read from the last task that was used: a batch need not be used completely.
    """

    def __init__(self, database: Database, owner: int | None, after: int, limit: int | None) -> None:
        self._database = database
        self._owner = owner
        self._after = after
        self._page: array[int] | None = None
        self.limit = limit

    async def first(self) -> Batch:
        """Return the first batch. Raises DatabaseFailed or Overloaded, as the other two methods do."""
        batch = await self.read(self._after, BATCH if self.limit is None else min(self.limit, BATCH))
        events.record(LIST.action, self._owner, None)
        return batch

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
        more = len(rows) > size
        rows = rows[:size]
        return Batch(rows, rows[-1]["id"] if rows else after, more)

    async def _of_page(self, page: "array[int]", after: int, size: int) -> Batch:
        begin = bisect_right(page, after)
        ids = page[begin : begin + size]
        if not ids:
            return Batch([], after, more=False)
        statement = READ_MANY.flat if self._owner is None else READ_MANY.owned
        rows = await self._database.fetch(statement, owner=self._owner, ids=ids)
        return Batch(rows, ids[-1], more=begin + size < len(page))
