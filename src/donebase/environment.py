"""The environment of child processes: what donebase's own workers and PostgreSQL's programs find there."""

import os

from donebase.settings import Settings


def export(settings: Settings, **more: str) -> None:
    """Put `more`, and the settings that libraries read from the environment, into it: they may be from `.env`."""
    os.environ |= more
    if settings.otel_exporter_otlp_endpoint:
        os.environ["OTEL_EXPORTER_OTLP_ENDPOINT"] = settings.otel_exporter_otlp_endpoint
    if settings.otel_exporter_otlp_traces_endpoint:
        os.environ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"] = settings.otel_exporter_otlp_traces_endpoint
    os.environ.setdefault("OTEL_SERVICE_NAME", "donebase")


def exported(name: str) -> str:
    """Return the value of a variable that the parent process has passed on with `export`."""
    return os.environ[name]


def program_environment(*, libpq: bool = False) -> dict[str, str]:
    """Return this environment for one of PostgreSQL's programs, without the variables PG… of libpq and the server.

    `libpq` keeps them: PGPASSFILE and others then apply to the parts that a URL does not contain.
    """
    return {name: value for name, value in os.environ.items() if libpq or not name.startswith("PG")}
