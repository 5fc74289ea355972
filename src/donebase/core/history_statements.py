"""The SQL statements about the history of an owner: what has changed, and how it was before.

Each names the owner first, and is one snapshot: the clock of the owner, the history and the tasks agree. It returns at
least one row, with the columns `clock` and `floor`; where nothing was found, the others are null.
"""

from typing import Any

from sqlalchemy import (
    CTE,
    BigInteger,
    ColumnElement,
    DateTime,
    Executable,
    bindparam,
    func,
    literal_column,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by

from donebase.core.statements import COLUMNS
from donebase.core.tables import Table

_tables = Table.metadata.tables
_users, _tasks, _history = _tables["users"].c, _tables["tasks"].c, _tables["history"].c
_owner = bindparam("owner", type_=BigInteger)
_since = bindparam("since", type_=BigInteger)
_limit = bindparam("limit", type_=BigInteger)


def _utc(column: ColumnElement[Any]) -> ColumnElement[Any]:
    return func.timezone(literal_column("'UTC'"), column, type_=DateTime())


def _state() -> CTE:
    """Return the number of the owner's last change, and the one from which on the history is complete."""
    clock = select(_users.clock).where(_users.id == _owner).scalar_subquery()
    first = select(_history.change - literal_column("1")).where(_history.user_id == _owner)
    floor = first.order_by(_history.change).limit(literal_column("1")).scalar_subquery()
    none: ColumnElement[int] = literal_column("0")
    return select(func.coalesce(clock, none).label("clock"), func.coalesce(floor, clock, none).label("floor")).cte(
        "state"
    )


def _read_changes() -> Executable:
    """Whole changes, and of each task what is needed to go back from what it is now."""
    rows = select(_history.change, _history.task_id, _utc(_history.at).label("at"), _history.before, _history.after)
    upto = bindparam("upto", type_=BigInteger)
    rows = rows.where(_history.user_id == _owner, _history.change > _since, _history.change <= upto)
    page = rows.order_by(_history.change).fetch(_limit, with_ties=True).cte("page")
    later = _values_before_later_changes(page)
    state = _state()
    found = page.outerjoin(_tables["tasks"], (_tasks.user_id == _owner) & (_tasks.id == page.c.task_id)).outerjoin(
        later, later.c.task_id == page.c.task_id
    )
    columns = (*state.c, *page.c, later.c.members, *COLUMNS)
    return select(*columns).select_from(state.outerjoin(found, true())).order_by(page.c.change, page.c.task_id)


def _values_before_later_changes(page: CTE) -> CTE:
    """Return for each task of a page the values that later changes have replaced: of each field the oldest."""
    member = func.jsonb_each(_history.before).table_valued("key", "value", name="member")
    # Of values with the same key, the last one counts.
    members = func.jsonb_object_agg(member.c.key, aggregate_order_by(member.c.value, _history.change.desc()))
    is_later = _history.change > select(func.max(page.c.change)).scalar_subquery()
    is_in_page = _history.task_id.in_(select(page.c.task_id))
    found = select(_history.task_id, members.label("members")).where(_history.user_id == _owner, is_later, is_in_page)
    return found.group_by(_history.task_id).cte("later")


READ_CHANGES = _read_changes()
