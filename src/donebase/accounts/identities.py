"""The people of another issuer: whoever comes first with a new name becomes a user."""

import secrets

from sqlalchemy import BigInteger, Text, bindparam, select
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col

from donebase.accounts.tables import IdentityRow
from donebase.core.database import Database

# Above the numbers that people choose by hand, and exact in JavaScript. Drawn at random: nobody can guess another's.
_LOWEST, _END = 2**32, 2**53

_subject = bindparam("subject", type_=Text)
_issuer = bindparam("issuer", type_=Text)
_FIND = select(col(IdentityRow.user_id)).where(col(IdentityRow.subject) == _subject, col(IdentityRow.issuer) == _issuer)
# Where another request was faster, its row is returned: an update that changes nothing waits for it.
_MAKE = (
    insert(IdentityRow)
    .values(subject=_subject, issuer=_issuer, user_id=bindparam("user_id", type_=BigInteger))
    .on_conflict_do_update(index_elements=["subject", "issuer"], set_={"user_id": col(IdentityRow.user_id)})
    .returning(col(IdentityRow.user_id))
)


def new_user_id() -> int:
    """Return a number for a new user that no user has had."""
    return secrets.randbelow(_END - _LOWEST) + _LOWEST


async def identify(database: Database, issuer: str, subject: str) -> int:
    """Return the number of the user whom an issuer names so. Raises DatabaseFailed or Overloaded."""
    rows = await database.fetch(_FIND, subject=subject, issuer=issuer)
    if not rows:
        rows = await database.fetch(_MAKE, subject=subject, issuer=issuer, user_id=new_user_id())
    user_id: int = rows[0]["user_id"]
    return user_id
