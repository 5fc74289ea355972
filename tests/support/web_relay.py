"""A network between a browser and a service: it can be cut, lose answers, and answer by itself."""

import http.client
import socket
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Asked:
    """A request that came by."""

    method: str
    path: str
    key: str | None
    version: str | None
    body: bytes

    @property
    def writes(self) -> bool:
        """Whether it is a write of the page."""
        return self.key is not None


@dataclass(frozen=True)
class Said:
    """What the network says in place of the service."""

    status: int
    body: str
    headers: dict[str, str] = field(default_factory=dict)


PORTAL = Said(200, "<!doctype html><title>Welcome</title>Please pay.", {"Content-Type": "text/html"})
BAD_GATEWAY = Said(502, "<h1>502 Bad Gateway</h1>", {"Content-Type": "text/html"})
FAULT = Said(
    500, '{"status": 500, "code": "INTERNAL_ERROR", "detail": "Oops."}', {"Content-Type": "application/problem+json"}
)
BUSY = Said(
    503, '{"status": 503, "code": "OVERLOADED"}', {"Content-Type": "application/problem+json", "Retry-After": "1"}
)
LOST = Said(0, "the answer does not come back")
CUT = Said(0, "the request does not arrive")

Rule = Callable[[Asked], Said | None]


class WebRelay:
    """Passes on what `rule` says nothing about. `address` is the service's, by way of the network."""

    def __init__(self, to: str) -> None:
        self.to = to
        self.address = ""
        self.asked: list[Asked] = []
        self.rule: Rule = lambda _asked: None
        self.sockets: set[socket.socket] = set()
        self.streaming: set[socket.socket] = set()

    def cut(self) -> None:
        """Break every connection, and let no request through until `rule` is another."""
        self.rule = lambda _asked: CUT
        for each in list(self.sockets):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def restore(self) -> None:
        """Pass on everything again."""
        self.rule = lambda _asked: None

    @property
    def streams(self) -> int:
        """How many streams of changes are open."""
        return len(self.streaming)

    def writes(self) -> list[Asked]:
        """Return the writes that came by, in order."""
        return [asked for asked in self.asked if asked.writes]


@contextmanager
def web_relay(to: str) -> Iterator[WebRelay]:
    """Start a network to an address, and yield it."""
    relay = WebRelay(to)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_arguments: object) -> None: ...

        def handle(self) -> None:
            with suppress(OSError):
                super().handle()

        def _any(self) -> None:
            self.close_connection = True
            relay.sockets.add(self.connection)
            try:
                with suppress(OSError, http.client.HTTPException):
                    self._relay()
            finally:
                relay.sockets.discard(self.connection)

        def _relay(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            key, version = self.headers.get("Idempotency-Key"), self.headers.get("If-Match")
            asked = Asked(self.command, self.path, key, version, body)
            relay.asked.append(asked)
            said = relay.rule(asked)
            if said is CUT:
                return
            if said and said is not LOST:
                self._send(said.status, [*said.headers.items()], said.body.encode())
                return
            parts = urlsplit(relay.to)
            service = http.client.HTTPConnection(parts.hostname or "", parts.port)
            with closing(service):
                service.request(self.command, self.path, body or None, dict(self.headers.items()))
                line = service.sock
                with service.getresponse() as response:
                    Thread(target=self._end_with_the_browser, args=(line,), daemon=True).start()
                    self._answer(said, response)

        def _end_with_the_browser(self, line: socket.socket) -> None:
            with suppress(OSError):
                self.connection.recv(1)  # it says nothing more: this is its end, or its reset
            with suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)

        def _answer(self, said: Said | None, response: http.client.HTTPResponse) -> None:
            if said is LOST:
                response.read()
            elif "/events" in self.path and response.status == 200:
                self._stream(response)
            else:
                self._send(response.status, response.getheaders(), response.read())

        def _send(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
            self.send_response_only(status)
            for name, value in headers:
                if name.lower() not in ("connection", "content-length", "transfer-encoding"):
                    self.send_header(name, value)
            if status != 304:
                self.send_header("Content-Length", str(len(body)))
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(body)

        def _stream(self, response: http.client.HTTPResponse) -> None:
            self.send_response_only(200)
            self.send_header("Content-Type", response.headers["Content-Type"])
            self.send_header("Connection", "close")
            self.end_headers()
            relay.streaming.add(self.connection)
            try:
                while piece := response.read1(65536):
                    self.wfile.write(piece)
                    self.wfile.flush()
            finally:
                relay.streaming.discard(self.connection)

        do_GET = do_POST = do_PATCH = do_DELETE = do_PUT = do_HEAD = _any  # noqa: N815 - the names that are called

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        relay.address = f"http://127.0.0.1:{server.server_port}"
        thread = Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield relay
        finally:
            relay.cut()
            server.shutdown()
            thread.join()
