"""A response as bytes: its status line and headers, and how the end of its body is told (RFC 9112, 6 and 7)."""

from collections.abc import Callable
from functools import lru_cache
from http import HTTPStatus
from operator import itemgetter

from donebase.http.headers import Headers

Framing = Callable[[bytes, bool], bytes]
"""Takes a piece of a body and whether more follow, and returns what is sent."""

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"

_PHRASES = {status.value: status.phrase for status in HTTPStatus}
_NO_CONTENT = frozenset({204, 304})
_CR, _LF = b"\r\n"  # numbers: `b"\n" in text` raises and catches a TypeError inside, which takes 2,000 instructions
_name, _value = itemgetter(0), itemgetter(1)


def response_head(
    method: str, version: str, keep_alive: bool, status: int, headers: Headers
) -> tuple[bytes, Framing, bool]:
    """Return the head of a response to a request by a method, in a version of HTTP; its framing; and `keep_alive`.

    A body whose length no header tells is sent in chunks, or in HTTP/1.0 until the connection closes. A header can end
    the connection. Raises ValueError if one contains a CR or LF, which would begin another header or response.
    """
    values = tuple(map(_value, headers))
    template, length_at, connection_at = _template(status, tuple(map(_name, headers)))
    _refuse_line_ends(b"".join(values))
    end = b"\r\n"
    if connection_at is not None and _closes(values[connection_at]):
        keep_alive = False
    elif not keep_alive:
        end = b"connection: close\r\n\r\n"
    framing: Framing
    if method == "HEAD" or status in _NO_CONTENT:
        framing = without_content
    elif length_at is not None:
        framing = counted(int(values[length_at]))
    elif version == "1.0":
        framing = until_closed
    else:
        framing = chunked
        end = b"transfer-encoding: chunked\r\n" + end
    return template % values + end, framing, keep_alive


@lru_cache(256)  # the combinations of headers that there are; donebase itself has some twenty
def _template(status: int, names: tuple[bytes, ...]) -> tuple[bytes, int | None, int | None]:
    """Return a head with a place for each value, and where Content-Length and Connection are among them."""
    _refuse_line_ends(b"".join(names))
    lines = b"".join(b"%b: %%b\r\n" % name.replace(b"%", b"%%") for name in names)
    head = f"HTTP/1.1 {status} {_PHRASES.get(status, '')}\r\n".encode() + lines
    at = {name: place for place, name in enumerate(names)}
    return head, at.get(b"content-length"), at.get(b"connection")


def _refuse_line_ends(text: bytes) -> None:
    if _LF in text or _CR in text:
        raise ValueError("a header contains a line end")


def _closes(connection: bytes) -> bool:
    """Return whether a Connection header says that the connection ends with this response."""
    return b"close" in (option.strip() for option in connection.lower().split(b","))


def counted(length: int) -> Framing:
    """Return the framing of a body by its Content-Length, which raises ValueError for a body of any other length."""

    def piece(body: bytes, more: bool) -> bytes:
        nonlocal length
        length -= len(body)
        if length and (length < 0 or not more):
            raise ValueError("the body is not as long as its Content-Length")
        return body

    return piece


def chunked(body: bytes, more: bool) -> bytes:
    """Return a piece as a chunk, and behind the last piece the chunk that ends the body."""
    chunk = b"%x\r\n%b\r\n" % (len(body), body) if body else b""
    return chunk if more else chunk + b"0\r\n\r\n"


def until_closed(body: bytes, _more: bool) -> bytes:
    """Return a piece as it is: the end of the connection ends the body, as in HTTP/1.0."""
    return body


def without_content(_body: bytes, _more: bool) -> bytes:
    """Return nothing: the response to HEAD, and a 204 or 304, have no body."""
    return b""
