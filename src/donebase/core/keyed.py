"""Statements that keep the key of their request, in the same statement as the change that the request makes.

A key that is there already keeps the statement from changing anything. Of two requests at once that both find it
missing, PostgreSQL lets one keep it; nothing of the other is carried out (Collided), which then finds the key as well.
"""

from collections.abc import Callable, Coroutine, Sequence
from typing import Any, NamedTuple

from sqlalchemy import (
    CTE,
    ColumnElement,
    Executable,
    LargeBinary,
    Text,
    bindparam,
    exists,
    false,
    insert,
    literal_column,
    or_,
    select,
)
from sqlmodel import col

from donebase.core.database import Database, Row
from donebase.core.errors import Collided, IdempotencyKeyReused
from donebase.core.tables import IdempotencyKeyRow, TaskRow
from donebase.core.writes import RequestKey

_key = bindparam("key", type_=Text)
_fingerprint = bindparam("fingerprint", type_=LargeBinary)
_is_same: ColumnElement[bool] = col(IdempotencyKeyRow.fingerprint) == _fingerprint


class First(NamedTuple):
    """What the first request with a key has done: whose tasks it changed, and the number of the change."""

    owner: int
    change: int


def seen_key(owner: ColumnElement[int]) -> CTE:
    """Build the part of a statement that looks for the key of an owner."""
    return _seen(col(IdempotencyKeyRow.user_id) == owner)


def seen_key_of_task() -> CTE:
    """Build the part of a statement that looks for the key where no owner is named, but the task by its `task_id`.

    A task has one owner for ever: the same request is known by its fingerprint, with the task gone as well. For another
    request, the key is one of the task's owner.
    """
    owner = select(col(TaskRow.user_id)).where(col(TaskRow.id) == bindparam("task_id")).scalar_subquery()
    return _seen(or_(_is_same, col(IdempotencyKeyRow.user_id) == owner))


def _seen(whose: ColumnElement[bool]) -> CTE:
    columns = (col(IdempotencyKeyRow.user_id), col(IdempotencyKeyRow.change), _is_same.label("is_same"))
    return select(*columns).where(whose, col(IdempotencyKeyRow.key) == _key).cte("seen")


def unseen(seen: CTE) -> ColumnElement[bool]:
    """Return the condition that the key is new, which a statement must fulfil to change anything."""
    return ~exists().select_from(seen)


def keeping_key(changed: CTE, seen: CTE, *has_changed: ColumnElement[bool]) -> Executable:
    """Build the statement that carries out `changed` and keeps the key if it has changed something.

    `changed` returns `user_id`, and the number of the change as `version`, of each task that it `has_changed`, and
    changes nothing unless the key is `unseen`. The columns that tell of an earlier request follow those of `changed`.
    """
    change = select(changed.c.user_id, _key, _fingerprint, changed.c.version).where(*has_changed)
    change = change.limit(literal_column("1"))
    kept = insert(IdempotencyKeyRow).from_select(["user_id", "key", "fingerprint", "change"], change).cte("kept")
    first = (seen.c.user_id.label("first_owner"), seen.c.change.label("first_change"), seen.c.is_same)
    return select(*changed.c, *first).select_from(changed.join(seen, false(), full=True)).add_cte(kept)


def _is_any(_row: Row) -> bool:
    return True


def fetch_once(
    database: Database,
    statement: Executable,
    key: RequestKey | None,
    parameters: dict[str, Any],
    has_changed: Callable[[Row], bool] = _is_any,
) -> Coroutine[Any, Any, Sequence[Row] | First]:
    """Run a statement that changes tasks, one of `keeping_key` if there is a key.

    Return its rows, or what the first request with the key has done, if there was one. If there are no rows, or
    `has_changed` is false of the first one, nothing was changed and no key is kept. Raises IdempotencyKeyReused if the
    key was kept for another request.
    """
    if key is None:
        return database.fetch(statement, **parameters)
    keyed = {"key": key.text, "fingerprint": key.fingerprint}
    return _fetch_once(database, statement, parameters | keyed, has_changed)


async def _fetch_once(
    database: Database, statement: Executable, parameters: dict[str, Any], has_changed: Callable[[Row], bool]
) -> Sequence[Row] | First:
    rows: Sequence[Row] = ()
    for _ in range(2):  # where nothing was changed, another request with the key may have done it while this one waited
        try:
            rows = await database.fetch(statement, **parameters)
        except Collided:  # another was faster: its key is there to be seen now
            rows = await database.fetch(statement, **parameters)
        if rows and (rows[0]["first_change"] is not None or has_changed(rows[0])):
            break
    if not rows or rows[0]["first_change"] is None:
        return rows
    [row] = rows
    if not row["is_same"]:
        raise IdempotencyKeyReused
    return First(row["first_owner"], row["first_change"])
