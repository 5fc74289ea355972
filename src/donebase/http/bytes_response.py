"""A response that is bytes as soon as it is made."""

from collections.abc import Iterable
from typing import Any

import orjson
from starlette.responses import Response

from donebase.http.headers import Header

JSON: Header = (b"content-type", b"application/json")
PROBLEM_JSON: Header = (b"content-type", b"application/problem+json")


def encoded(value: Any) -> bytes:
    """Return a value as JSON. Times without a time zone are in UTC."""
    return orjson.dumps(value, option=orjson.OPT_NAIVE_UTC | orjson.OPT_UTC_Z)


class BytesResponse(Response):
    """A response of a status, a body of a type, and other headers, for which Starlette builds nothing.

    Without a type there is no body (204, 304).
    """

    background = None

    def __init__(
        self, status: int, body: bytes = b"", content_type: Header | None = None, headers: Iterable[Header] = ()
    ) -> None:
        self.status_code = status
        self.body = body
        length = (b"content-length", b"%d" % len(body))
        self.raw_headers = [*headers] if content_type is None else [*headers, length, content_type]
