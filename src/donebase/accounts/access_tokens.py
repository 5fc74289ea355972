"""The access tokens of sessions: JSON Web Tokens (RFC 7519), signed with a key that is kept in the database."""

import secrets
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import LargeBinary, Text, bindparam, select
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col

from donebase.accounts.tables import SigningKeyRow
from donebase.core.database import Database
from donebase.core.errors import Unauthorized

if TYPE_CHECKING:
    from jwt.types import Options

LIFETIME = 15 * 60  # seconds
KEY_ID = "donebase"
"""The `kid` of every token that is issued here. It only says with which key a token is to be verified."""

_ALGORITHM = "HS256"
_NAME = "donebase"  # issuer and audience
# `iat` is only told: the clock of the machine that issued a token, or ours before it was set back, may be ahead.
_OPTIONS: "Options" = {"require": ["exp", "iat", "iss", "aud", "sub", "sid"], "verify_iat": False}
_SECRET_BYTES = 32

_id = bindparam("id", type_=Text)
_FIND = select(col(SigningKeyRow.secret)).where(col(SigningKeyRow.id) == _id)
_MAKE = insert(SigningKeyRow).values(id=_id, secret=bindparam("secret", type_=LargeBinary)).on_conflict_do_nothing()


class SessionClaims(NamedTuple):
    """What an access token says: whose it is, of which session, and when it expires (seconds since 1970)."""

    user_id: int
    session_id: bytes
    expires_at: float


class AccessTokens:
    """Issues and verifies the access tokens of sessions, all of them with the one key of the database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._key = b""

    async def issue(self, user_id: int, session_id: bytes) -> str:
        """Return a token that is good for LIFETIME seconds. Raises DatabaseFailed or Overloaded."""
        import jwt  # 14 MB with what it imports, which a service that asks nobody does without

        now = int(time.time())
        claims = {
            "iss": _NAME,
            "aud": _NAME,
            "sub": str(user_id),
            "sid": urlsafe_b64encode(session_id).decode(),
            "jti": secrets.token_urlsafe(9),
            "iat": now,
            "exp": now + LIFETIME,
        }
        return jwt.encode(claims, await self._secret(), _ALGORITHM, headers={"kid": KEY_ID})

    async def verify(self, token: str) -> SessionClaims:
        """Return what a token says. Raises Unauthorized for one that was not issued here or has expired."""
        import jwt

        key = await self._secret()
        try:
            claims = jwt.decode(token, key, [_ALGORITHM], audience=_NAME, issuer=_NAME, options=_OPTIONS)
            return SessionClaims(int(claims["sub"]), urlsafe_b64decode(claims["sid"]), float(claims["exp"]))
        except (jwt.PyJWTError, ValueError, TypeError, OverflowError, RecursionError):
            raise Unauthorized from None

    async def _secret(self) -> bytes:
        """Return the key. The first service that needs it makes it."""
        if not self._key:
            rows = await self._database.fetch(_FIND, id=KEY_ID)
            if not rows:
                await self._database.fetch(_MAKE, id=KEY_ID, secret=secrets.token_bytes(_SECRET_BYTES))
                rows = await self._database.fetch(_FIND, id=KEY_ID)
            self._key = rows[0]["secret"]
        return self._key
