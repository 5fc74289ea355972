"""The SQL statements that delete a user. Each can be repeated; those that remove many rows remove some of them."""

from sqlalchemy import ARRAY, BigInteger, Executable, any_, bindparam, delete, func, literal_column, select, tuple_
from sqlalchemy.dialects.postgresql import insert

from donebase.accounts.tables import AccountDeletionRow, AccountRow, IdentityRow, PersonalTokenRow, SessionRow
from donebase.core.steps import turn
from donebase.core.tables import Table

MOST_USERS = 1000
"""How many users are looked at together."""
KEPT = "20 minutes"
"""How long a user's deletion stays on record: longer than a token or a request of the user can last."""
LOCK = 0x64656C657465

_tables = Table.metadata.tables
_users, _deletions = _tables["users"], _tables[str(AccountDeletionRow.__tablename__)]
_turn = turn(LOCK)
_user_id = bindparam("user_id", type_=BigInteger)
_user_ids = bindparam("user_ids", type_=ARRAY(BigInteger))

RECORD_DELETION = insert(_deletions).values(user_id=_user_id).on_conflict_do_nothing()
FORGET_DELETIONS = delete(_deletions).where(_deletions.c.user_id == any_(_user_ids))
REMOVE_GRANTS = [
    delete(table).where(table.c.user_id == any_(_user_ids))
    for table in (_tables[str(row.__tablename__)] for row in (AccountRow, SessionRow, PersonalTokenRow, IdentityRow))
]
"""Remove all that lets users in, a few rows of each."""


def _find() -> Executable:
    user_id = _deletions.c.user_id
    is_old = _deletions.c.requested_at < func.now() - literal_column(f"interval '{KEPT}'")
    return (
        select(user_id, is_old.label("is_old"), _users.c.id.is_not(None).label("has_rows"))
        .outerjoin_from(_deletions, _users, _users.c.id == user_id)
        .where(user_id > bindparam("after", type_=BigInteger))
        .order_by(user_id)
        .limit(literal_column(str(MOST_USERS)))
    )


def _remove(name: str, *key: str, locked: bool = False) -> Executable:
    """Return the step that removes the first rows of a user in a table, whose primary key is the user and `key`.

    They are as many as the parameter `most` says. Where others may wait for them, all are `locked` first, in order.
    """
    table = _tables[name]
    columns = [table.c[column] for column in key]
    # As a parameter: PostgreSQL, which does not know what it will be, takes the rows in order instead of sorting all.
    first = select(*columns).where(table.c.user_id == _user_id).order_by(*columns)
    first = first.limit(bindparam("most", type_=BigInteger))
    rows = (first.with_for_update() if locked else first).subquery("first")
    last = select(rows).order_by(*(column.desc() for column in rows.c)).limit(literal_column("1")).cte("last")
    # A range of the key: what a step costs does not depend on how many rows of the user there are.
    are_first = tuple_(*columns) <= tuple_(*last.c)
    return _turn.removing(delete(table).where(table.c.user_id == _user_id, are_first))


FIND_DELETIONS = _find()
"""Returns the users above a number who are to be deleted, and of each whether that `is_old` and whether it `has_rows`.

What is a user's is with a row in `users`: no row there, nothing left.
"""
REMOVE_TASKS = _remove("tasks", "id", locked=True)
REMOVE_HISTORY = _remove("history", "change", "task_id")
REMOVE_KEYS = _remove("idempotency_keys", "change")
REMOVE_USER = _turn.removing(
    delete(_users).where(_users.c.id == _user_id, _users.c.clock == bindparam("clock", type_=BigInteger))
)
"""Removes the row in `users`, unless something was written meanwhile: that has moved the clock."""
