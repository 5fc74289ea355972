"""All users by their numbers, for an operator: who they are, and when they last changed a task."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Executable,
    Select,
    any_,
    bindparam,
    literal_column,
    select,
    union,
)
from sqlalchemy.orm.attributes import Mapped
from sqlmodel import col

from donebase.accounts.tables import AccountRow, IdentityRow
from donebase.core.database import Database, Row
from donebase.core.tables import UserRow

_PAGE = literal_column("1000", type_=BigInteger)
_after = bindparam("after", type_=BigInteger)
_numbers = bindparam("numbers", type_=ARRAY(BigInteger))


class ListedUser(NamedTuple):
    """A user: the number of changes of tasks and the time of the last; the account or the person of another issuer.

    A user without `changes` has never had a task. One without `email` and `subject` is from AUTH=open.
    """

    user_id: int
    changes: int
    last_change: datetime | None
    email: str | None
    subject: str | None
    issuer: str | None


def _next_numbers(column: Mapped[int]) -> Select[int]:
    next_ones = select(column.label("number")).where(column > _after).order_by(column).limit(_PAGE).subquery()
    numbers: ColumnElement[int] = next_ones.c.number
    return select(numbers)


def _find() -> Executable:
    numbers = (_next_numbers(col(each)) for each in (UserRow.id, AccountRow.user_id, IdentityRow.user_id))
    found = union(*numbers).subquery("found")
    return select(found.c.number).order_by(found.c.number).limit(_PAGE)


_FIND = _find()
_CHANGES: Executable = select(col(UserRow.id).label("user_id"), col(UserRow.clock), col(UserRow.updated_at)).where(
    col(UserRow.id) == any_(_numbers)
)
_ACCOUNTS: Executable = select(col(AccountRow.user_id), col(AccountRow.address)).where(
    col(AccountRow.user_id) == any_(_numbers)
)
_IDENTITIES: Executable = select(col(IdentityRow.user_id), col(IdentityRow.subject), col(IdentityRow.issuer)).where(
    col(IdentityRow.user_id) == any_(_numbers)
)


async def list_users(database: Database) -> AsyncIterator[ListedUser]:
    """Yield all users in the order of their numbers, read a thousand at a time. Raises DatabaseFailed or Overloaded."""
    after = 0
    while numbers := [row["number"] for row in await database.fetch(_FIND, after=after)]:
        changes, accounts, identities = [
            {row["user_id"]: row for row in await database.fetch(statement, numbers=numbers)}
            for statement in (_CHANGES, _ACCOUNTS, _IDENTITIES)
        ]
        for number in numbers:
            yield _listed(number, changes.get(number), accounts.get(number), identities.get(number))
        after = numbers[-1]


def _listed(number: int, changes: Row | None, account: Row | None, identity: Row | None) -> ListedUser:
    return ListedUser(
        number,
        changes["clock"] if changes else 0,
        changes["updated_at"] if changes else None,
        account["address"] if account else None,
        identity["subject"] if identity else None,
        identity["issuer"] if identity else None,
    )
