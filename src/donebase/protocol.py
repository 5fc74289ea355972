"""A client's connection: HTTP that is broken is refused in the shape of every other error, and every wait has an end.

uvicorn's protocol on httptools takes headers of any size for any time, answers what it cannot read in words of its
own, before what was asked earlier on the connection, and hangs up on requests that cross with the end of the service.
"""

import asyncio
import re
import time
from typing import Any

import httptools
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from donebase import logs
from donebase.core.errors import Fault, InvalidInput
from donebase.database import Database
from donebase.routes.headers import SECURITY, Headers, new_request_id
from donebase.routes.middleware import CROWDED, finished
from donebase.routes.problems import KINDS, problem
from donebase.settings import Settings

_ONE_READ = 2**18  # what the event loop reads at once, at most
_LINGER = 0.25
_LAST_WORDS = 1.5
_TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # RFC 9110, 5.6.2
_METHOD = re.compile(_TOKEN + rb" ")
_OTHER_VERSION = re.compile(_TOKEN + rb" [^ \r\n]+ HTTP/(?!1\.[01])[0-9]\.[0-9]\r\n")
_ABSOLUTE = re.compile(rb"https?://[^/?@]+(?:/(.*)|(\?.*)?)", re.IGNORECASE)  # RFC 9112, 3.2.2
_HOST = re.compile(rb"([A-Za-z0-9._~!$&'()*+,;=%-]*|\[[0-9A-Fa-f:.]+\])(:[0-9]*)?")  # RFC 9110, 7.2
_OWS = b" \t"
_SMALLEST_CHUNK = 6  # bytes in which one byte of a body comes
_WAIT_FOR_THEIR_BODY = ("POST", "PUT", "PATCH")

_MALFORMED = Fault("request", "must be HTTP/1.1 as RFC 9112 has it", "malformed_http")
_UNKNOWN_METHOD = Fault("method", "is not one that this service knows", "unknown_method")
_VERSION = Fault("version", "must be HTTP/1.1 or HTTP/1.0", "unsupported_version")
_NO_HOST = Fault("Host", "is required", "required")
_WRONG_HOST = Fault("Host", "must be the name or address of a host", "invalid")
_TWO_HOSTS = Fault("Host", "must be given once", "repeated")
_TOO_LARGE = Fault("headers", "are larger than this service takes", "too_large")
_TOO_SLOW = Fault("headers", "did not arrive whole in time", "too_slow")


class Connection(HttpToolsProtocol):
    """One client's connection. `state` is what the application's lifespan gave: it holds the settings."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._settings: Settings = app_state["settings"]
        self._database: Database = app_state["database"]
        self._crowded = False
        self._refused = False
        self._leaving = False
        self._in_head = True
        self._received = 0  # of this request, and never less than it is
        self._most = self._settings.max_header_bytes + _ONE_READ
        self._most_with_body = self._most + _SMALLEST_CHUNK * self._settings.max_body_bytes
        self._trailers = 0
        self._host = b""
        self._chunk_size = 0
        self._fault = _MALFORMED
        self._running: RequestResponseCycle | None = None
        self._unbegun: asyncio.Task[None] | None = None  # the work on a request that came with what is being read now
        self._head_timer: asyncio.TimerHandle | None = None
        self._send_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a first request."""
        super().connection_made(transport)
        self._crowded = len(self.connections) > self._settings.max_connections
        self._head_timer = self.loop.call_later(self._settings.header_timeout, self._head_overdue)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the client."""
        for timer in (self._head_timer, self._send_timer):
            if timer is not None:
                timer.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read what has come."""
        if self._refused:
            return
        self._unbegun = None
        while data:
            self._chunk_size = len(data)
            self._received += self._chunk_size
            try:
                self.parser.feed_data(data)
            except httptools.HttpParserUpgrade as upgrade:
                self._decline_upgrade()
                data = data[upgrade.args[0] :]
                continue
            except httptools.HttpParserInvalidMethodError:
                self._refuse(_UNKNOWN_METHOD if _METHOD.match(data) else _MALFORMED)
            except httptools.HttpParserError:
                self._refuse(_VERSION if _OTHER_VERSION.match(data) else self._fault)
            break
        if self._in_head:
            if self._received > self._most:
                self._refuse(_TOO_LARGE)
            elif self._head_timer is None:
                self._head_timer = self.loop.call_later(self._settings.header_timeout, self._head_overdue)
        elif self._received > self._most_with_body and self.cycle.more_body:
            self._refuse(_TOO_LARGE)  # the body itself is not: that is a trailer without an end

    def eof_received(self) -> bool:  # type: ignore[override]  # asyncio's own says that it may
        """Tell whether to keep the connection for answers to a client that has said all it had to say."""
        if not self._answering() or self.cycle.more_body:
            return False
        self.cycle.keep_alive = False
        return True

    def on_message_begin(self) -> None:
        """Begin a request."""
        super().on_message_begin()
        self._unset_keepalive_if_required()
        self._in_head = True
        self._received = self._chunk_size
        self._trailers = 0

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header, but for the white space behind it (RFC 9112, 5.1), and no trailer."""
        if self._in_head:
            super().on_header(name, value.rstrip(_OWS))
            return
        self._trailers += len(name) + len(value)
        if self._trailers > self._settings.max_header_bytes:
            self._fault = _TOO_LARGE
            raise ValueError(self._fault.code)

    def on_headers_complete(self) -> None:
        """Begin the work on a request whose headers are whole, and as RFC 9112 wants them."""
        fault = self._wrong_with_head()
        if fault:
            self._fault = fault
            raise ValueError(fault.code)
        self._in_head = False
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None
        if self.parser.get_http_version() == "1.0":
            self.expect_100_continue = False  # RFC 9110, 10.1.1
        if self._crowded:
            self.scope[CROWDED] = True  # type: ignore[literal-required]
        super().on_headers_complete()
        if self._leaving:
            self.cycle.keep_alive = False

    def shutdown(self) -> None:
        """Answer what is asked and end. Who has not been told yet may just be asking: they get a moment for it.

        Statements are given up on in time for an error that says so, and for PostgreSQL to be told: one that was
        left behind would be carried out when nobody is there any more.
        """
        self._leaving = True
        grace = self._settings.shutdown_grace
        self._database.end_within(grace - min(_LAST_WORDS, grace / 2))
        self.loop.call_later(grace - _LINGER, self._break_off)
        if self._answering():
            self.cycle.keep_alive = False
        else:
            self.loop.call_later(_LINGER, self._end_unless_answering)

    def pause_writing(self) -> None:
        """Begin to wait for a client that does not take its answer."""
        super().pause_writing()
        self._send_timer = self.loop.call_later(self._settings.send_timeout, self.transport.abort)

    def resume_writing(self) -> None:
        """Go on with the answer."""
        if self._send_timer is not None:
            self._send_timer.cancel()
        super().resume_writing()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._running = cycle
        task = self._unbegun = self.loop.create_task(cycle.run_asgi(app))
        task.add_done_callback(self.tasks.discard)
        self.tasks.add(task)

    def _decline_upgrade(self) -> None:
        """Go on in HTTP/1.1 (RFC 9110, 7.8). The parser takes a body for the other protocol: another one reads it."""
        framing = [header for header in self.headers if header[0] in (b"content-length", b"transfer-encoding")]
        if framing:
            self.cycle.more_body = True
            self.cycle.message_event.clear()
            self.cycle.keep_alive = False
            self.parser = httptools.HttpRequestParser(_Body(self))
            self.parser.feed_data(b"POST / HTTP/1.1\r\n%b\r\n" % _lines(framing))

    def _wrong_with_head(self) -> Fault | None:
        limit = self._settings.max_header_bytes
        if self._received > limit and len(self.url) + sum(len(n) + len(v) + 4 for n, v in self.headers) > limit:
            return _TOO_LARGE
        version = self.parser.get_http_version()
        if version not in ("1.1", "1.0"):
            return _VERSION
        hosts = [value for name, value in self.headers if name == b"host"]
        if hosts and hosts[0] != self._host and not _HOST.fullmatch(hosts[0]):
            return _WRONG_HOST
        if len(hosts) > 1:
            return _TWO_HOSTS
        if not hosts and version == "1.1":
            return _NO_HOST
        self._host = hosts[0] if hosts else b""
        codings = [value.lower() for name, value in self.headers if name == b"transfer-encoding"]
        return None if codings in ([], [b"chunked"]) and self._target_in_origin_form() else _MALFORMED

    def _target_in_origin_form(self) -> bool:
        """Bring an address as proxies are sent it to its path and query; return whether the target is one at all."""
        if not self.url.startswith((b"/", b"*")):
            absolute = _ABSOLUTE.fullmatch(self.url)
            if absolute is None:
                return False
            self.url = b"/" + (absolute[1] or absolute[2] or b"")
        return b"#" not in self.url

    def _answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _end_unless_answering(self) -> None:
        if not self._answering():
            self.transport.close()

    def _break_off(self) -> None:
        """End with a client that does not send the rest of its request, or take its answer."""
        if not self._answering() or self.cycle.more_body or self.cycle.response_started:
            self.transport.abort()

    def _head_overdue(self) -> None:
        self._head_timer = None
        if self._received and not self._answering():
            self._refuse(_TOO_SLOW)
        else:
            self._end_unless_answering()

    def _refuse(self, fault: Fault) -> None:
        """Answer that this is no request, unless that could be taken for the answer to one that came before."""
        self._refused = True
        if self._answering() and not self._called_off():
            self.cycle.keep_alive = False
            return
        if self.transport.is_closing():
            return
        if self.cycle is None or self.cycle.disconnected or not self.cycle.more_body:
            self.transport.write(self._refusal(fault))
        # Closed at once, with more still coming, the connection would be reset and the answer lost.
        self.transport.write_eof()
        self.loop.call_later(_LINGER, self.transport.close)

    def _refusal(self, fault: Fault) -> bytes:
        request_id = new_request_id()
        token = logs.request_id.set(request_id.decode())
        answer = problem(KINDS[InvalidInput], [fault])
        finished(None, None, None, answer.status_code, time.perf_counter())
        logs.request_id.reset(token)
        headers = [*self.server_state.default_headers, *answer.raw_headers, *SECURITY]
        headers += [(b"x-request-id", request_id), (b"connection", b"close")]
        return STATUS_LINE[answer.status_code] + _lines(headers) + b"\r\n" + bytes(answer.body)

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
        self.on_body = connection.on_body
        self.on_message_complete = connection.on_message_complete


def _lines(headers: Headers) -> bytes:
    return b"".join(b"%b: %b\r\n" % header for header in headers)
