"""The headers that every response carries, added in one place, and the headers that the API documents."""

import os
import re
from collections.abc import Iterable

Header = tuple[bytes, bytes]
Headers = list[Header]

DOCUMENTED = {
    "X-Request-ID": "The id of the request: the client's, or a generated one.",
    "Location": "The path of the task.",
    "ETag": "The version of the task, or of the list (RFC 9110, 8.8.3).",
    "Change": "The number of the change that this request has made. On a list: of the owner's last change.",
    "Link": "The next page, unless this is the last one (RFC 8288).",
    "Idempotent-Replayed": "`true`: an earlier request with this key was carried out; this is its answer.",
    "Retry-After": "Seconds to wait before a retry.",
    "Allow": "The methods that this address supports.",
    "X-Total-Count": "How many tasks the filters name, on all pages together.",
    "WWW-Authenticate": "How to authenticate (RFC 6750).",
}
"""The response headers that the OpenAPI document describes, and that scripts of allowed origins can read."""
NUMBERS = frozenset({"Change", "Retry-After", "X-Total-Count"})
"""Those of them that are numbers."""

CLOSE: Header = (b"connection", b"close")
"""What still arrives on this connection must not be read as the next request."""

# In this order: browsers guess no types, cache nothing, execute nothing in a response and show it in no frame; pages of
# other origins cannot embed it; links from it carry no Referer.
SECURITY_HEADERS: Headers = [
    (b"x-content-type-options", b"nosniff"),
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"referrer-policy", b"no-referrer"),
]
_REPLACEABLE = frozenset(name for name, _ in SECURITY_HEADERS)
# Caches must not give the response for one origin to another (Fetch standard, "CORS protocol and HTTP caches").
NO_ORIGIN: Headers = [(b"vary", b"Origin"), *SECURITY_HEADERS]
"""The headers of every response to a request without Origin, or of an origin that is not allowed."""
_EXPOSED: Header = (b"access-control-expose-headers", ", ".join(DOCUMENTED).encode())
# Many clients send `credentials: include` with every request, and a browser hides an answer without this header from
# them. It allows nothing more here: no cookie means anything to this service.
_CREDENTIALS: Header = (b"access-control-allow-credentials", b"true")
_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,128}")


def common_headers(allowed_origins: Iterable[str]) -> dict[bytes | None, Headers]:
    """Return the headers of every response, by the Origin header of the request; with any other, or none, NO_ORIGIN."""
    return {
        origin: [_EXPOSED, (b"access-control-allow-origin", origin), _CREDENTIALS, *NO_ORIGIN]
        for origin in map(str.encode, allowed_origins)
    }


def finish(headers: Headers, request_id: bytes, common: Headers = NO_ORIGIN) -> Headers:
    """Return the complete headers of a response, given its own. Its own security headers replace the common ones."""
    for name, _ in headers:
        if name in _REPLACEABLE:
            own = {name for name, _ in headers} & _REPLACEABLE
            common = [header for header in common if header[0] not in own]
            break
    return [*headers, *common, (b"x-request-id", request_id)]


def read_id_and_origin(received: Headers) -> tuple[bytes, bytes | None]:
    """Return the id that a request came with if it is valid, otherwise a new one; and its Origin header, if any.

    Of several headers, the first counts.
    """
    request_id = origin = None
    for name, value in received:
        if name == b"x-request-id" and request_id is None and _REQUEST_ID.fullmatch(value):
            request_id = value
        elif name == b"origin" and origin is None:
            origin = value
    return request_id or new_request_id(), origin


def new_request_id() -> bytes:
    """Return an id that no other request has: 32 hexadecimal digits."""
    try:
        return _drawn.pop()
    except IndexError:
        digits = os.urandom(64 * 16).hex().encode()  # one system call for 64 ids
        _drawn.extend(digits[at : at + 32] for at in range(0, len(digits), 32))
        return _drawn.pop()


_drawn: list[bytes] = []
os.register_at_fork(after_in_child=_drawn.clear)  # both processes would use the same ids
