"""The SQL statements about the history of an owner: what has changed, and how it was before.

Each names the owner first, and is one snapshot, in which the clock of the owner, the history and the tasks agree. All
but HISTORY return at least one row, with `clock` and `floor`; where nothing was found, their other columns are null.
"""

from sqlalchemy import (
    CTE,
    BigInteger,
    ColumnElement,
    DateTime,
    Executable,
    Text,
    bindparam,
    case,
    func,
    literal_column,
    or_,
    select,
    true,
    tuple_,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by

from donebase.core.statements import COLUMNS
from donebase.core.tables import Table

_tables = Table.metadata.tables
_users, _tasks, _history = _tables["users"].c, _tables["tasks"].c, _tables["history"].c
_owner = bindparam("owner", type_=BigInteger)
_since = bindparam("since", type_=BigInteger)
_limit = bindparam("limit", type_=BigInteger)


_at = func.timezone(literal_column("'UTC'"), _history.at, type_=DateTime()).label("at")


def _state() -> CTE:
    """Return the number of the owner's last change, and the number after which the history has every change."""
    clock = select(_users.clock).where(_users.id == _owner).scalar_subquery()
    first = select(_history.change - literal_column("1")).where(_history.user_id == _owner)
    floor = first.order_by(_history.change).limit(literal_column("1")).scalar_subquery()
    none: ColumnElement[int] = literal_column("0")
    return select(func.coalesce(clock, none).label("clock"), func.coalesce(floor, clock, none).label("floor")).cte(
        "state"
    )


def _read_changes() -> Executable:
    """Select whole changes, and of each task what is needed to go back from what it is now."""
    rows = select(_history.change, _history.task_id, _at, _history.before, _history.after)
    upto = bindparam("upto", type_=BigInteger)
    rows = rows.where(_history.user_id == _owner, _history.change > _since, _history.change <= upto)
    page = rows.order_by(_history.change).fetch(_limit, with_ties=True).cte("page")
    later = _values_before_later_changes(page)
    state = _state()
    found = page.outerjoin(_tables["tasks"], (_tasks.user_id == _owner) & (_tasks.id == page.c.task_id)).outerjoin(
        later, later.c.task_id == page.c.task_id
    )
    columns = (*COLUMNS, *page.c, later.c.members, *state.c)
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


def _changed_since() -> Executable:
    """Select the tasks that changed after a number, as they are now, and the ids of those that are gone; whole changes.

    Of all rows about a task only the last one is of interest: that with the task's version, or that which deleted it.
    """
    rows = select(*COLUMNS, _history.change, _history.task_id)
    rows = rows.outerjoin(_tables["tasks"], (_tasks.user_id == _owner) & (_tasks.id == _history.task_id))
    is_last = case((_tasks.id.is_(None), _history.after.is_(None)), else_=_tasks.version == _history.change)
    rows = rows.where(_history.user_id == _owner, _history.change > _since, is_last)
    return _page(rows.order_by(_history.change).fetch(_limit, with_ties=True).cte("page"), _state())


def _all_changed() -> Executable:
    """Select all tasks, as those that changed after 0. A page ends at the floor or later, where the history goes on."""
    state = _state()
    versions = select(_tasks.version).where(_tasks.user_id == _owner).order_by(_tasks.version).limit(_limit).subquery()
    last = select(func.max(versions.c.version)).scalar_subquery()
    bound = func.greatest(last, select(state.c.floor).scalar_subquery())
    rows = select(*COLUMNS, _tasks.version.label("change"), _tasks.id.label("task_id"))
    return _page(rows.where(_tasks.user_id == _owner, _tasks.version <= bound).cte("page"), state)


def _page(page: CTE, state: CTE) -> Executable:
    whole = select(*page.c, *state.c).select_from(state.outerjoin(page, true()))
    return whole.order_by(page.c.change, page.c.task_id)


def _word(text: str) -> ColumnElement[str]:
    return literal_column(f"'{text}'", Text)


def _list_history() -> Executable:
    """Select what changes did to tasks, the newest first, optionally to one task or of one kind."""
    task_id, action = bindparam("task_id", type_=BigInteger), bindparam("action", type_=Text)
    kind = case(
        (_history.after.is_(None), _word("deleted")),
        (_history.before.is_(None), _word("created")),
        else_=_word("changed"),
    )
    after = tuple_(bindparam("after", type_=BigInteger), bindparam("after_task", type_=BigInteger))
    rows = select(_history.change, _history.task_id, kind.label("action"), _history.before, _history.after, _at)
    rows = rows.where(_history.user_id == _owner, tuple_(_history.change, _history.task_id) < after)
    rows = rows.where(or_(task_id.is_(None), _history.task_id == task_id), or_(action.is_(None), kind == action))
    return rows.order_by(_history.change.desc(), _history.task_id.desc()).limit(_limit)


HISTORY_STATE = select(_state())
READ_CHANGES = _read_changes()
CHANGED_SINCE = _changed_since()
ALL_CHANGED = _all_changed()
HISTORY = _list_history()
