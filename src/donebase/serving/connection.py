"""A client's connection: HTTP that is broken is refused, in the shape of every other error.

uvicorn's protocol answers what it cannot read in words of its own, before what was asked earlier on the connection; it
takes headers and trailers of any size, and a body behind an offer to upgrade for another request.
"""

import asyncio
import time
from typing import Any

import httptools
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import STATUS_LINE
from uvicorn.server import ServerState

from donebase.core.errors import Fault, InvalidInput
from donebase.http.errors import InternalError
from donebase.http.headers import CLOSE, finish, new_request_id, read_id_and_origin
from donebase.http.middleware import OVER_LIMIT, record_request
from donebase.http.problems import problem
from donebase.serving.answering import header_lines
from donebase.serving.request_head import MALFORMED, TOO_LARGE, TOO_SLOW, fault_of, fault_of_line, origin_form, size
from donebase.serving.timeouts import LINGER, PatientProtocol
from donebase.telemetry import logs

_ONE_READ = 2**18  # what the event loop reads at once, at most
_MOST_WAITING = 32  # requests that came before the answer to an earlier one
_SMALLEST_CHUNK = 6  # bytes in which one byte of a body comes
_OWS = b" \t"
_WAIT_FOR_THEIR_BODY = ("POST", "PUT", "PATCH")


class _Refused(Exception):
    """What the parser calls back for does not go on: the request is refused."""


class Connection(PatientProtocol):
    """One client's connection, which takes nothing that RFC 9112 does not allow."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._refused = False
        self._in_head = True
        self._received = 0  # of this request, and never less than it is
        self._most = self._settings.max_header_bytes + _ONE_READ
        self._most_with_body = self._most + _SMALLEST_CHUNK * self._settings.max_body_bytes
        self._trailers = 0
        self._read_size = 0
        self._fault: Fault | None = None  # where it is not the parser that found it

    def data_received(self, data: bytes) -> None:
        """Read what has come. What goes wrong in here is answered like any other fault of the service."""
        if self._refused:
            return
        try:
            self._read(data)
        except Exception as error:
            self._refuse(error)

    def _read(self, data: bytes) -> None:
        self._unbegun = None
        while data:
            self._read_size = len(data)
            self._received += self._read_size
            try:
                self.parser.feed_data(data)
            except httptools.HttpParserUpgrade as upgrade:
                self._decline_upgrade()
                data = data[upgrade.args[0] :]
                continue
            except httptools.HttpParserInvalidMethodError:
                self._refuse(fault_of_line(data, method=True))
            except httptools.HttpParserError as error:
                if isinstance(error, httptools.HttpParserCallbackError) and not isinstance(error.__context__, _Refused):
                    raise
                self._refuse(self._fault or fault_of_line(data, method=False))
            break
        if self._in_head:
            if self._received > self._most:
                self._refuse(TOO_LARGE)
            else:
                self._await_head()
        elif self._received > self._most_with_body and self.cycle.more_body:
            self._refuse(TOO_LARGE)  # the body itself is not: that is a trailer without an end

    def on_message_begin(self) -> None:
        """Begin a request."""
        super().on_message_begin()
        self._unset_keepalive_if_required()
        self._in_head = True
        self._received = self._read_size
        self._trailers = 0

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header, but for the white space behind it (RFC 9112, 5.1), and no trailer."""
        if self._in_head:
            name = name.lower()
            if name == b"expect" and value.lower() == b"100-continue":
                self.expect_100_continue = True
            self.headers.append((name, value.rstrip(_OWS)))
            return
        self._trailers += len(name) + len(value)
        if self._trailers > self._settings.max_header_bytes:
            self._fault = TOO_LARGE
            raise _Refused

    def on_headers_complete(self) -> None:
        """Begin the work on a request whose headers are whole, and as they should be."""
        if len(self.pipeline) >= _MOST_WAITING:
            raise _Refused  # the connection ends with the last answer; who sent more asks again (RFC 9112, 9.3.2)
        version = self.parser.get_http_version()
        target = origin_form(self.url)
        limit = self._settings.max_header_bytes
        fault = fault_of(version, self.headers) or (MALFORMED if target is None else None)
        if self._received > limit and size(self.url, self.headers) > limit:
            fault = TOO_LARGE
        if fault or target is None:
            self._fault = fault
            raise _Refused
        self.url = target
        self._in_head = False
        if version == "1.0":
            self.expect_100_continue = False  # RFC 9110, 10.1.1
        if not self._is_served:
            self.scope[OVER_LIMIT] = True  # type: ignore[literal-required]
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Note the end of a body, of one as well that was answered before it had come."""
        super().on_message_complete()
        self.cycle.more_body = False

    def _decline_upgrade(self) -> None:
        """Go on in HTTP/1.1 (RFC 9110, 7.8). The parser takes a body for the other protocol: another one reads it."""
        framing = [header for header in self.headers if header[0] in (b"content-length", b"transfer-encoding")]
        if framing:
            self.cycle.more_body = True
            self.cycle.message_event.clear()
            self.cycle.keep_alive = False
            self.parser = httptools.HttpRequestParser(_Body(self))
            self.parser.feed_data(b"POST / HTTP/1.1\r\n%b\r\n" % header_lines(framing))

    def _head_overdue(self) -> None:
        self._head_timer = None
        if self._received and not self.answering():
            self._refuse(TOO_SLOW)
        else:
            self._end_unless_answering()

    def _refuse(self, fault: Fault | Exception) -> None:
        """Answer that this is no request, unless that could be taken for the answer to one that came before.

        An exception stands for a fault of the service.
        """
        if self._refused:
            return
        self._refused = True
        if self.answering() and not self._called_off():
            self.cycle.keep_alive = False
            if isinstance(fault, Exception):
                logs.crash("internal_error", fault)
            return
        if self.transport.is_closing():
            return
        if self.cycle is None or self.cycle.disconnected or not self.cycle.more_body:
            self.transport.write(self._refusal(fault))
        # Closed at once, with more still coming, the connection would be reset and the answer lost.
        self.transport.write_eof()
        self.loop.call_later(LINGER, self.transport.close)

    def _refusal(self, fault: Fault | Exception) -> bytes:
        """Return a whole answer, logged and counted like any other: here, or where the application has begun, there."""
        begun = self.cycle is not None and self.cycle.disconnected
        request_id = read_id_and_origin(dict(self.scope))[0] if begun else new_request_id()
        token = logs.request_id.set(request_id.decode())
        if isinstance(fault, Exception):
            logs.crash("internal_error", fault)
            answer = problem(InternalError())
        else:
            answer = problem(InvalidInput([fault]))
        if not begun or self._unbegun is not None:
            record_request(None, None, None, answer.status_code, time.perf_counter())
        logs.request_id.reset(token)
        headers = [*self.server_state.default_headers, *finish([*answer.raw_headers, CLOSE], request_id)]
        return STATUS_LINE[answer.status_code] + header_lines(headers) + b"\r\n" + bytes(answer.body)

    def _called_off(self) -> bool:
        """Call off the last request if its body is what is broken, and tell whether it was the only one."""
        if not self.cycle.more_body:
            return False
        if self.pipeline:
            self.pipeline.popleft()
            self.cycle = self.pipeline[0][0] if self.pipeline else self._running  # type: ignore[assignment]
            return False
        if self._unbegun is not None:
            self._unbegun.cancel()
        elif self.cycle.response_started or self.scope["method"] not in _WAIT_FOR_THEIR_BODY:
            return False
        self.cycle.disconnected = True
        self.cycle.message_event.set()
        return True


class _Body:
    """What a parser tells a connection of a body, without what came before it."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.on_message_complete = connection.on_message_complete

    def on_body(self, body: bytes) -> None:
        """Hand on a part of the body, but of nothing that follows it."""
        if self._connection.cycle.more_body:
            self._connection.on_body(body)
