"""The SQL statements that change many tasks of an owner as one change.

Those about tasks that a filter names follow from its shape, and are built when their SQL is first needed. They return
one row, with the number of the change as `version` and of the tasks as `number`, or none if no task was changed.
"""

from collections.abc import Callable

from sqlalchemy import (
    ARRAY,
    CTE,
    BigInteger,
    ColumnElement,
    Executable,
    UpdateBase,
    any_,
    bindparam,
    cast,
    delete,
    func,
    insert,
    literal_column,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import col

from donebase.core.deferred import deferred
from donebase.core.filters import FilterShape, conditions
from donebase.core.keyed import keeping_key, seen_key, unseen
from donebase.core.shapes import WRITABLE
from donebase.core.statements import COLUMNS, changed_fields, number_of_deletion
from donebase.core.tables import HistoryRow, TaskRow

_owner = bindparam("owner", type_=BigInteger)
_of_owner = col(TaskRow.user_id) == _owner


@deferred
def change_many(shape: FilterShape, *, keyed: bool) -> Executable:
    """Return the statement that changes the tasks that a filter names."""
    values, is_new = changed_fields()

    def changed(*more: ColumnElement[bool]) -> UpdateBase:
        these = _locked(shape, is_new, *more, for_deletion=False)
        return (
            update(TaskRow).where(_of_owner, these).values(values).returning(col(TaskRow.user_id), col(TaskRow.version))
        )

    return _keyed(changed) if keyed else select(_counted(changed()))


@deferred
def delete_many(shape: FilterShape, *, keyed: bool) -> Executable:
    """Return the statement that deletes the tasks that a filter names."""

    def deleted(*more: ColumnElement[bool]) -> UpdateBase:
        these = _locked(shape, *more, for_deletion=True)
        return delete(TaskRow).where(_of_owner, these).returning(col(TaskRow.user_id), number_of_deletion())

    return _keyed(deleted) if keyed else select(_counted(deleted()))


def _locked(shape: FilterShape, *more: ColumnElement[bool], for_deletion: bool) -> ColumnElement[bool]:
    """Return the condition that a task is one of those that fulfil all conditions when they are locked.

    They are locked in the order of their ids before the first is written, as all statements about several tasks lock
    them: otherwise two of these could wait for each other. PostgreSQL looks again at one that it had to wait for.
    """
    tasks = select(col(TaskRow.id)).where(_of_owner, *conditions(shape), *more).order_by(col(TaskRow.id))
    locked = tasks.correlate(None).with_for_update(key_share=not for_deletion).subquery("locked")
    # An array, because a join or IN could read the locked tasks while they are written.
    ids = cast(select(func.array_agg(locked.c.id)).scalar_subquery(), ARRAY(BigInteger))
    return col(TaskRow.id) == any_(ids)


def _counted(written: UpdateBase) -> CTE:
    """Return what was written as one row, or as none if it was nothing."""
    tasks = written.cte("written")
    number = func.count(type_=BigInteger)
    counted = select(
        func.max(tasks.c.user_id).label("user_id"), func.max(tasks.c.version).label("version"), number.label("number")
    )
    return counted.having(number > literal_column("0")).cte("changed")


def _keyed(written: Callable[..., UpdateBase]) -> Executable:
    """Return the statement that writes, given the condition that it is the first with its key, and keeps the key."""
    seen = seen_key(_owner)
    return keeping_key(_counted(written(unseen(seen))), seen)


def _create(*conditions: ColumnElement[bool]) -> UpdateBase:
    """Build the statement that creates the tasks of a JSON array, whose members have the types of their columns."""
    sent = func.jsonb_populate_recordset(literal_column("NULL::tasks"), bindparam("tasks", type_=JSONB))
    new = sent.table_valued(*WRITABLE, name="new", with_ordinality="ordinality")
    rows = select(_owner, *(new.c[name] for name in WRITABLE)).where(*conditions).order_by(new.c.ordinality)
    return insert(TaskRow).from_select(("user_id", *WRITABLE), rows).returning(*COLUMNS)


def _keyed_create() -> Executable:
    seen = seen_key(_owner)
    return keeping_key(_create(unseen(seen)).cte("changed"), seen)


CREATE_MANY = _create()
KEYED_CREATE_MANY = _keyed_create()
_of_change = (col(HistoryRow.user_id) == _owner, col(HistoryRow.change) == bindparam("change", type_=BigInteger))
COUNT_CHANGED = select(func.count().label("number")).select_from(HistoryRow).where(*_of_change)
"""Returns how many tasks a change has touched: 0 if the history does not have it any more."""
