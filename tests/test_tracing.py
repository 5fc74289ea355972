"""Traces, as a collector of OpenTelemetry gets them: one span for the request and one for its statement."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from tests.support.families import FAMILIES, USERS, Family
from tests.support.processes import Service
from tests.support.servers import free_port
from tests.support.waiting import DEADLINE

PRIVATE = "Nobody else's business"
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


@pytest.fixture
def collector() -> Iterator[Collector]:
    with a_collector() as collector:
        yield collector


def attributes(span: Span) -> dict[str, str | int]:
    return {each.key: each.value.string_value or each.value.int_value for each in span.attributes}


def test_a_request_is_a_span_and_its_statement_another(
    collector: Collector, database_url: str, folder: Path, alice: int
) -> None:
    where = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, **SOON}
    with (
        Service(folder, DATABASE_URL=database_url, **where) as service,
        httpx.Client(base_url=service.ready().address) as client,
    ):
        for family in FAMILIES:
            family.created(client, alice, title=PRIVATE)
        spans = collector.wait_for(6)
    for family, request, statement in zip(FAMILIES, spans[::2], spans[1::2], strict=True):
        _is_the_span_of_a_create(family, request)
        assert statement.parent_span_id == request.span_id
        assert statement.trace_id == request.trace_id
        assert statement.kind == Span.SPAN_KIND_CLIENT
        found = attributes(statement)
        assert found["db.system.name"] == "postgresql"
        assert "INSERT INTO tasks" in str(found["db.query.text"])
        assert request.start_time_unix_nano <= statement.start_time_unix_nano
        assert statement.end_time_unix_nano <= request.end_time_unix_nano
    assert collector.services == {"donebase"}
    assert PRIVATE not in str(spans)


def _is_the_span_of_a_create(family: Family, span: Span) -> None:
    assert span.name == f"POST {family.tasks}"
    assert span.kind == Span.SPAN_KIND_SERVER
    found = attributes(span)
    assert (found["http.request.method"], found["http.route"]) == ("POST", family.tasks)
    assert found["http.response.status_code"] == 201


def test_an_address_is_redirected_and_its_preflight_answered(
    collector: Collector, database_url: str, folder: Path, alice: int
) -> None:
    """Starlette's router finds every request here, and no table in front of it."""
    asked = {"Origin": "http://localhost:3000", "Access-Control-Request-Method": "POST"}
    where = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, **SOON}
    with (
        Service(folder, DATABASE_URL=database_url, **where) as service,
        httpx.Client(base_url=service.ready().address) as client,
    ):
        for family in FAMILIES:
            slashed = f"{family.address(alice)}/?a=b"
            assert client.options(slashed, headers=asked).status_code == 200
            response = client.post(slashed, json=family.body(alice, title="Buy milk"))
            assert (response.status_code, response.headers["location"]) == (307, f"{family.address(alice)}?a=b")
            assert client.get(f"/{family.address(alice)}/").status_code == 404
        assert client.get("/").headers["location"] == "/docs"
        assert client.get(USERS.address(alice)).json() == []


def test_a_trace_goes_on_where_the_client_began_it(
    collector: Collector, database_url: str, folder: Path, alice: int
) -> None:
    where = {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": f"{collector.url}/v1/traces", **SOON}
    trace_id, parent = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
    headers = {"traceparent": f"00-{trace_id}-{parent}-01", "X-Request-ID": "shop-42"}
    with Service(folder, DATABASE_URL=database_url, **where) as service:
        assert httpx.get(service.ready().address + USERS.address(alice), headers=headers).status_code == 200
        request, statement = collector.wait_for(2)
        service.wait_for("request", request_id="shop-42")
    assert {request.trace_id.hex(), statement.trace_id.hex()} == {trace_id}
    assert request.parent_span_id.hex() == parent
    assert attributes(request)["donebase.request_id"] == "shop-42"


def test_a_statement_that_fails_is_an_error_in_the_trace(collector: Collector, folder: Path, alice: int) -> None:
    nobody = f"postgresql://127.0.0.1:{free_port()}/nothing"
    with Service(folder, DATABASE_URL=nobody, OTEL_EXPORTER_OTLP_ENDPOINT=collector.url, **SOON) as service:
        assert httpx.get(service.ready().address + USERS.address(alice)).status_code == 500
        request, statement = collector.wait_for(2)
    assert request.status.code == statement.status.code == Status.STATUS_CODE_ERROR
    assert attributes(statement)["error.type"] == "ConnectionRefusedError"
    assert not statement.events


@pytest.mark.long
def test_a_collector_that_is_away_costs_no_request(database_url: str, folder: Path, alice: int) -> None:
    """Not a request, and not the end of the service in its time either."""
    nowhere = f"http://127.0.0.1:{free_port()}"
    away = {"OTEL_EXPORTER_OTLP_ENDPOINT": nowhere, "OTEL_EXPORTER_OTLP_TIMEOUT": "2", **SOON}
    with Service(folder, DATABASE_URL=database_url, SHUTDOWN_GRACE="1", **away) as service:
        with httpx.Client(base_url=service.ready().address) as client:
            for _ in range(20):
                USERS.created(client, alice)
        assert service.stop() == 0
    assert not [line for line in service.lines if line["event"] == "internal_error"]
