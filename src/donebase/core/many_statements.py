"""The SQL statements that change many tasks of an owner as one change."""

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Executable,
    UpdateBase,
    bindparam,
    func,
    insert,
    literal_column,
    select,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import col

from donebase.core.keyed import keeping_key, seen_key, unseen
from donebase.core.shapes import WRITABLE
from donebase.core.statements import COLUMNS
from donebase.core.tables import IdempotencyKeyRow, TaskRow

_owner = bindparam("owner", type_=BigInteger)


def _create(*conditions: ColumnElement[bool]) -> UpdateBase:
    """Build the statement that creates the tasks of a JSON array, whose members have the types of their columns."""
    sent = func.jsonb_populate_recordset(literal_column("NULL::tasks"), bindparam("tasks", type_=JSONB))
    new = sent.table_valued(*WRITABLE, name="new", with_ordinality="ordinality")
    rows = select(_owner, *(new.c[name] for name in WRITABLE)).where(*conditions).order_by(new.c.ordinality)
    return insert(TaskRow).from_select(("user_id", *WRITABLE), rows).returning(*COLUMNS)


def _keyed_create() -> Executable:
    seen = seen_key(col(IdempotencyKeyRow.user_id) == _owner)
    return keeping_key(_create(unseen(seen)).cte("changed"), seen)


CREATE_MANY = _create()
KEYED_CREATE_MANY = _keyed_create()
