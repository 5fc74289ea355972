"""The statements: what is said to PostgreSQL about tasks, written once with SQLAlchemy Core.

Each names the owner first and returns the row. The flat address's statements, whoever the owner is, find a task by its
id alone.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    ColumnElement,
    DateTime,
    Executable,
    Text,
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

from donebase.core.tables import TaskRow
from donebase.core.users import known_user

_utc: ColumnElement[str] = literal_column("'UTC'")


def _in_utc(column: Any) -> ColumnElement[datetime]:
    """Return a column of type `timestamptz` as a `timestamp` in UTC of the same name: the driver reads that faster."""
    return func.timezone(_utc, col(column), type_=DateTime()).label(column.key)


COLUMNS: tuple[Any, ...] = (
    col(TaskRow.id),
    col(TaskRow.title),
    col(TaskRow.description),
    col(TaskRow.completed),
    col(TaskRow.user_id),
    _in_utc(TaskRow.created_at),
    _in_utc(TaskRow.updated_at),
)
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
    """What happens to tasks: its name in the log, and its statement with an owner and without."""

    past: str
    owned: Executable
    flat: Executable


def _verb(past: str, statement: Callable[..., Executable]) -> Verb:
    return Verb(past, owned=statement(_of_owner, _with_id), flat=statement(_with_id))


def _list(*whose: ColumnElement[bool], columns: Sequence[Any] = COLUMNS) -> Executable:
    following = select(*columns).where(*whose, col(TaskRow.id) > bindparam("after")).order_by(col(TaskRow.id))
    return following.limit(bindparam("limit", type_=BigInteger))


def _many(*whose: ColumnElement[bool]) -> Executable:
    named = col(TaskRow.id) == any_(bindparam("ids", type_=ARRAY(BigInteger)))
    return select(*COLUMNS).where(*whose, named).order_by(col(TaskRow.id))


def _change(*this: ColumnElement[bool]) -> Executable:
    return (
        update(TaskRow)
        .where(*this)
        .values(
            title=func.coalesce(bindparam("title", type_=Text), col(TaskRow.title)),
            description=case(
                (bindparam("describe", type_=Boolean), bindparam("description", type_=Text)),
                else_=col(TaskRow.description),
            ),
            completed=func.coalesce(bindparam("completed", type_=Boolean), col(TaskRow.completed)),
            updated_at=_now_or_later,
        )
        .returning(*COLUMNS)
    )


def _complete(*this: ColumnElement[bool]) -> Executable:
    completed = func.coalesce(bindparam("completed", type_=Boolean), ~col(TaskRow.completed))
    return update(TaskRow).where(*this).values(completed=completed, updated_at=_now_or_later).returning(*COLUMNS)


CREATE = (
    insert(TaskRow)
    .values({name: bindparam(name) for name in ("user_id", "title", "description", "completed")})
    .returning(*COLUMNS)
    .add_cte(known_user("user_id"))
)
LIST = _verb("listed", lambda *whose: _list(*whose[:-1]))
LIST_IDS = _verb("listed", lambda *whose: _list(*whose[:-1], columns=[col(TaskRow.id)]))
READ_MANY = _verb("read", lambda *whose: _many(*whose[:-1]))
READ = _verb("read", lambda *this: select(*COLUMNS).where(*this))
CHANGE = _verb("changed", _change)
COMPLETE = _verb("completed", _complete)
DELETE = _verb("deleted", lambda *this: delete(TaskRow).where(*this).returning(col(TaskRow.user_id)))
