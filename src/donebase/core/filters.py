"""Which tasks of an owner a request names: filters, and their conditions in SQL.

The SQL follows from the shape of a filter alone, which says what filters there are: their values are parameters.
"""

from datetime import datetime
from typing import Any, Literal, NamedTuple

from sqlalchemy import (
    ARRAY,
    Boolean,
    ColumnElement,
    Date,
    DateTime,
    Text,
    all_,
    and_,
    any_,
    bindparam,
    case,
    cast,
    func,
    literal_column,
    select,
)

from donebase.core.errors import Fault, InvalidInput
from donebase.core.statements import SEARCH
from donebase.core.tables import Table

FilterShape = frozenset[str]
"""What filters there are, by the names of their conditions."""

_tasks = Table.metadata.tables["tasks"].columns
_EARLIEST, _LATEST = "", "~"  # before and after every date


class TaskFilter(NamedTuple):
    """What tasks must fulfil, all of it: what is None or empty says nothing.

    `priorities` are those of which a task has one; None is among them for tasks without priority. A task has all of the
    `tags`, is due on `due_from`, on `due_to` or between them, and each of the `words` is a part of its title, of its
    description or of a tag, whatever the case and the accents. `time_zone` is where "today" is, and where days and
    local times are over for "overdue".
    """

    completed: bool | None = None
    priorities: tuple[str | None, ...] = ()
    tags: tuple[str, ...] = ()
    due_from: str | None = None
    due_to: str | None = None
    due: Literal["none", "any", "today", "overdue"] | None = None
    time_zone: str = "UTC"
    words: tuple[str, ...] = ()

    @property
    def shape(self) -> FilterShape:
        """What filters there are: all that the SQL depends on."""
        filters = {
            "completed": self.completed is not None,
            "priorities": self.priorities,
            "tags": self.tags,
            "due_dates": self.due_from or self.due_to,
            f"due_{self.due}": self.due,
            "words": self.words,
        }
        return frozenset(name for name, is_there in filters.items() if is_there)

    @property
    def depends_on_time(self) -> bool:
        """Whether tasks begin or cease to fulfil it without being changed."""
        return self.due in ("today", "overdue")


EVERYTHING = TaskFilter()
"""The filter that every task fulfils."""


def conditions(shape: FilterShape) -> list[ColumnElement[bool]]:
    """Return the conditions of a filter of a shape, over the columns of tasks."""
    return [_CONDITIONS[name] for name in sorted(shape)]


def filter_parameters(wanted: TaskFilter, now: datetime) -> dict[str, Any]:
    """Return the values of all parameters that conditions can have, by name: each name begins with `wanted_`.

    `now` is the moment, with a time zone, at which a task is overdue or due today.
    """
    return {
        "wanted_completed": wanted.completed,
        "wanted_priorities": [priority or "none" for priority in wanted.priorities],
        "wanted_tags": wanted.tags,
        "wanted_due_from": wanted.due_from or _EARLIEST,
        "wanted_due_to": wanted.due_to or _LATEST,
        "wanted_time_zone": wanted.time_zone,
        "wanted_now": now,
        "wanted_words": wanted.words,
    }


def unknown_time_zone() -> InvalidInput:
    """Return what UnknownValue means in a statement with conditions: PostgreSQL does not know the time zone."""
    return InvalidInput(
        [Fault("time_zone", "must be the name of a time zone that PostgreSQL knows", "unknown_time_zone")]
    )


_time_zone = bindparam("wanted_time_zone", type_=Text)
_now = bindparam("wanted_now", type_=DateTime(timezone=True))
_due_moment = func.due_moment(_tasks.due, _time_zone, type_=DateTime(timezone=True))


def _texts(name: str) -> Any:
    return bindparam(name, type_=ARRAY(Text))


def member_of_due(name: str) -> ColumnElement[str]:
    """Return a member of what a task has as `due`, as it is written; null where there is none."""
    return _tasks.due.op("->>", return_type=Text())(literal_column(f"'{name}'"))


def _is_today() -> ColumnElement[bool]:
    """Return whether a day or a local time is today, or an instant lies within today in the time zone."""
    date, is_instant = member_of_due("date").collate("C"), member_of_due("time_zone").is_not(None)
    today = select(_date_of(_now)).scalar_subquery()
    # No two places are more than two days apart: so few tasks need what takes microseconds.
    is_near = date.between(_utc_date("'-2 days'"), _utc_date("'2 days'"))
    is_there = and_(is_near, _date_of(_due_moment) == today)
    return case((is_instant, is_there), else_=date == select(_written(_date_of(_now))).scalar_subquery())


def _is_overdue() -> ColumnElement[bool]:
    """Return whether the moment has passed at which a task is due: a day at its end."""
    date = member_of_due("date").collate("C")
    is_past, is_future = date < _utc_date("'-1 day'"), date > _utc_date("'1 day'")
    is_over = case((is_past, literal_column("true")), (is_future, literal_column("false")), else_=_due_moment <= _now)
    # An error where PostgreSQL does not know the zone of who asks: for that of a task, the moment is null.
    return and_(select(_date_of(_now).is_not(None)).scalar_subquery(), is_over)


def _date_of(moment: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return the date of a moment in the time zone. Citus wants nothing of it to depend on the session."""
    return cast(func.timezone(func.canonical_time_zone(_time_zone), moment, type_=DateTime()), Date)


def _utc_date(later: str) -> ColumnElement[str]:
    """Return the date in UTC so much later than now: once in a statement, not for each task."""
    now_there = func.timezone(literal_column("'UTC'"), _now, type_=DateTime())
    return select(_written(now_there + literal_column(f"interval {later}"))).scalar_subquery()


def _written(date: ColumnElement[Any]) -> ColumnElement[str]:
    return func.to_char(date, literal_column("'YYYY-MM-DD'"), type_=Text())


def _has_words() -> ColumnElement[bool]:
    """Return whether the searchable text is like each pattern. They are made once in a statement, not for each task."""
    word = func.unnest(_texts("wanted_words")).column_valued("word")
    pattern: ColumnElement[str] = func.folded(word, type_=Text())
    for sign in (r"\\", "%", "_"):
        pattern = func.replace(pattern, literal_column(f"E'{sign}'"), literal_column(rf"E'\\{sign}'"))
    patterns = select(func.concat(literal_column("'%'"), pattern, literal_column("'%'"))).scalar_subquery()
    # PostgreSQL expects that a LIKE of several patterns finds nothing: it would read all tasks of the owner for a page.
    # It expects that a CASE finds half of them.
    is_like = SEARCH.op("LIKE", is_comparison=True)(all_(func.array(patterns)))
    return case((is_like, literal_column("true")), else_=literal_column("false"))


def _is_in_dates() -> ColumnElement[bool]:
    date = member_of_due("date").collate("C")
    return date.between(bindparam("wanted_due_from", type_=Text), bindparam("wanted_due_to", type_=Text))


_CONDITIONS: dict[str, ColumnElement[bool]] = {
    "completed": _tasks.completed == bindparam("wanted_completed", type_=Boolean),
    "priorities": func.coalesce(_tasks.priority, literal_column("'none'")) == any_(_texts("wanted_priorities")),
    "tags": _tasks.tags.op("@>", is_comparison=True)(_texts("wanted_tags")),
    "due_dates": _is_in_dates(),
    "due_none": _tasks.due.is_(None),
    "due_any": _tasks.due.is_not(None),
    "due_today": _is_today(),
    "due_overdue": _is_overdue(),
    "words": _has_words(),
}
