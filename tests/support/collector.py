"""A collector of OpenTelemetry's traces, which keeps what services send to it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from tests.support.waiting import DEADLINE

SOON = {"OTEL_BSP_SCHEDULE_DELAY": "100"}  # milliseconds between two exports; 5,000 by default


class Collector:
    """Takes spans by OTLP over HTTP, and keeps them with the name of the service that sent them."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.spans: list[Span] = []
        self.services: set[str] = set()
        self._arrived = threading.Condition()

    def take(self, path: str, body: bytes) -> None:
        assert path == "/v1/traces"
        sent = ExportTraceServiceRequest.FromString(body)
        with self._arrived:
            for resource in sent.resource_spans:
                names = [each.value.string_value for each in resource.resource.attributes if each.key == "service.name"]
                self.services.update(names)
                self.spans += [span for scope in resource.scope_spans for span in scope.spans]
            self._arrived.notify_all()

    def wait_for(self, number: int) -> list[Span]:
        """Return the spans, once there are so many, in the order in which they began."""
        with self._arrived:
            assert self._arrived.wait_for(lambda: len(self.spans) >= number, timeout=DEADLINE), self.spans
            return sorted(self.spans, key=lambda span: span.start_time_unix_nano)


@contextmanager
def a_collector() -> Iterator[Collector]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            taking.take(self.path, self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_arguments: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        taking = Collector(server.server_address[1])
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        try:
            yield taking
        finally:
            server.shutdown()
