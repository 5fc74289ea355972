"""Personal access tokens, for scripts and agents: made, listed and revoked by their owner. Only the hash is kept."""

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    DateTime,
    LargeBinary,
    Text,
    bindparam,
    delete,
    func,
    insert,
    literal_column,
    select,
)
from sqlmodel import col

from donebase.accounts.grants import PERSONAL_PREFIX, token_hash
from donebase.accounts.tables import PersonalTokenRow
from donebase.core.database import Database, Row
from donebase.core.errors import Fault, InvalidInput, TokenNotFound

MOST_TOKENS = 100
_RANDOM_BYTES = 32

_user_id = bindparam("user_id", type_=BigInteger)
_hash = bindparam("hash", type_=LargeBinary)


def _in_utc(column: Any, name: str) -> ColumnElement[datetime]:
    return func.timezone(literal_column("'UTC'"), column, type_=DateTime()).label(name)


_columns: tuple[Any, ...] = (
    col(PersonalTokenRow.id),
    col(PersonalTokenRow.name),
    col(PersonalTokenRow.scopes),
    _in_utc(col(PersonalTokenRow.created_at), "created_at"),
    _in_utc(col(PersonalTokenRow.last_used_at), "last_used_at"),
    _in_utc(col(PersonalTokenRow.expires_at), "expires_at"),
)
FIELDS = tuple(str(column.key) for column in _columns)
"""What is told of a token."""
_is_theirs = col(PersonalTokenRow.user_id) == _user_id
_COUNT = select(func.count().label("number")).select_from(PersonalTokenRow).where(_is_theirs)
_CREATE = (
    insert(PersonalTokenRow)
    .values(
        hash=_hash,
        user_id=_user_id,
        name=bindparam("name", type_=Text),
        scopes=bindparam("scopes", type_=ARRAY(Text)),
        expires_at=bindparam("expires_at", type_=DateTime(timezone=True)),
    )
    .returning(*_columns)
)
_TAKE_BACK = delete(PersonalTokenRow).where(col(PersonalTokenRow.hash) == _hash)
_LIST = select(*_columns).where(_is_theirs).order_by(col(PersonalTokenRow.created_at), col(PersonalTokenRow.id))
_DELETE = (
    delete(PersonalTokenRow)
    .where(_is_theirs, col(PersonalTokenRow.id) == bindparam("token_id", type_=BigInteger))
    .returning(col(PersonalTokenRow.hash))
)


class NewPersonalToken(NamedTuple):
    """A token that was just made, the only time that it is known, and its row."""

    token: str
    row: Row


async def create_token(
    database: Database, user_id: int, name: str, scopes: Sequence[str], expires_at: datetime | None
) -> NewPersonalToken:
    """Make a token of a user. Raises InvalidInput if they have MOST_TOKENS, and DatabaseFailed or Overloaded.

    Of several that are made at the same time, each is counted after it is there, so that there are never more: the
    last ones may be refused together, though one of them would have been allowed.
    """
    await _refuse_beyond(database, user_id, MOST_TOKENS - 1)
    token = PERSONAL_PREFIX + secrets.token_urlsafe(_RANDOM_BYTES)
    kept = token_hash(token)
    [row] = await database.fetch(_CREATE, hash=kept, user_id=user_id, name=name, scopes=scopes, expires_at=expires_at)
    try:
        await _refuse_beyond(database, user_id, MOST_TOKENS)
    except InvalidInput:
        await database.fetch(_TAKE_BACK, hash=kept)
        raise
    return NewPersonalToken(token, row)


async def list_tokens(database: Database, user_id: int) -> Sequence[Row]:
    """Return the tokens of a user, the oldest first, expired ones included. Raises DatabaseFailed or Overloaded."""
    return await database.fetch(_LIST, user_id=user_id)


async def delete_token(database: Database, user_id: int, token_id: int) -> bytes:
    """Delete a token of a user, and return its hash. Raises TokenNotFound, and DatabaseFailed or Overloaded."""
    rows = await database.fetch(_DELETE, user_id=user_id, token_id=token_id)
    if not rows:
        raise TokenNotFound
    kept: bytes = rows[0]["hash"]
    return kept


async def _refuse_beyond(database: Database, user_id: int, most: int) -> None:
    [row] = await database.fetch(_COUNT, user_id=user_id)
    if row["number"] > most:
        raise InvalidInput(
            [Fault("body", f"a user can have at most {MOST_TOKENS} tokens; delete one first", "too_many_tokens")]
        )
