"""Lists of tasks, read in batches: no connection is held, and only one batch is in memory, while a client reads."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from donebase.core import events
from donebase.core.database import Database, Row
from donebase.core.filters import EVERYTHING, FilterShape, TaskFilter, filter_parameters
from donebase.core.list_batches import FixedTasks, FollowingTasks, ListQuery
from donebase.core.list_statements import PLAIN, PLAIN_LIST, ListShape, beginning
from donebase.core.orders import CREATED, Place, is_by_creation
from donebase.core.writes import Versions, highest, includes

# Rows in a batch. A usual list is one statement. Larger batches would cost less in total, but other requests would wait
# while one is read.
BATCH = 250
NEXT_BATCH = 100

_BEGINNING = Place(None, 0)
_NO_FILTERS = EVERYTHING.shape


class Section(NamedTuple):
    """The part of a list that is wanted, and its order; `counted` is whether its whole length is wanted as well."""

    order: str = CREATED
    after: Place | None = None
    limit: int | None = None
    counted: bool = False


WHOLE = Section()
"""A whole list, in the order of creation."""


class Batch(NamedTuple):
    """The first tasks of a list, and whether more follow."""

    rows: Sequence[Row]
    more: bool


def _shape(owned: bool, filters: FilterShape, section: Section) -> ListShape:
    if owned and filters is _NO_FILTERS and section.order == CREATED and not section.counted:
        return PLAIN
    begins_after = section.after is not None or section.order == CREATED
    return ListShape(owned, filters, section.order, begins_after, section.counted)


class TaskList:
    """The tasks of an owner, or of all users for None, that fulfil a filter: all of them, or a section.

    `known` are numbers of the owner's last change with which the client knows the list already.
    """

    moment: datetime | None = None
    """When the list was like this, if it can change without a change of its tasks."""
    clock: int | None = None
    """The number of the owner's last change as of the first batch, 0 if there is none; None without an owner."""
    total: int | None = None
    """How many tasks fulfil the filter, if they are counted and the list is not known."""
    is_known = False
    """Whether `clock` is among those that are known: the list need not be sent."""

    def __init__(
        self,
        database: Database,
        owner: int | None,
        wanted: TaskFilter = EVERYTHING,
        section: Section = WHOLE,
        known: Versions = (),
    ) -> None:
        self._owner = owner
        self._section = section
        self._known = known
        self.order = section.order
        self.limit = section.limit
        parameters: dict[str, Any] = {"owner": owner}
        filters = _NO_FILTERS
        if wanted is not EVERYTHING:
            filters, now = wanted.shape, datetime.now(UTC)
            parameters |= filter_parameters(wanted, now)
            if wanted.depends_on_time:
                self.moment = now
                self._known = () if known else known  # numbers do not tell it, but `*` does
        self._query = ListQuery(database, _shape(owner is not None, filters, section), parameters)

    async def first(self) -> Batch:
        """Return the first batch. Raises DatabaseFailed or Overloaded, as all that reads does."""
        size = BATCH if self.limit is None else min(self.limit, BATCH)
        after = self._section.after or _BEGINNING
        shape = self._query.shape
        statement = PLAIN_LIST if shape is PLAIN else beginning(shape)
        known = highest(self._known)  # a clock never goes back: of several that are known, it can only be the last
        # One row more than needed shows whether more follow, without a second statement.
        rows = await self._query.fetch(statement, after, limit=size + 1, known=known)
        if self._owner is not None:
            self.clock = rows[0]["clock"]
            self.is_known = includes(self._known, self.clock)
        if self._section.counted and not self.is_known:
            self.total = rows[0]["total"]
        events.record("task.listed", self._owner, None)
        if rows and not rows[0]["id"]:
            return Batch([], more=False)
        return Batch(rows[:size], len(rows) > size)

    async def rest(self, taken: Sequence[int], last: Place) -> FollowingTasks | FixedTasks:
        """Return what follows the tasks with these ids, which were taken of the first batch; `last` is the last one."""
        if self.limit is None and is_by_creation(self.order):
            return FollowingTasks(self._query, last)
        fixed = FixedTasks(self._query, self.limit)
        await fixed.fix(self._section.after or _BEGINNING, taken)
        return fixed

    def place(self, row: Row) -> Place:
        """Return the place of a task of the first batch."""
        return Place(None if is_by_creation(self.order) else row["sort_key"], row["id"])
