"""Traces, as a collector of OpenTelemetry gets them: one span for the request and one for its statement."""

import secrets
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from tests.support.collector import SOON, Collector, a_collector
from tests.support.families import FAMILIES, USERS, Family
from tests.support.processes import Service
from tests.support.servers import free_port
from tests.support.tokens import SECRET, bearer

PRIVATE = "Nobody else's business"


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
        client.get(f"/users/{alice}/tasks", params={"q": PRIVATE.split()[0]}).raise_for_status()
        spans = collector.wait_for(8)
    for family, request, statement in zip(FAMILIES, spans[:6:2], spans[1:6:2], strict=True):
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
    for private in (*PRIVATE.split(), str(alice)):
        assert private not in str(spans)


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


def test_a_token_is_asked_for_with_traces_as_without_and_no_span_says_whose(
    collector: Collector, database_url: str, folder: Path
) -> None:
    """With traces, each request goes through the router of Starlette."""
    settings = {"AUTH": "required", "AUTH_JWT_SECRET": SECRET, "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, **SOON}
    subject, another = f"ann-{secrets.token_hex(8)}@example.com", f"ben-{secrets.token_hex(8)}"
    with (
        Service(folder, DATABASE_URL=database_url, **settings) as service,
        httpx.Client(base_url=service.ready().address) as client,
    ):
        tasks, headers = f"/users/{subject.replace('@', '%40')}/tasks", bearer(subject)
        created = client.post(tasks, json={"title": "x"}, headers=headers)
        assert created.status_code == 201
        assert client.get(created.headers["location"], headers=headers).json() == created.json()
        for method in ("GET", "POST", "DELETE"):
            for path in (tasks, "/api/v1/tasks", "/todo-backend/me"):
                assert client.request(method, path).status_code == 401
            for path in (tasks, f"/users/{created.json()['user_id']}/tasks"):
                assert client.request(method, path, headers=bearer(another)).status_code == 403
        spans = str(collector.wait_for(23))
    for private in (subject, another, subject.partition("@")[0], headers["Authorization"].rpartition(".")[2]):
        assert private not in spans
        assert private not in str(service.lines)
