"""The SQL statements about the history of an owner: what has changed, and how it was before.

Each names the owner first, and is one snapshot, in which the clock of the owner, the history and the tasks agree. All
but HISTORY return at least one row, with `clock` and `floor`; where nothing was found, their other columns are null.
CLOCKS is about several owners, and returns the clock of each that exists.
"""

from sqlalchemy import (
    ARRAY,
    CTE,
    BigInteger,
    ColumnElement,
    DateTime,
    Executable,
    FromClause,
    Text,
    any_,
    bindparam,
    case,
    func,
    literal_column,
    null,
    or_,
    select,
    true,
    tuple_,
    union_all,
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


def _task_of(rows: FromClause) -> FromClause:
    """Return the task of each row, if it still exists: looked up by its key, however many rows there are."""
    task = select(*COLUMNS).where(_tasks.user_id == _owner, _tasks.id == rows.c.task_id)
    return task.limit(literal_column("1")).lateral("task")


def _read_changes() -> Executable:
    """Select whole changes, and of each task what is needed to go back from what it is now.

    The rows of the changes come first, then one for each of their tasks that later changes have changed.
    """
    rows = select(_history.change, _history.task_id, _at, _history.before, _history.after)
    upto = bindparam("upto", type_=BigInteger)
    rows = rows.where(_history.user_id == _owner, _history.change > _since, _history.change <= upto)
    page = rows.order_by(_history.change).fetch(_limit, with_ties=True).cte("page")
    nothing = {name: null().label(name) for name in ("change", "at", "after")}
    later = _values_before_later_changes(page).c
    replaced = select(nothing["change"], later.task_id, nothing["at"], later.before, nothing["after"])
    found = union_all(select(*page.c), replaced).subquery("found")
    state, task = _state(), _task_of(found)
    whole = state.outerjoin(found, true()).outerjoin(task, found.c.change.is_not(None))
    return select(*task.c, *found.c, *state.c).select_from(whole).order_by(found.c.change, found.c.task_id)


def _values_before_later_changes(page: CTE) -> CTE:
    """Return for each task of a page the values that later changes have replaced: of each field the oldest."""
    member = func.jsonb_each(_history.before).table_valued("key", "value", name="member")
    # Of values with the same key, the last one counts.
    before = func.jsonb_object_agg(member.c.key, aggregate_order_by(member.c.value, _history.change.desc()))
    is_later = _history.change > select(func.max(page.c.change)).scalar_subquery()
    # A condition that cannot become a join: the ids are then looked up in a hash table.
    is_in_page = _history.task_id.in_(select(page.c.task_id)).is_(true())
    found = select(_history.task_id, before.label("before")).where(_history.user_id == _owner, is_later, is_in_page)
    return found.group_by(_history.task_id).cte("later")


def _changed_since() -> Executable:
    """Select the tasks that changed after a number, as they are now, and the ids of those that are gone; whole changes.

    Of all rows about a task only the last one is of interest: that with the task's version, or that which deleted it.
    """
    task = _task_of(_tables["history"])
    is_last = case((task.c.id.is_(None), _history.after.is_(None)), else_=task.c.version == _history.change)
    rows = select(*task.c, _history.change, _history.task_id).outerjoin(task, true())
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
CLOCKS = select(_users.id, _users.clock).where(_users.id == any_(bindparam("owners", type_=ARRAY(BigInteger))))
