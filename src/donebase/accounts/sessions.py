"""The sessions of accounts: each begins with a sign-in, and lives as long as its refresh tokens are exchanged.

A refresh token has two halves. The hash of the first is the id of the session, the hash of the second says which of the
session's tokens it is: only the last one is good. A former one ends the session, because two have it: the person, and
somebody who has copied it (RFC 9700, 4.14.2).
"""

import re
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256
from typing import NamedTuple

from sqlalchemy import BigInteger, LargeBinary, bindparam, delete, func, insert, literal_column, select, update
from sqlmodel import col

from donebase.accounts.access_tokens import AccessTokens
from donebase.accounts.authenticator import Authenticator
from donebase.accounts.tables import SessionRow
from donebase.core.database import Database
from donebase.core.errors import DatabaseFailed, RefreshFailed

KEPT = "30 days"
"""How long a session lives after its last refresh token was issued."""
_PREFIX = "dnr_"
_SELECTOR_BYTES, _SECRET_BYTES = 16, 32
_REFRESH_TOKEN = re.compile(_PREFIX + "([A-Za-z0-9_-]{64})")

_id = bindparam("id", type_=LargeBinary)
_secret = bindparam("secret", type_=LargeBinary)
_user_id = bindparam("user_id", type_=BigInteger)
_expiry = func.now() + literal_column(f"interval '{KEPT}'")
_this = col(SessionRow.id) == _id
_is_last = col(SessionRow.secret) == _secret
_lives = col(SessionRow.expires_at) > func.now()

_BEGIN = insert(SessionRow).values(id=_id, user_id=_user_id, secret=_secret, expires_at=_expiry)
_FIND = select(col(SessionRow.user_id), _is_last.label("is_last")).where(_this, _lives)
_RENEW = (
    update(SessionRow)
    .where(_this, _is_last)
    .values(secret=bindparam("new_secret", type_=LargeBinary), expires_at=_expiry)
    .returning(col(SessionRow.user_id))
)
_END = delete(SessionRow).where(_this)
_END_OTHERS = delete(SessionRow).where(col(SessionRow.user_id) == _user_id, ~_this).returning(col(SessionRow.id))


class SessionTokens(NamedTuple):
    """What a client is given of a session."""

    session_id: bytes
    access_token: str
    refresh_token: str


class RefreshToken(NamedTuple):
    """A refresh token: its halves, of 16 and 32 random bytes."""

    selector: bytes
    secret: bytes

    @property
    def session_id(self) -> bytes:
        """The id of the session: nobody can make a token from it, which is in access tokens."""
        return sha256(self.selector).digest()

    @property
    def secret_hash(self) -> bytes:
        """What is kept of the second half."""
        return sha256(self.secret).digest()

    def __str__(self) -> str:
        """Return the token as clients have it."""
        return _PREFIX + urlsafe_b64encode(self.selector + self.secret).decode()

    def next(self) -> "RefreshToken":
        """Return a new token for the same session."""
        return self._replace(secret=secrets.token_bytes(_SECRET_BYTES))


def parse_refresh_token(text: str) -> RefreshToken:
    """Return a refresh token that a client has sent. Raises RefreshFailed for what is none."""
    found = _REFRESH_TOKEN.fullmatch(text)
    if not found:
        raise RefreshFailed
    halves = urlsafe_b64decode(found[1])
    return RefreshToken(halves[:_SELECTOR_BYTES], halves[_SELECTOR_BYTES:])


async def begin_session(database: Database, access_tokens: AccessTokens, user_id: int) -> SessionTokens:
    """Begin a session of a user. Raises DatabaseFailed or Overloaded."""
    token = RefreshToken(secrets.token_bytes(_SELECTOR_BYTES), secrets.token_bytes(_SECRET_BYTES))
    access_token = await access_tokens.issue(user_id, token.session_id)
    await database.fetch(_BEGIN, id=token.session_id, user_id=user_id, secret=token.secret_hash)
    return SessionTokens(token.session_id, access_token, str(token))


async def find_session(database: Database, authenticator: Authenticator, token: RefreshToken) -> int:
    """Return whose session a refresh token continues. A former token of a session ends it.

    Raises RefreshFailed, DatabaseFailed or Overloaded.
    """
    rows = await database.fetch(_FIND, id=token.session_id, secret=token.secret_hash)
    if not rows:
        raise RefreshFailed
    [row] = rows
    if not row["is_last"]:
        await end_session(database, authenticator, token.session_id)
        raise RefreshFailed
    user_id: int = row["user_id"]
    return user_id


async def renew_session(
    database: Database, access_tokens: AccessTokens, authenticator: Authenticator, token: RefreshToken, user_id: int
) -> SessionTokens:
    """Exchange the last refresh token of a session of this user for new tokens.

    Of two exchanges at once one succeeds, and the other one ends the session. Raises RefreshFailed, DatabaseFailed or
    Overloaded.
    """
    session_id, new = token.session_id, token.next()
    # Before the statement that makes the presented token useless: a client that gets no answer can try again.
    access_token = await access_tokens.issue(user_id, session_id)
    parameters = {"id": session_id, "secret": token.secret_hash, "new_secret": new.secret_hash}
    if not await database.fetch(_RENEW, **parameters):
        await end_session(database, authenticator, session_id)
        raise RefreshFailed
    return SessionTokens(session_id, access_token, str(new))


async def end_session(database: Database, authenticator: Authenticator, session_id: bytes) -> None:
    """End a session: in this process at once. Raises DatabaseFailed or Overloaded."""
    try:
        await database.fetch(_END, id=session_id)
    finally:  # it may have ended even if the database does not say so
        authenticator.forget(session_id)


async def end_other_sessions(database: Database, authenticator: Authenticator, user_id: int, session_id: bytes) -> None:
    """End all sessions of a user but one: in this process at once. Raises DatabaseFailed or Overloaded."""
    try:
        ended = await database.fetch(_END_OTHERS, user_id=user_id, id=session_id)
    except DatabaseFailed:  # it is unknown which have ended
        authenticator.forget_user(user_id, except_grant=session_id)
        raise
    for row in ended:
        authenticator.forget(row["id"])
