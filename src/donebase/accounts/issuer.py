"""The tokens of another issuer."""

from typing import NamedTuple

import jwt

from donebase.core.errors import Unauthorized
from donebase.settings import Settings


class Claims(NamedTuple):
    """What a token of another issuer says. `issuer` is empty and `scopes` is None where it says nothing of them.

    `expires_at` is in seconds since 1970.
    """

    issuer: str
    subject: str
    scopes: frozenset[str] | None
    expires_at: float


class Issuer:
    """Verifies the tokens of the issuer that the settings name."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    async def verify(self, token: str) -> Claims:
        """Return what a token says. Raises Unauthorized."""
        secret = self._settings.auth_jwt_secret
        if secret is None:
            raise Unauthorized
        try:
            claims = jwt.decode(token, secret.get_secret_value(), ["HS256"], options={"require": ["exp", "sub"]})
        except jwt.PyJWTError:
            raise Unauthorized from None
        scopes = frozenset(claims["scope"].split()) if "scope" in claims else None
        return Claims(claims.get("iss", ""), claims["sub"], scopes, claims["exp"])

    async def close(self) -> None:
        """End what is under way."""
