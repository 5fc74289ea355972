"""A span of OpenTelemetry for each statement; FastAPI makes the one of the request around it.

OpenTelemetry is imported only where traces are on.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from donebase import __version__
from donebase.settings import Settings, WrongSetting

_REMOVED = "REDACTED"  # as FastAPI calls it; an attribute cannot be removed again
Run = Callable[[str, Sequence[Any]], Awaitable[Any]]


def require_exporter(settings: Settings) -> None:
    """Raise WrongSetting if the exporter of spans is not installed: FastAPI would only log a warning."""
    try:
        import opentelemetry.exporter.otlp.proto.http.trace_exporter
        import opentelemetry.sdk.trace.export  # noqa: F401
    except ImportError:
        traces = "TRACES_" if settings.otel_exporter_otlp_traces_endpoint else ""
        raise WrongSetting(
            f"OTEL_EXPORTER_OTLP_{traces}ENDPOINT is set, but the OpenTelemetry exporter is not installed: "
            "pip install 'donebase[telemetry]'"
        ) from None


def traced(run: Run) -> Run:
    """Return what runs a statement, with a span around it: its SQL, whose values are parameters and stay out of it.

    Names are those of OpenTelemetry's semantic conventions for database client spans.
    """
    from opentelemetry import trace

    tracer = trace.get_tracer("donebase", __version__)

    async def run_traced(sql: str, arguments: Sequence[Any]) -> Any:
        attributes = {"db.system.name": "postgresql", "db.query.text": sql}
        with tracer.start_as_current_span(
            "statement",
            kind=trace.SpanKind.CLIENT,
            attributes=attributes,
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            try:
                return await run(sql, arguments)
            except BaseException as failure:
                span.set_attribute("error.type", type(failure).__name__)
                span.set_status(trace.StatusCode.ERROR)  # without the driver's words, which can hold values
                raise

    return run_traced


def name_request(request_id: str, *, has_query: bool) -> None:
    """Put the id of a request on its span, and take off what FastAPI has put there of its address.

    A path can name a person, and a query can hold what a person searches for. The route stays.
    """
    from opentelemetry import trace

    address = {"url.path": _REMOVED} | ({"url.query": _REMOVED} if has_query else {})
    trace.get_current_span().set_attributes({"donebase.request_id": request_id, **address})
