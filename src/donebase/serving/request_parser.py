"""Bytes in, requests out: the parser of a connection, what a request may cost it, and what it refuses.

httptools parses HTTP/1.1. It takes headers and trailers of any size, leaves white space behind a header's value, and
takes a body behind an offer to upgrade for data of the other protocol.
"""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import httptools
from starlette.types import Scope

from donebase.core.errors import InvalidInput
from donebase.http.headers import Headers
from donebase.serving import request_head
from donebase.serving.exchange import Exchange
from donebase.serving.request_head import MALFORMED, TOO_LARGE
from donebase.settings import Settings

_ONE_READ = 2**18  # bytes that the event loop reads at once, at most
_SMALLEST_CHUNK = 6  # bytes in which one byte of a body comes
_CHECKED_NAMES = frozenset({b"connection", b"host", b"proxy-connection", b"transfer-encoding"})
_EMPTY = {"http_version": "", "method": "", "path": "", "raw_path": b"", "query_string": b"", "headers": []}
_LONGEST_KEPT = 255  # bytes of a Host header
_OWS = b" \t"

Begin = Callable[[Scope, bool], Exchange]
"""Takes the scope of a request, and whether its connection may stay open."""


class RequestParser:
    """Reads the requests of one connection.

    `scope` is what the scopes of all its requests have in common. `begin` is called with each request whose headers
    are whole, and returns the exchange that takes its body; it may raise InvalidInput.
    """

    __slots__ = (
        "_begin",
        "_body_of",
        "_checked",
        "_known",
        "_largest",
        "_largest_with_body",
        "_max_header_bytes",
        "_parser",
        "_read_size",
        "_received",
        "_scope",
        "_target",
        "_trailers",
        "headers",
        "heads",
        "in_head",
    )

    def __init__(self, settings: Settings, scope: Scope, begin: Begin) -> None:
        self._scope: dict[str, Any] = {**scope, **_EMPTY}
        self._begin = begin
        self._max_header_bytes = settings.max_header_bytes
        self._largest = settings.max_header_bytes + _ONE_READ
        self._largest_with_body = self._largest + _SMALLEST_CHUNK * settings.max_body_bytes
        self._parser = httptools.HttpRequestParser(self)
        # What follows a request that is the last one is read like any other, and is not answered.
        self._parser.set_dangerous_leniencies(lenient_data_after_close=True)
        self._read_size = 0
        self._received = 0  # of this request, and never less than it is
        self._trailers = 0
        self._target = b""
        self.headers: Headers = []
        """Those of the last request, as far as they have come."""
        self._checked: Headers = []  # those of them that the connection depends on
        self._known: Headers | None = None  # a Host that was right, and nothing else to check
        self.heads = 0
        """How many heads of requests have come whole."""
        self.in_head = True
        """Whether a head is arriving; true as well before the first byte of a connection."""
        self._body_of: Exchange | None = None  # whose body is arriving

    @property
    def has_begun(self) -> bool:
        """Whether any byte has come."""
        return self._received > 0

    @property
    def in_body(self) -> bool:
        """Whether a body is arriving."""
        return self._body_of is not None

    def feed(self, data: bytes) -> None:
        """Read what has come. Raises InvalidInput, or what was raised by `begin` or by an exchange."""
        while data:
            self._read_size = len(data)
            self._received += self._read_size
            try:
                self._parser.feed_data(data)
                break
            except httptools.HttpParserUpgrade as upgrade:
                self._decline_upgrade()
                data = data[upgrade.args[0] :]
            except httptools.HttpParserCallbackError as error:
                raise (error.__context__ or error) from None
            except httptools.HttpParserError as error:
                unknown_method = isinstance(error, httptools.HttpParserInvalidMethodError)
                raise InvalidInput([request_head.fault_of_line(data, method=unknown_method)]) from None
        if self.in_head:
            if self._received > self._largest:
                raise InvalidInput([TOO_LARGE])
        elif self._received > self._largest_with_body and self._body_of:
            raise InvalidInput([TOO_LARGE])  # this is a trailer without an end: a body is limited where it is received

    def close(self) -> None:
        """Break the circle of httptools' parser and this one: else both wait for the garbage collection."""
        del self._parser

    def on_message_begin(self) -> None:
        """Begin a request."""
        self.in_head = True
        self._received = self._read_size
        self._trailers = 0
        self._target = b""
        self.headers, self._checked = [], []

    def on_url(self, target: bytes) -> None:
        """Keep a piece of the target."""
        self._target += target

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header, but for the white space behind it (RFC 9112, 5.1), and no trailer."""
        if self.in_head:
            header = (name.lower(), value.rstrip(_OWS))
            self.headers.append(header)
            if header[0] in _CHECKED_NAMES:
                self._checked.append(header)
            return
        self._trailers += len(name) + len(value)
        if self._trailers > self._max_header_bytes:
            raise InvalidInput([TOO_LARGE])

    def on_headers_complete(self) -> None:
        """Begin a request whose headers are whole, and as they should be."""
        keep_alive = self._parser.should_keep_alive()
        most = self._max_header_bytes
        if self._received > most and request_head.size(self._target, self.headers) > most:
            raise InvalidInput([TOO_LARGE])
        # In nearly every request but the first of a connection: without a header for it, only HTTP/1.1 keeps it open.
        version = "1.1" if keep_alive and self._checked == self._known else self._checked_version()
        target = request_head.origin_form(self._target)
        if target is None:
            raise InvalidInput([MALFORMED])
        scope = self._scope.copy()
        scope["http_version"] = version
        scope["method"] = self._parser.get_method().decode("ascii")
        scope["headers"] = self.headers
        scope["state"] = scope["state"].copy()
        request_head.fill_in_target(scope, target)
        self._body_of = self._begin(scope, keep_alive and version != "1.0")
        self.in_head = False
        self.heads += 1

    def on_body(self, piece: bytes) -> None:
        """Hand on a piece of a body, but of none that follows the last request."""
        if self._body_of:
            self._body_of.add_body(piece)

    def on_message_complete(self) -> None:
        """Note the end of a body, unless it is one that comes behind an offer to upgrade."""
        if self._body_of and not self._parser.should_upgrade():
            self._body_of.end_body()
            self._body_of = None

    def _checked_version(self) -> str:
        """Return the version of a request. Raises InvalidInput for a head that is not as RFC 9112 has it."""
        version: str = self._parser.get_http_version()
        fault = request_head.fault_of(version, self._checked)
        if fault:
            raise InvalidInput([fault])
        if version == "1.1" and len(self._checked) == 1 and len(self._checked[0][1]) <= _LONGEST_KEPT:
            self._known = self._checked
        return version

    def _decline_upgrade(self) -> None:
        """Go on in HTTP/1.1 (RFC 9110, 7.8). The parser takes a body for the other protocol: another one reads it.

        The connection ends with that request, so that what follows its body need not be read.
        """
        exchange = self._body_of
        if exchange is None:
            raise InvalidInput([MALFORMED])
        framing = [header for header in self.headers if header[0] in (b"content-length", b"transfer-encoding")]
        if framing:
            exchange.keep_alive = False
            callbacks = SimpleNamespace(on_body=self.on_body, on_message_complete=self.on_message_complete)
            self._parser = httptools.HttpRequestParser(callbacks)
            lines = b"".join(b"%b: %b\r\n" % header for header in framing)
            self._parser.feed_data(b"POST / HTTP/1.1\r\n%b\r\n" % lines)
        else:
            exchange.end_body()
            self._body_of = None
