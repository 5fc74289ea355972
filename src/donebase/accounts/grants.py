"""What stands behind a token: a session or a personal token, as long as it is in the database."""

from typing import NamedTuple

from sqlalchemy import LargeBinary, bindparam, func, or_, select
from sqlmodel import col

from donebase.accounts.tables import PersonalTokenRow, SessionRow
from donebase.core.database import Database

_key = bindparam("key", type_=LargeBinary)
_FIND_SESSION = select(col(SessionRow.user_id)).where(
    col(SessionRow.id) == _key, col(SessionRow.expires_at) > func.now()
)
_FIND_PERSONAL_TOKEN = select(
    col(PersonalTokenRow.user_id), col(PersonalTokenRow.scopes), col(PersonalTokenRow.expires_at)
).where(
    col(PersonalTokenRow.hash) == _key,
    or_(col(PersonalTokenRow.expires_at).is_(None), col(PersonalTokenRow.expires_at) > func.now()),
)


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
    """Return what the personal token with this hash allows. Raises DatabaseFailed or Overloaded."""
    rows = await database.fetch(_FIND_PERSONAL_TOKEN, key=token_hash)
    if not rows:
        return None
    [row] = rows
    expires_at = row["expires_at"]
    return PersonalGrant(
        row["user_id"], frozenset(row["scopes"]), expires_at.timestamp() if expires_at else float("inf")
    )
