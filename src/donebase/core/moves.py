"""Moves: a task gets an order between those of its new neighbours, in one statement (`postgres/moves.sql`)."""

from typing import Annotated, Any

from pydantic import MISSING, AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError
from sqlalchemy import (
    ARRAY,
    CTE,
    BigInteger,
    Column,
    ColumnElement,
    Executable,
    Select,
    Text,
    bindparam,
    exists,
    false,
    func,
    literal_column,
    null,
    select,
)
from sqlalchemy.sql import visitors

from donebase.core import events
from donebase.core.changes import replay_first
from donebase.core.database import Database, Row
from donebase.core.errors import Fault, InvalidInput, PreconditionFailed, TaskNotFound
from donebase.core.keyed import First, fetch_once, keeping_key, seen_key, seen_key_of_task
from donebase.core.rows import task_fields
from donebase.core.statements import COLUMNS, READ, Verb
from donebase.core.values import PositiveInt8
from donebase.core.writes import RequestKey, Versions, Written

ENDS = ("first", "last")


def _known_end(text: str) -> str:
    if text not in ENDS:
        raise PydanticCustomError("unknown_value", 'must be "first" or "last"')
    return text


class Move(BaseModel):
    """The new place of a task among those of its owner: exactly one of the fields."""

    model_config = ConfigDict(
        strict=True,
        extra="forbid",
        frozen=True,
        json_schema_extra={"minProperties": 1, "maxProperties": 1, "examples": [{"to": "first"}]},
    )

    before: PositiveInt8 | MISSING = Field(default=MISSING, description="The id of the task that then follows.")
    after: PositiveInt8 | MISSING = Field(default=MISSING, description="The id of the task that then precedes.")
    to: Annotated[str, AfterValidator(_known_end)] | MISSING = Field(
        default=MISSING, description="The end of the list.", json_schema_extra={"enum": [*ENDS]}
    )

    @model_validator(mode="after")
    def _has_one_place(self) -> "Move":
        if len(self.model_fields_set) != 1:
            raise PydanticCustomError("not_exactly_one", "must have exactly one of before, after and to")
        return self

    def place(self) -> tuple[str, int | None]:
        """Return `before` or `after` with the id of the neighbour, or `first` or `last` with None."""
        [(field, value)] = self.model_dump().items()
        return (value, None) if field == "to" else (field, value)


def _of_the_moved(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return one of `statements.COLUMNS`, of the task that was moved."""

    def replaced(element: Any, **_: Any) -> Any:
        return literal_column(f'(moved.task)."{element.name}"', element.type) if isinstance(element, Column) else None

    value: ColumnElement[Any] = visitors.replacement_traverse(column, {}, replaced)
    return value.label(column.key)


def _move(owner: ColumnElement[Any], seen: ColumnElement[bool]) -> Select[Any]:
    moved = func.move_task(
        owner,
        bindparam("task_id", type_=BigInteger),
        bindparam("place", type_=Text),
        bindparam("neighbour", type_=BigInteger),
        bindparam("versions", type_=ARRAY(BigInteger)),
        seen,
    ).table_valued("outcome", "task", name="moved")
    return select(*map(_of_the_moved, COLUMNS), moved.c.outcome).select_from(moved)


def _keyed(owner: ColumnElement[Any], seen: CTE) -> Executable:
    """Build the statement that keeps the key of its request. If the key was seen, the function returns at once."""
    changed = _move(owner, exists().select_from(seen)).cte("changed")
    return keeping_key(changed, seen, changed.c.outcome == literal_column("'moved'"))


_owner: ColumnElement[Any] = bindparam("owner", type_=BigInteger)
_any_owner = func.cast(null(), BigInteger)

MOVE = Verb("task.moved", owned=_move(_owner, false()), flat=_move(_any_owner, false()))
KEYED_MOVE = Verb(
    MOVE.action,
    owned=_keyed(_owner, seen_key(_owner)),
    flat=_keyed(_any_owner, seen_key_of_task()),
)
"""Keeps the key of its request, as the statements of `core/keyed.py` do."""


async def move_task(
    database: Database,
    owner: int | None,
    task_id: int,
    move: Move,
    versions: Versions = None,
    key: RequestKey | None = None,
) -> Written:
    """Move a task to a place among those of its owner; neighbours get another order if there is no room between them.

    Raises TaskNotFound, InvalidInput if the place names no other task of the owner, PreconditionFailed if the task has
    none of the versions, and IdempotencyKeyReused.
    """
    place, neighbour = move.place()
    values = {"owner": owner, "task_id": task_id, "place": place, "neighbour": neighbour, "versions": versions}
    verb = MOVE if key is None else KEYED_MOVE
    done = await fetch_once(database, verb.flat if owner is None else verb.owned, key, values, _has_moved)
    if isinstance(done, First):
        return await replay_first(database, done, task_id)
    if not done:
        raise TaskNotFound
    [row] = done
    if row["outcome"] == "no neighbour":
        raise _no_neighbour(place)
    change = row["version"] if _has_moved(row) else None
    events.record(READ.action if change is None else MOVE.action, row["user_id"], task_id, change)
    if row["outcome"] == "other version":
        raise PreconditionFailed(task_fields(row))
    return Written(change, task_fields(row))


def _has_moved(row: Row) -> bool:
    return bool(row["outcome"] == "moved")


def _no_neighbour(place: str) -> InvalidInput:
    return InvalidInput([Fault(place, "must be the id of another task of the same owner", "unknown_value")])
