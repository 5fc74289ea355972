"""What stands behind a token: a session or a personal token, as long as it is in the database."""

import hashlib
from typing import NamedTuple

from sqlalchemy import (
    ColumnElement,
    LargeBinary,
    bindparam,
    func,
    literal_column,
    or_,
    select,
    update,
)
from sqlmodel import col

from donebase.accounts.tables import PersonalTokenRow, SessionRow
from donebase.core.database import Database

PERSONAL_PREFIX = "dnb_"
"""What every personal token begins with, so that it can be told from others, and found where it should not be."""

_key = bindparam("key", type_=LargeBinary)
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
