"""The orders of lists: by which key tasks are sorted, and the place of a task in an order.

An order is the name of a key, with `-` before it for descending. Tasks with equal keys are in order of id. Tasks
without a key are last either way.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    DateTime,
    Double,
    Integer,
    Text,
    UnaryExpression,
    and_,
    bindparam,
    case,
    func,
    literal_column,
    or_,
)
from sqlalchemy.types import TypeEngine

from donebase.core.filters import member_of_due
from donebase.core.statements import meant
from donebase.core.tables import PRIORITIES, TITLE_LENGTH, Table

CREATED = "created"
"""The order of creation, which is that of the ids: it has no other key."""

_tasks = Table.metadata.tables["tasks"].columns


class Place(NamedTuple):
    """The place of a task in an order: its key, None where it has none, and its id."""

    key: Any
    id: int


class _Key(NamedTuple):
    """By what tasks are sorted: the expression in SQL, its type, and whether a value from elsewhere can be a key."""

    expression: ColumnElement[Any]
    type: TypeEngine[Any]
    is_key: Callable[[Any], bool]


def _text(expression: ColumnElement[str], is_key: Callable[[Any], bool]) -> _Key:
    # Compared by code points, the same on every PostgreSQL.
    return _Key(expression.collate("C"), Text(), is_key)


def _is_text_key(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= TITLE_LENGTH and "\0" not in value


_RANKS = range(1, len(PRIORITIES) + 1)
_due_time = func.coalesce(literal_column("'T'").concat(member_of_due("time")), literal_column("'~'"))  # days come last
_folded_title = func.coalesce(
    func.split_part(_tasks.search, literal_column("chr(1)"), literal_column("1")), func.folded(_tasks.title)
)
_KEYS = {
    "updated": _Key(
        func.timezone(literal_column("'UTC'"), _tasks.updated_at, type_=DateTime()),
        DateTime(),
        lambda value: isinstance(value, datetime) and value.tzinfo is None,
    ),
    "due": _text(member_of_due("date").concat(_due_time), lambda value: value is None or _is_text_key(value)),
    "priority": _Key(
        func.array_position(literal_column(f"'{{{','.join(PRIORITIES)}}}'::text[]"), _tasks.priority, type_=Integer()),
        Integer(),
        lambda value: value is None or (type(value) is int and value in _RANKS),
    ),
    "title": _text(func.left(_folded_title, literal_column(str(TITLE_LENGTH)), type_=Text()), _is_text_key),
    "order": _Key(meant("order"), Double(), lambda value: type(value) is float),
}
ORDERS = tuple(f"{sign}{name}" for name in (CREATED, *_KEYS) for sign in ("", "-"))


def is_by_creation(order: str) -> bool:
    """Return whether an order is that of creation, or its reverse."""
    return order.removeprefix("-") == CREATED


def is_place(order: str, place: Place) -> bool:
    """Return whether there can be a task at a place of an order."""
    if is_by_creation(order):
        return place.key is None
    return _KEYS[order.removeprefix("-")].is_key(place.key)


def sort_key(order: str) -> ColumnElement[Any]:
    """Return the key of an order, as a column `sort_key`; null where the order is that of creation or its reverse."""
    if is_by_creation(order):
        return literal_column("NULL::text", Text()).label("sort_key")
    return _KEYS[order.removeprefix("-")].expression.label("sort_key")


def order_by(order: str, *, owned: bool) -> list[UnaryExpression[Any]]:
    """Return what ORDER BY needs for an order of the tasks of one owner, or of all."""
    if is_by_creation(order):
        # Where nulls would be says which index is meant: see that of the ids in `tables.py`.
        is_backwards = order.startswith("-")
        by_id = _tasks.id.desc() if is_backwards else _tasks.id.asc()
        return [by_id if owned else by_id.nulls_last() if is_backwards else by_id.nulls_first()]
    key = _KEYS[order.removeprefix("-")].expression
    return [(key.desc() if order.startswith("-") else key.asc()).nulls_last(), _tasks.id.asc()]


def is_after(order: str) -> ColumnElement[bool]:
    """Return whether a task is after a place of an order: the parameters `after` for its id and `after_key`."""
    after, is_backwards = bindparam("after", type_=BigInteger), order.startswith("-")
    if is_by_creation(order):
        return _tasks.id < after if is_backwards else _tasks.id > after
    key, key_type, is_key = _KEYS[order.removeprefix("-")]
    after_key = bindparam("after_key", type_=key_type)
    is_further, is_as_far = (key < after_key, key <= after_key) if is_backwards else (key > after_key, key >= after_key)
    follows = and_(is_as_far, or_(is_further, _tasks.id > after))  # most keys are compared once, for they are computed
    if not is_key(None):
        return follows
    is_none = key.is_(None)
    return case((after_key.is_(None), and_(is_none, _tasks.id > after)), else_=or_(is_none, follows))
