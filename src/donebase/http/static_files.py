"""Files that are served from memory: with a media type, an entity tag, and compressed for clients that accept it."""

import gzip
import hashlib
import re
from collections.abc import Iterable
from pathlib import PurePath

from starlette.responses import Response

from donebase.http.bytes_response import BytesResponse
from donebase.http.headers import Header

HTML = b"text/html; charset=utf-8"
SCRIPT = b"text/javascript; charset=utf-8"
FRESH: Header = (b"cache-control", b"no-cache")
"""Browsers ask each time whether they have the file as it is now."""
_MEDIA_TYPES = {
    "LICENSE": b"text/plain; charset=utf-8",
    ".css": b"text/css; charset=utf-8",
    ".js": SCRIPT,
    ".png": b"image/png",
    ".svg": b"image/svg+xml; charset=utf-8",
    ".webmanifest": b"application/manifest+json; charset=utf-8",
}
_VARY = (b"vary", b"Accept-Encoding")
_GZIP = (b"content-encoding", b"gzip")
_ACCEPTED = re.compile(rb"(?:^|,)[ \t]*gzip[ \t]*(?:;[ \t]*q=(?!0(?:\.0*)?[ \t]*(?:,|$))[^,]*)?(?=,|$)", re.IGNORECASE)
_TAG = re.compile(rb'(?:W/)?("[^"]*")')


def media_type(path: str) -> bytes | None:
    """Return the type of a file by its suffix, or by its name if it has none; None for what is not served."""
    name = PurePath(path)
    return _MEDIA_TYPES.get(name.suffix or name.name)


class StaticFile:
    """A file with the headers of its answers.

    The entity tag is weak, because it names both forms: as it is, and compressed.
    """

    def __init__(self, content: bytes, content_type: bytes, headers: Iterable[Header]) -> None:
        self.content = content
        self.compressed = gzip.compress(content, mtime=0)  # the same bytes for the same content
        self._type = (b"content-type", content_type)
        self._tag = b'"%s"' % hashlib.sha256(content).hexdigest()[:32].encode()
        self._headers = [(b"etag", b"W/" + self._tag), _VARY, *headers]

    def response(self, request: Iterable[Header]) -> Response:
        """Return the answer to a GET request with these headers: 304 if the client has the file already."""
        known = _values(request, b"if-none-match")
        if known.strip() == b"*" or self._tag in _TAG.findall(known):
            return BytesResponse(304, headers=self._headers)
        if _ACCEPTED.search(_values(request, b"accept-encoding")):
            return BytesResponse(200, self.compressed, self._type, [*self._headers, _GZIP])
        return BytesResponse(200, self.content, self._type, self._headers)


def _values(request: Iterable[Header], name: bytes) -> bytes:
    """Return the lines of a header as one list."""
    return b",".join(value for each, value in request if each == name)
