"""The SQL statements about tasks, written once with SQLAlchemy Core; their columns follow from `core/shapes.py`.

Each names the owner first and returns the row. The statements for an address without an owner find a task by its id
alone.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from pydantic import MISSING
from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    DateTime,
    Executable,
    any_,
    bindparam,
    case,
    delete,
    func,
    insert,
    literal_column,
    select,
    update,
)
from sqlmodel import col

from donebase.core.shapes import FIELDS, WRITABLE, NewTask, TaskChanges
from donebase.core.tables import Table, TaskRow
from donebase.core.users import known_user

_utc: ColumnElement[str] = literal_column("'UTC'")
_columns = Table.metadata.tables["tasks"].columns


def _answered(column: Column[Any]) -> ColumnElement[Any]:
    """Return a column as it is selected: `timestamptz` as a `timestamp` in UTC, which the driver reads faster."""
    if isinstance(column.type, DateTime):
        return func.timezone(_utc, column, type_=DateTime()).label(column.key)
    return column


COLUMNS = tuple(_answered(_columns[name]) for name in FIELDS)
_of_owner = col(TaskRow.user_id) == bindparam("owner")
_with_id = col(TaskRow.id) == bindparam("task_id")
# The clock can be set back and a statement can wait for another's lock: the time that is kept is the later one.
# `timestamptz + interval` depends on the session's time zone (a day can have 23 hours): PostgreSQL calls it stable, and
# Citus refuses an UPDATE that applies a stable function to a column. On a timestamp in UTC it is immutable.
_next_microsecond = func.timezone(
    _utc, func.timezone(_utc, col(TaskRow.updated_at)) + literal_column("interval '1 microsecond'")
)
_now_or_later = func.greatest(func.now(), _next_microsecond)


class Verb(NamedTuple):
    """An operation on tasks: its action in the log, and its statement with an owner and without."""

    action: str
    owned: Executable
    flat: Executable


def _verb(action: str, statement: Callable[..., Executable]) -> Verb:
    return Verb(action, owned=statement(_of_owner, _with_id), flat=statement(_with_id))


def _list(*whose: ColumnElement[bool], columns: Sequence[Any] = COLUMNS) -> Executable:
    following = select(*columns).where(*whose, col(TaskRow.id) > bindparam("after")).order_by(col(TaskRow.id))
    return following.limit(bindparam("limit", type_=BigInteger))


def _many(*whose: ColumnElement[bool]) -> Executable:
    named = col(TaskRow.id) == any_(bindparam("ids", type_=ARRAY(BigInteger)))
    return select(*COLUMNS).where(*whose, named).order_by(col(TaskRow.id))


def _parameters(expressions: dict[str, str]) -> Any:
    """Return a function of `body` that returns the values of expressions by name. A loop would take twice as long."""
    members = ", ".join(f"{name!r}: {expression}" for name, expression in expressions.items())
    return eval(f"lambda body: {{{members}}}", {"MISSING": MISSING})  # noqa: S307 - of our own names


def _sent_or_kept(column: Column[Any]) -> ColumnElement[Any]:
    """Return what was sent for a column, else its value. Only where null can be sent, a flag tells it from nothing."""
    sent = bindparam(column.name, type_=column.type)
    if not column.nullable:
        return func.coalesce(sent, column)
    return case((bindparam(f"{column.name}_sent", type_=Boolean), sent), else_=column)


def _change(*this: ColumnElement[bool]) -> Executable:
    fields = {name: _sent_or_kept(_columns[name]) for name in WRITABLE}
    return update(TaskRow).where(*this).values(fields | {"updated_at": _now_or_later}).returning(*COLUMNS)


def _complete(*this: ColumnElement[bool]) -> Executable:
    completed = func.coalesce(bindparam("completed", type_=Boolean), ~col(TaskRow.completed))
    return update(TaskRow).where(*this).values(completed=completed, updated_at=_now_or_later).returning(*COLUMNS)


CREATE = (
    insert(TaskRow)
    .values({name: bindparam(name) for name in ("user_id", *WRITABLE)})
    .returning(*COLUMNS)
    .add_cte(known_user("user_id"))
)
create_parameters: Callable[[NewTask], dict[str, Any]] = _parameters({name: f"body.{name}" for name in WRITABLE})
change_parameters: Callable[[TaskChanges], dict[str, Any]] = _parameters(
    {name: f"None if body.{name} is MISSING else body.{name}" for name in WRITABLE}
    | {f"{name}_sent": f"body.{name} is not MISSING" for name in WRITABLE if _columns[name].nullable}
)
LIST = _verb("task.listed", lambda *whose: _list(*whose[:-1]))
LIST_IDS = _verb("task.listed", lambda *whose: _list(*whose[:-1], columns=[col(TaskRow.id)]))
READ_MANY = _verb("task.read", lambda *whose: _many(*whose[:-1]))
READ = _verb("task.read", lambda *this: select(*COLUMNS).where(*this))
CHANGE = _verb("task.changed", _change)
COMPLETE = _verb("task.completed", _complete)
DELETE = _verb("task.deleted", lambda *this: delete(TaskRow).where(*this).returning(col(TaskRow.user_id)))
