"""The SQL statements of lists. Each follows from a shape: whose tasks, which filters there are, and the order.

A statement is built when its SQL is first needed; the SQL of the shapes in use is kept.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Executable,
    LargeBinary,
    Select,
    Subquery,
    any_,
    bindparam,
    case,
    func,
    literal_column,
    select,
)
from sqlmodel import col

from donebase.core.deferred import deferred
from donebase.core.filters import FilterShape, conditions
from donebase.core.orders import CREATED, is_after, is_by_creation, order_by, sort_key
from donebase.core.statements import COLUMNS
from donebase.core.tables import TaskRow, UserRow

_of_owner = col(TaskRow.user_id) == bindparam("owner")
_limit = bindparam("limit", type_=BigInteger)
_true: ColumnElement[bool] = literal_column("true")
_one: ColumnElement[int] = literal_column("1")


class ListShape(NamedTuple):
    """All that the SQL of a list depends on.

    `owned` is whether it is of one owner, and not of all; `begins_after`, whether it begins after a place of its
    order; `counted`, whether its length is asked for as well.
    """

    owned: bool
    filters: FilterShape = frozenset()
    order: str = CREATED
    begins_after: bool = True
    counted: bool = False


def _whose(shape: ListShape) -> list[ColumnElement[bool]]:
    return [*([_of_owner] if shape.owned else []), *conditions(shape.filters)]


def owners_clock() -> tuple[Subquery, ColumnElement[bool]]:
    """Return a row with the `clock` of the owner, 0 if there is none; and whether it is not the `known` one."""
    of_owner = select(col(UserRow.clock)).where(col(UserRow.id) == bindparam("owner")).scalar_subquery()
    clock = select(func.coalesce(of_owner, literal_column("0")).label("clock")).subquery("clock")
    return clock, clock.c.clock != bindparam("known", type_=BigInteger)


def _following(shape: ListShape, columns: Sequence[Any], *more: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    after = [is_after(shape.order)] if shape.begins_after else []
    found = select(*columns).where(*_whose(shape), *more, *after)
    return found.order_by(*order_by(shape.order, owned=shape.owned)).limit(_limit)


def _columns(shape: ListShape) -> Sequence[Any]:
    return COLUMNS if is_by_creation(shape.order) else (*COLUMNS, sort_key(shape.order))


@deferred
def following(shape: ListShape) -> Executable:
    """Return the statement for `limit` tasks after a place; with `sort_key`, unless they are in order of creation."""
    return _following(shape, _columns(shape))


@deferred
def beginning(shape: ListShape) -> Executable:
    """Return the statement for the first tasks of a list, as `following` does, with what is asked about all of it.

    That is the owner's `clock` where the list is of one owner, and its length as `total` where it is counted. There is
    one row without a task if the list is empty, and if the clock is `known` or that is null: then no task is read and
    none is counted. The order is that of the subquery, because a nested loop joins it with one row.
    """
    if not (shape.owned or shape.counted):
        return _following(shape, _columns(shape))
    total = select(func.count()).select_from(TaskRow).where(*_whose(shape)).scalar_subquery()
    if not shape.owned:
        about = select(_one.label("one")).subquery("about")
        tasks = _following(shape, _columns(shape)).lateral("listed")
        more: list[Any] = [total.label("total")]
    else:
        about, is_new = owners_clock()
        tasks = _following(shape, _columns(shape), is_new).lateral("listed")
        more = [about.c.clock, *([case((is_new, total)).label("total")] if shape.counted else [])]
    return select(*tasks.c, *more).select_from(about.outerjoin(tasks, _true))


PLAIN = ListShape(owned=True)
"""The shape of a list of one owner, in order of creation, without filters."""
PLAIN_LIST = beginning(PLAIN)


@deferred
def fixing(shape: ListShape) -> Executable:
    """Return the statement that says which tasks a list has after a place: `ids` of `limit` at most, in its order.

    They are 8 bytes each, the highest byte first: 100,000 rows would take far more memory. `last_key` is the sort key
    of the task with the `number`, counted from 1.
    """
    columns = (col(TaskRow.id), sort_key(shape.order))
    fixed = _following(shape, columns).cte("fixed")
    nothing: ColumnElement[bytes] = literal_column("''::bytea")
    ids = func.string_agg(func.int8send(fixed.c.id), nothing, type_=LargeBinary())
    number = bindparam("number", type_=BigInteger)
    last = select(fixed.c.sort_key).limit(_one).offset(number - _one).scalar_subquery()
    return select(ids.label("ids"), last.label("last_key")).select_from(fixed)


@deferred
def named(owned: bool, filters: FilterShape) -> Executable:
    """Return the statement for those of the tasks with some `ids` that still fulfil the filters."""
    is_named = col(TaskRow.id) == any_(bindparam("ids", type_=ARRAY(BigInteger)))
    return select(*COLUMNS).where(*_whose(ListShape(owned, filters)), is_named)
