"""JSON Web Tokens as anybody can write them: nothing is checked, so that everything in them can be wrong."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any

Sign = Callable[[bytes], bytes]
"""Takes what is signed, and returns the signature."""

HS256: dict[str, Any] = {"alg": "HS256", "typ": "JWT"}


def forged(claims: object, sign: Sign, header: object = HS256) -> str:
    """Return a token (RFC 7515, 7.1). Bytes stand for themselves, anything else is written as JSON."""
    signed = f"{segment(header)}.{segment(claims)}"
    return f"{signed}.{segment(sign(signed.encode()))}"


def segment(content: object) -> str:
    """Return a part of a token: base64url without padding."""
    octets = content if isinstance(content, bytes) else json.dumps(content).encode()
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def header_of(token: str) -> dict[str, Any]:
    """Return what a token says of itself."""
    return _object(token.split(".")[0])


def claims_of(token: str) -> dict[str, Any]:
    """Return what a token says."""
    return _object(token.split(".")[1])


def _object(part: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return found


def hmac_with(key: bytes, algorithm: str = "sha256") -> Sign:
    """Return what signs with a secret: as HS256, or with another hash."""
    return lambda signed: hmac.digest(key, signed, getattr(hashlib, algorithm))


def unsigned(_signed: bytes) -> bytes:
    """Sign nothing."""
    return b""
