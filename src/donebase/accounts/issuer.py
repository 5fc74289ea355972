"""Verifies the tokens that another issuer has signed: JSON Web Tokens (RFC 7519) by the rules of RFC 8725.

With AUTH_JWT_SECRET they are HS256. With AUTH_JWKS_URL they are what the issuer's published key is for: RS256, ES256 or
EdDSA. A token never says how it is verified: `alg` has to be that of the key, and `jku`, `x5u`, `jwk` mean nothing.
"""

import base64
from collections.abc import Sequence
from typing import Any

import jwt
from jwt import PyJWK
from jwt.types import Options
from pydantic import SecretStr

from donebase.accounts.callers import Claims
from donebase.accounts.json_object import decode_object
from donebase.accounts.key_set import KeySet
from donebase.accounts.public_keys import ALGORITHMS, MAX_ATTEMPTS
from donebase.core.errors import IssuerUnreachable, Unauthorized
from donebase.settings import Settings

LEEWAY = 30.0
"""Seconds that the clock of the issuer may differ from ours."""
MAX_TOKEN = 2**14
"""The most characters of a token: decoding takes a millisecond then, which no other request should wait for longer."""
MAX_NAME = 255
"""The most characters of a subject, and of an issuer."""
_LATEST = 253_402_300_800
"""The first second after the year 9999: a larger number is no time, or one in milliseconds."""
_TYPES = frozenset(("jwt", "at+jwt"))


class _Verifier(jwt.PyJWT):
    """PyJWT, which takes the last of duplicate claims, with strict JSON."""

    def _decode_payload(self, decoded: dict[str, Any]) -> dict[str, Any]:
        try:
            return decode_object(decoded["payload"])
        except ValueError:
            raise jwt.DecodeError from None


class Issuer:
    """The issuer that the settings name. Its tokens are verified with `auth_jwt_secret` or keys of `auth_jwks_url`."""

    def __init__(self, settings: Settings) -> None:
        self._options = Options(require=["exp", "sub"], verify_aud=settings.auth_audience is not None, verify_jti=False)
        self._issuer = settings.auth_issuer
        self._audience = settings.auth_audience
        self._key_set = KeySet(settings.auth_jwks_url.get_secret_value()) if settings.auth_jwks_url else None
        self._secret = _secret_key(settings.auth_jwt_secret) if settings.auth_jwt_secret else None

    def start(self) -> None:
        """Begin to load the keys of the issuer, if it publishes any. Needs the event loop that `verify` runs on."""
        if self._key_set:
            self._key_set.start()

    async def close(self) -> None:
        """End what `start` has begun."""
        if self._key_set:
            await self._key_set.close()

    async def verify(self, token: str) -> Claims:
        """Return what a token says, which is at most MAX_TOKEN characters long.

        Raises Unauthorized for every token that is not good, and IssuerUnreachable for one whose key is unknown while
        the issuer cannot be asked for it. Waits only if no known key has signed it, and then 5 seconds at most.
        """
        key_id, algorithm = _header(token)
        if self._secret:
            claims = self._claims(token, algorithm, [self._secret])
        elif self._key_set and algorithm in ALGORITHMS:
            claims = self._claims(token, algorithm, self._key_set.named(key_id))
            if claims is None and (key_id is None or not self._key_set.named(key_id)):
                has_answered = await self._key_set.ask_again()
                claims = self._claims(token, algorithm, self._key_set.named(key_id))
                if claims is None and not self._key_set.named(key_id) and not has_answered:
                    raise IssuerUnreachable
        else:
            claims = None
        if claims is None:
            raise Unauthorized
        return claims

    def _claims(self, token: str, algorithm: str, keys: Sequence[PyJWK]) -> Claims | None:
        """Return the claims of a token that one of the keys has signed, or None. Raises Unauthorized for bad claims."""
        for key in [key for key in keys if key.algorithm_name == algorithm][:MAX_ATTEMPTS]:
            try:
                payload = _VERIFIER.decode(
                    token,
                    key,
                    [key.algorithm_name],
                    self._options,
                    audience=self._audience,
                    issuer=self._issuer,
                    leeway=LEEWAY,
                )
            except jwt.InvalidSignatureError:
                continue
            except jwt.PyJWTError:
                raise Unauthorized from None
            return _checked(payload)
        return None


def _secret_key(secret: SecretStr) -> PyJWK:
    encoded = base64.urlsafe_b64encode(secret.get_secret_value().encode()).decode()
    return PyJWK({"kty": "oct", "k": encoded}, "HS256")


def _header(token: str) -> tuple[str | None, str]:
    """Return `kid` and `alg` of a token whose header is acceptable. Nothing of it is verified."""
    if len(token) > MAX_TOKEN:
        raise Unauthorized
    try:
        # Without the other parts, which PyJWT would decode here as well.
        header = jwt.get_unverified_header(f"{token.partition('.')[0]}..")
    except jwt.PyJWTError:
        raise Unauthorized from None
    kind, algorithm = header.get("typ", "jwt"), header.get("alg")
    if "crit" in header or not isinstance(kind, str) or not isinstance(algorithm, str):
        raise Unauthorized
    if kind.lower().removeprefix("application/") not in _TYPES:
        raise Unauthorized
    return header.get("kid"), algorithm


def _checked(payload: dict[str, Any]) -> Claims:
    """Return the claims of a payload that PyJWT has verified, which takes more types than RFC 7519 allows."""
    subject, issuer = payload["sub"], payload.get("iss", "")
    times = [payload[name] for name in ("exp", "nbf", "iat") if name in payload]
    if not (_is_name(subject) and subject and _is_name(issuer) and all(map(_is_time, times))):
        raise Unauthorized
    return Claims(issuer, subject, _scopes(payload), float(payload["exp"] + LEEWAY))


def _is_name(value: Any) -> bool:
    """Tell whether it is text that the database can hold and that is not too long."""
    if not isinstance(value, str) or len(value) > MAX_NAME or "\0" in value:
        return False
    return not any("\ud800" <= character <= "\udfff" for character in value)


def _is_time(value: Any) -> bool:
    return type(value) in (int, float) and -_LATEST < value < _LATEST


def _scopes(payload: dict[str, Any]) -> frozenset[str] | None:
    """Return the scopes: of a string (RFC 8693) or, as some issuers have it, of an array of strings."""
    if "scope" not in payload:
        return None
    scope = payload["scope"]
    names = scope.split(" ") if isinstance(scope, str) else scope
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise Unauthorized
    return frozenset(filter(None, names))


_VERIFIER = _Verifier()
