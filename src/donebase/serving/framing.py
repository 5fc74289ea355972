"""A response as bytes: its status line and headers, and how the end of its body is told (RFC 9112, 6 and 7)."""

from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import NamedTuple

Framing = Callable[[bytes, bool], bytes]
"""Takes a piece of a body and whether more follow, and returns what is sent."""
Header = tuple[bytes, bytes]

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"

_PHRASES = {status.value: status.phrase for status in HTTPStatus}
_STATUS_LINES = {status: f"HTTP/1.1 {status} {_PHRASES.get(status, '')}\r\n".encode() for status in range(200, 600)}
_NO_CONTENT = frozenset({204, 304})


class ResponseHead(NamedTuple):
    """The status line and the headers as they are sent, and what they decide."""

    written: bytes
    framing: Framing
    keep_alive: bool


def response_head(method: str, version: str, keep_alive: bool, status: int, headers: Iterable[Header]) -> ResponseHead:
    """Return the head of a response to a request by a method, in a version of HTTP.

    A body whose length no header tells is sent in chunks, or in HTTP/1.0 until the connection closes. Raises
    ValueError if a header contains a CR or LF, which would begin another header or response.
    """
    parts = [_STATUS_LINES[status]]
    length = None
    says_close = False
    for name, value in headers:
        parts += (name, b": ", value, b"\r\n")
        if name == b"content-length":
            length = int(value)
        elif name == b"connection":
            says_close = _closes(value)
    written = b"".join(parts[1::4] + parts[3::4])
    if b"\n" in written or b"\r" in written:
        raise ValueError("a header contains a line end")
    keep_alive = keep_alive and not says_close
    if not keep_alive and not says_close:
        parts.append(b"connection: close\r\n")
    framing: Framing
    if method == "HEAD" or status in _NO_CONTENT:
        framing = without_content
    elif length is not None:
        framing = counted(length)
    elif version == "1.0":
        framing = until_closed
    else:
        framing = chunked
        parts.append(b"transfer-encoding: chunked\r\n")
    parts.append(b"\r\n")
    return ResponseHead(b"".join(parts), framing, keep_alive)


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
