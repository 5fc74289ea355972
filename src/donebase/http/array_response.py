"""A response with an array of JSON in it, which is encoded in pieces, so that other requests need not wait long."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, TypeVar

from starlette.responses import Response, StreamingResponse

from donebase.http.bytes_response import JSON, BytesResponse, encoded
from donebase.http.headers import Headers

_AT_ONCE = 25  # items that are encoded together, of up to 40 KB each
_PIECE = 32 * 1024  # bytes

_Item = TypeVar("_Item")


def array_response(
    items: Sequence[_Item],
    fields: Callable[[_Item], dict[str, Any]],
    headers: Headers,
    *,
    status: int = 200,
    head: bytes = b"[",
    tail: bytes = b"]",
) -> Response:
    """Return a response with the fields of each item between `head` and `tail`: in one piece if there are few."""
    if len(items) <= _AT_ONCE:
        content = encoded([fields(item) for item in items])[1:-1]
        return BytesResponse(status, head + content + tail, JSON, headers)
    response = StreamingResponse(_pieces(items, fields, head, tail), status, media_type="application/json")
    response.raw_headers += headers
    return response


async def _pieces(
    items: Sequence[_Item], fields: Callable[[_Item], dict[str, Any]], head: bytes, tail: bytes
) -> AsyncIterator[bytes]:
    piece = head
    for begin in range(0, len(items), _AT_ONCE):
        if len(piece) > _PIECE:
            yield piece
            await asyncio.sleep(0)
            piece = b""
        separator = b"," if begin else b""
        piece += separator + encoded([fields(item) for item in items[begin : begin + _AT_ONCE]])[1:-1]
    yield piece + tail
