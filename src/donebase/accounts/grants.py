"""What stands behind a token: a session or a personal token, as long as it is in the database."""

import hashlib
from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Executable,
    LargeBinary,
    any_,
    bindparam,
    false,
    func,
    literal_column,
    or_,
    select,
    union_all,
    update,
)
from sqlmodel import col

from donebase.accounts.tables import PersonalTokenRow, SessionRow
from donebase.core.database import Database, Row
from donebase.core.steps import turn

PERSONAL_PREFIX = "dnb_"
"""What every personal token begins with, so that it can be told from others, and found where it should not be."""
LOCK = 0x6C61737475736564
"""The advisory lock of the statement that marks several tokens as used."""

_key = bindparam("key", type_=LargeBinary)
_keys = bindparam("keys", type_=ARRAY(LargeBinary))
_hash = col(PersonalTokenRow.hash)
_last_used_at = col(PersonalTokenRow.last_used_at)
_expires_at = col(PersonalTokenRow.expires_at)
_is_unexpired = or_(_expires_at.is_(None), _expires_at > func.now())
_is_unmarked: ColumnElement[bool] = or_(
    _last_used_at.is_(None), _last_used_at <= func.now() - literal_column("interval '1 minute'")
)
_session_lasts = col(SessionRow.expires_at) > func.now()

_FIND_SESSION = select(col(SessionRow.user_id)).where(col(SessionRow.id) == _key, _session_lasts)
_marked = update(PersonalTokenRow).where(_hash == _key, _is_unexpired, _is_unmarked).values(last_used_at=func.now())
_FIND_PERSONAL_TOKEN = (
    select(col(PersonalTokenRow.user_id), col(PersonalTokenRow.scopes), _expires_at)
    .where(_hash == _key, _is_unexpired)
    .add_cte(_marked.returning(_hash).cte("marked"))
)
_FIND_GRANTS: Executable = union_all(
    select(_hash.label("key"), col(PersonalTokenRow.user_id), _is_unmarked.label("is_unmarked")).where(
        _hash == any_(_keys), _is_unexpired
    ),
    select(col(SessionRow.id), col(SessionRow.user_id), false()).where(
        col(SessionRow.id) == any_(_keys), _session_lasts
    ),
)
# Two processes that update the same rows in another order would wait for each other.
_turn = turn(LOCK)
_MARK_USED = (
    update(PersonalTokenRow)
    .where(_turn.is_ours, _hash == any_(_keys), _is_unmarked)
    .values(last_used_at=func.now())
    .add_cte(_turn.cte)
)


def token_hash(token: str) -> bytes:
    """Return what is kept of a personal token: 32 bytes. It was drawn at random, so a hash without salt is enough."""
    return hashlib.sha256(token.encode()).digest()


class PersonalGrant(NamedTuple):
    """What a personal token allows. `expires_at` is in seconds since 1970, infinite if it does not expire."""

    user_id: int
    scopes: frozenset[str]
    expires_at: float


async def session_exists(database: Database, session_id: bytes, user_id: int) -> bool:
    """Tell whether a user still has a session. Raises DatabaseFailed or Overloaded."""
    rows = await database.fetch(_FIND_SESSION, key=session_id)
    return bool(rows) and rows[0]["user_id"] == user_id


async def find_personal_grant(database: Database, token_hash: bytes) -> PersonalGrant | None:
    """Return what the personal token with this hash allows, and mark it as used, at most once a minute.

    Raises DatabaseFailed or Overloaded.
    """
    rows = await database.fetch(_FIND_PERSONAL_TOKEN, key=token_hash)
    if not rows:
        return None
    [row] = rows
    expires_at = row["expires_at"]
    return PersonalGrant(
        row["user_id"], frozenset(row["scopes"]), expires_at.timestamp() if expires_at else float("inf")
    )


async def find_grants(database: Database, keys: Sequence[bytes]) -> Sequence[Row]:
    """Return those of the sessions and personal tokens that are still there: `key`, `user_id` and `is_unmarked`.

    `is_unmarked` tells of a personal token that it has not been marked as used for a minute. Raises DatabaseFailed or
    Overloaded.
    """
    return await database.fetch(_FIND_GRANTS, keys=keys)


async def mark_used(database: Database, hashes: Sequence[bytes]) -> None:
    """Mark personal tokens as used, at most once a minute each. Where another process is at it, do nothing.

    Raises DatabaseFailed or Overloaded.
    """
    await database.fetch(_MARK_USED, keys=hashes)
