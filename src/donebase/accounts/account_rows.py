"""Accounts as they are stored: the statements that find, create and change one."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import BigInteger, Boolean, Text, bindparam, case, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col

from donebase.accounts.tables import AccountRow, IdentityRow
from donebase.core.database import Database, Row


class Account(NamedTuple):
    """A user: the address as it was typed. `email` and `name` are None for one of another issuer."""

    user_id: int
    email: str | None
    name: str | None
    created_at: datetime


class StoredAccount(NamedTuple):
    """An account, and what proves that it is somebody's: the normalised address, the hash of the password."""

    account: Account
    key: str
    password: str


_COLUMNS = (AccountRow.user_id, AccountRow.address, AccountRow.name, AccountRow.created_at, AccountRow.email)
_WHOLE = [*map(col, _COLUMNS), col(AccountRow.password)]
_email = bindparam("email", type_=Text)
_user_id = bindparam("user_id", type_=BigInteger)
_name = bindparam("name", type_=Text)
_password = bindparam("password", type_=Text)
_former = bindparam("former", type_=Text)

_BY_EMAIL = select(*_WHOLE).where(col(AccountRow.email) == _email)
_BY_USER = select(*_WHOLE).where(col(AccountRow.user_id) == _user_id)
_CREATE = (
    insert(AccountRow)
    .values(email=_email, user_id=_user_id, address=bindparam("address", type_=Text), name=_name, password=_password)
    .on_conflict_do_nothing(index_elements=["email"])
    .returning(*_WHOLE)
)
# The address leads the table, so that Citus asks one node; the number sees that the address is still this user's.
_CHANGE = (
    update(AccountRow)
    .where(
        col(AccountRow.email) == _email,
        col(AccountRow.user_id) == _user_id,
        col(AccountRow.password) == func.coalesce(_former, col(AccountRow.password)),
    )
    .values(
        name=case((bindparam("names", type_=Boolean), _name), else_=col(AccountRow.name)),
        password=func.coalesce(_password, col(AccountRow.password)),
    )
    .returning(*_WHOLE)
)
_SINCE = select(func.min(col(IdentityRow.created_at)).label("created_at")).where(col(IdentityRow.user_id) == _user_id)


async def find_by_email(database: Database, key: str) -> StoredAccount | None:
    """Return the account with a normalised address, None if there is none. Raises DatabaseFailed or Overloaded."""
    return _stored(await database.fetch(_BY_EMAIL, email=key))


async def find_by_user(database: Database, user_id: int) -> StoredAccount | None:
    """Return the account of a user, None if the user has none. Raises DatabaseFailed or Overloaded."""
    return _stored(await database.fetch(_BY_USER, user_id=user_id))


async def create_account_row(
    database: Database, user_id: int, key: str, address: str, name: str | None, password: str
) -> StoredAccount | None:
    """Create an account with a hashed password. Return None if its normalised address, `key`, is taken.

    Raises DatabaseFailed or Overloaded.
    """
    values = {"email": key, "user_id": user_id, "address": address, "name": name, "password": password}
    return _stored(await database.fetch(_CREATE, **values))


async def change_account_row(
    database: Database, stored: StoredAccount, *, name: tuple[str | None] | None = None, password: str | None = None
) -> StoredAccount | None:
    """Change the name, if one is given, or the hash of the password, and return the account as it is then.

    Return None if the account is gone or, for a new hash, has another one by now. Raises DatabaseFailed or Overloaded.
    """
    values = {
        "email": stored.key,
        "user_id": stored.account.user_id,
        "names": name is not None,
        "name": name and name[0],
        "former": stored.password if password else None,
        "password": password,
    }
    return _stored(await database.fetch(_CHANGE, **values))


async def find_foreign(database: Database, user_id: int) -> Account | None:
    """Return a user whom another issuer signs in, None if there is none. Raises DatabaseFailed or Overloaded."""
    [row] = await database.fetch(_SINCE, user_id=user_id)
    return row["created_at"] and Account(user_id, None, None, row["created_at"])


def _stored(rows: Sequence[Row]) -> StoredAccount | None:
    if not rows:
        return None
    user_id, address, name, created_at, key, password = rows[0]
    return StoredAccount(Account(user_id, address, name, created_at), key, password)
