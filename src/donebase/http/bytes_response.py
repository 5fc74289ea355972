"""A response that is bytes as soon as it is made."""

from collections.abc import Iterable

from starlette.responses import Response

from donebase.http.headers import Header

JSON: Header = (b"content-type", b"application/json")
PROBLEM_JSON: Header = (b"content-type", b"application/problem+json")


class BytesResponse(Response):
    """A response of a status, a body and a type, and of other headers, for which Starlette builds nothing.

    Without a type it has no body (204).
    """

    def __init__(
        self, status: int, body: bytes = b"", content_type: Header | None = None, headers: Iterable[Header] = ()
    ) -> None:
        self.status_code = status
        self.body = body
        self.background = None
        self.raw_headers = [*headers]
        if content_type is not None:
            self.raw_headers += ((b"content-length", b"%d" % len(body)), content_type)
