"""From the header `Authorization` to the caller (RFC 6750). Tokens that were verified are remembered."""

import re
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Protocol

from donebase.accounts.access_tokens import KEY_ID, AccessTokens
from donebase.accounts.callers import ALL_SCOPES, TASK_SCOPES, Caller, Claims
from donebase.accounts.grants import PERSONAL_PREFIX, find_personal_grant, session_exists, token_hash
from donebase.accounts.identities import identify
from donebase.accounts.known_grants import KnownGrant, KnownGrants
from donebase.accounts.watches import Watches
from donebase.core.database import Database
from donebase.core.errors import Unauthorized

MOST_REMEMBERED = 10_000

_JWT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.([A-Za-z0-9_-]+)")
_PERSONAL_TOKEN = re.compile(PERSONAL_PREFIX + "[A-Za-z0-9_-]{43}")
_match = re.compile(rb"bearer +([A-Za-z0-9\-._~+/]+=*) *", re.IGNORECASE).fullmatch


class OtherIssuer(Protocol):
    """Verifies the tokens of another issuer."""

    async def verify(self, token: str) -> Claims:
        """Return what a token says. Raises Unauthorized."""


class _Remembered:
    """A caller, and the grant behind their token, None for the token of another issuer."""

    __slots__ = ("caller", "grant")

    def __init__(self, caller: Caller, grant: KnownGrant | None) -> None:
        self.caller = caller
        self.grant = grant


class Authenticator:
    """Verifies tokens: of sessions, personal ones, and those of another issuer, if there is one."""

    def __init__(self, database: Database, access_tokens: AccessTokens, other_issuer: OtherIssuer | None) -> None:
        self._database = database
        self._access_tokens = access_tokens
        self._other_issuer = other_issuer
        self._remembered: dict[bytes, _Remembered] = {}
        self._grants = KnownGrants(database)
        self.watches = Watches(self._grants)

    def known(self, authorization: bytes) -> Caller | None:
        """Return the caller of a header that was verified and is good without another look, None for any other."""
        found = self._remembered.get(authorization)
        if found is None or found.caller.expires_at <= time.time():
            return None
        grant = found.grant
        if grant is not None:
            if not grant.is_trusted():
                return None
            grant.is_used = True
        return found.caller

    async def authenticate(self, authorization: bytes) -> Caller:
        """Return the caller of a header. Raises Unauthorized, and DatabaseFailed or Overloaded."""
        bearer = _match(authorization)
        if bearer is None:
            raise Unauthorized
        usual = b"Bearer " + bearer[1]  # a token takes one place, with however many spaces it comes
        known = None if authorization == usual else self.known(usual)
        if known is not None:
            return known
        self._remembered.pop(usual, None)
        asked_at = time.monotonic()
        caller = await self._verify(bearer[1].decode())
        grant = None if caller.grant is None else self._grants.seen(caller.grant, caller.user_id, asked_at)
        self._remember(usual, _Remembered(caller, grant))
        return caller

    def forget(self, grant: bytes) -> None:
        """Forget a session or a personal token that was deleted from the database, and end what is open for it."""
        self._grants.end(grant)
        self.watches.look()

    def forget_user(self, user_id: int, except_grant: bytes | None = None) -> None:
        """Forget all tokens of a user whose sessions and tokens were deleted, but for those of one session."""
        self._grants.end_of(user_id, except_grant)
        for header, remembered in [*self._remembered.items()]:
            if remembered.caller.user_id == user_id and remembered.grant is None:
                del self._remembered[header]
        self.watches.look()

    async def confirm(self) -> None:
        """Look for the sessions and personal tokens that were used since the last time.

        What is gone is forgotten, and what is open for it ends, or for a token that has expired. Raises DatabaseFailed
        or Overloaded; what was not looked for is trusted no longer than before.
        """
        try:
            await self._grants.confirm()
        finally:
            self.watches.look()

    def _remember(self, authorization: bytes, remembered: _Remembered) -> None:
        self._remembered.pop(authorization, None)  # the oldest are first
        self._remembered[authorization] = remembered
        if len(self._remembered) > MOST_REMEMBERED:
            del self._remembered[next(iter(self._remembered))]

    async def _verify(self, token: str) -> Caller:
        if token.startswith(PERSONAL_PREFIX):
            return await self._personal(token)
        if not _is_exact(token):
            raise Unauthorized
        if _key_id(token) == KEY_ID:
            return await self._session(token)
        if self._other_issuer is None:
            raise Unauthorized
        claims = await self._other_issuer.verify(token)
        user_id = await identify(self._database, claims.issuer, claims.subject)
        scopes = ALL_SCOPES if claims.scopes is None else claims.scopes & ALL_SCOPES
        return Caller(user_id, claims.subject, scopes, None, claims.expires_at)

    async def _personal(self, token: str) -> Caller:
        if not _PERSONAL_TOKEN.fullmatch(token):
            raise Unauthorized
        kept = token_hash(token)
        found = await find_personal_grant(self._database, kept)
        if found is None:
            raise Unauthorized
        return Caller(found.user_id, str(found.user_id), found.scopes & TASK_SCOPES, kept, found.expires_at)

    async def _session(self, token: str) -> Caller:
        claims = await self._access_tokens.verify(token)
        if not await session_exists(self._database, claims.session_id, claims.user_id):
            raise Unauthorized
        return Caller(claims.user_id, str(claims.user_id), ALL_SCOPES, claims.session_id, claims.expires_at)


def _is_exact(token: str) -> bool:
    """Tell whether a token has three parts, and the last is written as a signature is: in one way (RFC 7515, 2).

    PyJWT passes over what is no base64url, padding and bits without a meaning. Whoever has one token would have many.
    """
    parts = _JWT.fullmatch(token)
    if parts is None:
        return False
    padded = parts[1] + "=" * (-len(parts[1]) % 4)
    try:
        return urlsafe_b64encode(urlsafe_b64decode(padded)).decode() == padded
    except ValueError:
        return False


def _key_id(token: str) -> object:
    """Return what a token says of the key that has signed it."""
    import jwt  # see `access_tokens`

    try:
        return jwt.get_unverified_header(token).get("kid")
    except (jwt.PyJWTError, ValueError, RecursionError):
        raise Unauthorized from None
