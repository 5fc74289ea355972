"""The SQL statements about tasks, written once with SQLAlchemy Core; their columns follow from `core/shapes.py`.

Each names the owner first. The statements for an address without an owner find a task by its id alone. A statement
that changes tasks returns a row where it has changed something, with the number of the change as `version`. PostgreSQL
itself numbers the changes and keeps their history (`postgres/history.sql`).
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from pydantic import MISSING
from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    ColumnElement,
    DateTime,
    Executable,
    Select,
    Text,
    UpdateBase,
    and_,
    any_,
    bindparam,
    case,
    delete,
    func,
    insert,
    literal_column,
    or_,
    select,
    update,
)
from sqlmodel import col

from donebase.core.keyed import keeping_key, seen_key, seen_key_of_task, unseen
from donebase.core.shapes import FIELDS, NULLABLE, WRITABLE, NewTask, TaskChanges
from donebase.core.tables import Table, TaskRow

_utc: ColumnElement[str] = literal_column("'UTC'")
_columns = Table.metadata.tables["tasks"].columns


# Where a column of a task does not say it alone, what does.
_MEANT: dict[str, ColumnElement[Any]] = {
    "order": func.coalesce(_columns["order"], _columns["id"], type_=_columns["order"].type)
}


def meant(name: str) -> ColumnElement[Any]:
    """Return the value of a field of a task, from the columns of the table."""
    return _MEANT.get(name, _columns[name])


def _answered(name: str) -> ColumnElement[Any]:
    """Return a column as it is selected: `timestamptz` as a `timestamp` in UTC, which the driver reads faster.

    What a null means, as an `order`, is said by `rows.task_fields`: an expression here would be evaluated for each row.
    """
    column = _columns[name]
    return func.timezone(_utc, column, type_=DateTime()).label(name) if isinstance(column.type, DateTime) else column


COLUMNS = tuple(_answered(name) for name in FIELDS)
SEARCH: ColumnElement[str] = func.coalesce(
    _columns["search"], func.searchable(_columns["title"], _columns["description"], _columns["tags"]), type_=Text()
)
"""The text of a task in which words are searched: title, description and tags, folded."""
_of_owner = col(TaskRow.user_id) == bindparam("owner")
_with_id = col(TaskRow.id) == bindparam("task_id")
_expected = func.coalesce(
    col(TaskRow.version) == any_(bindparam("versions", type_=ARRAY(BigInteger))), literal_column("true")
)


_Write = Select[Any] | UpdateBase


class Verb(NamedTuple):
    """An operation on tasks: its action in the log, and its statement with an owner and without."""

    action: str
    owned: Executable
    flat: Executable


def _verb(action: str, statement: Callable[..., Executable]) -> Verb:
    return Verb(action, owned=statement(_of_owner, _with_id), flat=statement(_with_id))


def _keyed(action: str, statement: Callable[..., _Write]) -> Verb:
    """Return the verb whose statements keep the key of their request."""
    owned, flat = seen_key(bindparam("owner")), seen_key_of_task()
    return Verb(
        action,
        owned=keeping_key(statement(_of_owner, _with_id, unseen(owned)).cte("changed"), owned),
        flat=keeping_key(statement(_with_id, unseen(flat)).cte("changed"), flat),
    )


def _parameters(expressions: dict[str, str]) -> Any:
    """Return a function of `body` that returns the values of expressions by name. A loop would take twice as long."""
    members = ", ".join(f"{name!r}: {expression}" for name, expression in expressions.items())
    return eval(f"lambda body: {{{members}}}", {"MISSING": MISSING})  # noqa: S307 - of our own names


def _sent_or_kept(name: str) -> tuple[ColumnElement[Any], ColumnElement[bool]]:
    """Return what was sent for a field, else what its column has; and whether that is new.

    Only where null can be sent, a flag tells it from nothing.
    """
    column = _columns[name]
    sent = bindparam(name, type_=column.type)
    if name not in NULLABLE:
        return func.coalesce(sent, column), meant(name) != sent
    is_sent = bindparam(f"{name}_sent", type_=Boolean)
    return case((is_sent, sent), else_=column), and_(is_sent, column.is_distinct_from(sent))


def changed_fields() -> tuple[dict[str, ColumnElement[Any]], ColumnElement[bool]]:
    """Return what a change sets, with the parameters of `change_parameters`, and whether anything of it is new."""
    fields = {name: _sent_or_kept(name) for name in WRITABLE}
    return {name: value for name, (value, _) in fields.items()}, or_(*(new for _, new in fields.values()))


def _change(*this: ColumnElement[bool]) -> _Write:
    values, is_new = changed_fields()
    return update(TaskRow).where(*this, _expected, is_new).values(values).returning(*COLUMNS)


def _complete(*this: ColumnElement[bool]) -> _Write:
    completed = bindparam("completed", type_=Boolean)
    is_new = or_(completed.is_(None), col(TaskRow.completed) != completed)
    value = func.coalesce(completed, ~col(TaskRow.completed))
    return update(TaskRow).where(*this, _expected, is_new).values(completed=value).returning(*COLUMNS)


def _keyed_create() -> Executable:
    seen = seen_key(bindparam("user_id"))
    names = ("user_id", *WRITABLE)
    new = select(*(bindparam(name, type_=_columns[name].type) for name in names)).where(unseen(seen))
    return keeping_key(insert(TaskRow).from_select(names, new).returning(*COLUMNS).cte("changed"), seen)


def number_of_deletion() -> ColumnElement[int]:
    """Return the number of the change that has deleted a task, as its `version`: for RETURNING alone."""
    return func.deleted_by_change(col(TaskRow.version), type_=BigInteger).label("version")


def _delete(*this: ColumnElement[bool]) -> _Write:
    return delete(TaskRow).where(*this, _expected).returning(col(TaskRow.user_id), number_of_deletion())


CREATE = insert(TaskRow).values({name: bindparam(name) for name in ("user_id", *WRITABLE)}).returning(*COLUMNS)
create_parameters: Callable[[NewTask], dict[str, Any]] = _parameters({name: f"body.{name}" for name in WRITABLE})
change_parameters: Callable[[TaskChanges], dict[str, Any]] = _parameters(
    {name: f"None if body.{name} is MISSING else body.{name}" for name in WRITABLE}
    | {f"{name}_sent": f"body.{name} is not MISSING" for name in NULLABLE}
)
READ = _verb("task.read", lambda *this: select(*COLUMNS).where(*this))
CHANGE = _verb("task.changed", _change)
COMPLETE = _verb("task.completed", _complete)
DELETE = _verb("task.deleted", _delete)
KEYED_CREATE = _keyed_create()
KEYED = {
    verb: _keyed(verb.action, statement)
    for verb, statement in ((CHANGE, _change), (COMPLETE, _complete), (DELETE, _delete))
}
"""The verbs that change tasks, with the statements that keep the key of their request."""
