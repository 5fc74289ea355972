"""What every answer carries: the id of its request, and what a browser shall and shall not do with it."""

import re
import secrets

from starlette.types import Scope

Header = tuple[bytes, bytes]
Headers = list[Header]

CLOSE: Header = (b"connection", b"close")
"""What still arrives on this connection must not be read as the next request."""

# Guess no types, keep no answer, run nothing in it, frame it nowhere, let no foreign page embed it, tell no address on.
SECURITY_HEADERS: Headers = [
    (b"x-content-type-options", b"nosniff"),
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"referrer-policy", b"no-referrer"),
]
_SECURITY_NAMES = frozenset(name for name, _ in SECURITY_HEADERS)
_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,128}")


def with_security(headers: Headers) -> Headers:
    """Return the headers of an answer with those that browsers need, but for what it says itself."""
    said = {name for name, _ in headers}
    if said.isdisjoint(_SECURITY_NAMES):
        return headers + SECURITY_HEADERS
    return headers + [header for header in SECURITY_HEADERS if header[0] not in said]


def request_id_of(scope: Scope) -> bytes:
    """Return the id that a request came with, where it is a fit one, else one that is made for it."""
    for name, value in scope["headers"]:
        if name == b"x-request-id" and _REQUEST_ID.fullmatch(value):
            said: bytes = value
            return said
    return new_request_id()


def new_request_id() -> bytes:
    """Return an id that no other request has."""
    return secrets.token_hex(16).encode()
