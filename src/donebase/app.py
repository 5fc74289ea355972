"""Composes the service: settings, a database and the routes become one ASGI application."""

import asyncio
import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from starlette.datastructures import State
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.types import ASGIApp

from donebase import __version__
from donebase.accounts.access_tokens import AccessTokens
from donebase.accounts.authenticator import Authenticator
from donebase.accounts.deletion import Deletions
from donebase.accounts.passwords import Passwords
from donebase.core.database import Database
from donebase.core.errors import DatabaseFailed, DonebaseError, Overloaded
from donebase.core.feed import ChangeFeed
from donebase.http import exception_handlers, openapi
from donebase.http.bytes_response import JSON, encoded
from donebase.http.event_stream import change_event
from donebase.http.headers import common_headers
from donebase.http.middleware import ErrorBoundary, TracedRequestId
from donebase.http.open_streams import EventStreams
from donebase.http.operation import OperationTable
from donebase.http.preflight import Preflights
from donebase.http.static_files import FRESH, StaticFile
from donebase.loading import loaded_once
from donebase.maintenance import start_maintenance
from donebase.postgres.database import PostgresDatabase
from donebase.routes import every_route, families_for
from donebase.serving.connection_limit import ConnectionLimit
from donebase.serving.first_requests import FirstRequests
from donebase.settings import Settings
from donebase.telemetry import logs, metrics
from donebase.telemetry.worker_counts import WorkerCounts


def create_app(settings: Settings, database: Database | None = None) -> FastAPI:
    """Return the service for these settings, which must name a database. Two can live in one process.

    `database` takes the place of the PostgreSQL of the settings. Raises Unsupported where a route has a parameter or a
    dependency of a kind that is not supported.
    """
    app = _described(settings)
    state = app.state
    state.settings = settings
    state.common_headers = common_headers(settings.cors_origins)
    state.database = database or PostgresDatabase(settings)
    state.authenticator = state.deletions = state.other_issuer = None
    if settings.auth == "required":
        _set_up_accounts(state, settings)
    state.feed = ChangeFeed(state.database, change_event, _report_feed)
    state.event_streams = EventStreams(state.feed, state.authenticator and state.authenticator.watches)
    state.worker_counts = WorkerCounts(lambda: _counts(app)) if settings.workers > 1 else None
    state.exposition = lambda: _exposition(app)
    app.openapi = lambda: openapi.document(app)  # type: ignore[method-assign]
    state.document = loaded_once(lambda: StaticFile(encoded(app.openapi()), JSON[1], [FRESH]))  # 0.4 s
    state.operations = OperationTable(app.routes, state)
    return app


def _described(settings: Settings) -> FastAPI:
    """Return an app with its routes and its description, and nothing behind them."""
    families = families_for(settings)
    return FastAPI(
        title="donebase",
        version=__version__,
        summary="A backend for to-do lists: an HTTP API that stores tasks in PostgreSQL.",
        description="Several families of addresses serve the same tasks. They differ in how they name the owner of a "
        "task, and one in its protocol.",
        openapi_tags=[
            {"name": each.tag or each.name, "description": each.description} for each in families if each.description
        ],
        contact={"name": "donebase", "url": "https://github.com/donebase/donebase"},
        license_info={"name": "MIT", "identifier": "MIT"},
        routes=[*every_route(families)],
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=_lifespan,
        telemetry={
            "auto_configure": settings.traces,
            "tracing": settings.traces,
            "operation_spans": False,
            "metrics": False,  # /metrics has them
            "logs": False,  # exceptions' messages could hold what was sent
        },
        middleware=[Middleware(TracedRequestId)] if settings.traces else [],
        exception_handlers={
            HTTPException: exception_handlers.http_error,
            Exception: exception_handlers.internal_error,
        },
    )


def _set_up_accounts(state: State, settings: Settings) -> None:
    """Add to the state of an app what verifies tokens and passwords, and what deletes users."""
    from donebase.accounts.issuer import Issuer  # PyJWT, which a service that asks nobody does without

    state.access_tokens = AccessTokens(state.database)
    state.other_issuer = Issuer(settings) if settings.auth_jwt_secret or settings.auth_jwks_url else None
    # A quarter: where the database does not answer, the wait for a turn and DATABASE_TIMEOUT stay below 10 seconds.
    state.passwords = Passwords(settings.database_pool_wait / 4)
    state.authenticator = Authenticator(state.database, state.access_tokens, state.other_issuer)
    state.deletions = Deletions(state.database, state.authenticator.forget_user)


def _report_feed(failure: Exception | None) -> None:
    if failure is None:
        logs.info("events.resumed")
    elif not isinstance(failure, DonebaseError):
        logs.crash("events.interrupted", failure)
    else:
        logs.warning("events.interrupted", cause=str(failure))


def _exposition(app: FastAPI) -> bytes:
    from donebase.telemetry.exposition import exposition  # prometheus_client, which a start does without

    workers: WorkerCounts | None = app.state.worker_counts
    return exposition(workers.total() if workers else _counts(app), several=workers is not None)


def _counts(app: FastAPI) -> metrics.Counts:
    return metrics.counts(app.state.database.pool_state())


def create_service(settings: Settings) -> ASGIApp:
    """Return what a server serves for these settings."""
    return with_middleware(create_app(settings))


def with_middleware(app: FastAPI) -> ASGIApp:
    """Return the service around an app of `create_app`.

    Spans are FastAPI's: with traces, every request goes through its stack.
    """
    settings: Settings = app.state.settings
    service = Preflights(app, settings.cors_origins)
    changed = app.state.feed.notify
    return ErrorBoundary(service, app.state.operations, app.state.common_headers, changed, traced=settings.traces)


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[dict[str, Any]]:
    database: PostgresDatabase = app.state.database
    try:
        await database.open(log_connected=False)  # `serve` has done so, once for all workers
    except (DatabaseFailed, Overloaded) as failure:
        logs.warning("database.unreachable", cause=str(failure))
    # What exists now is never garbage: the collector need not examine it again (p99 with it 45 ms, without 9 ms). To
    # collect first takes a twentieth of a start and frees nothing that shows.
    gc.freeze()
    gc.enable()
    settings = app.state.settings
    state = app.state
    maintenance = start_maintenance(
        database, state.worker_counts, settings.history_days, state.authenticator, state.deletions
    )
    other_issuer = app.state.other_issuer
    if other_issuer:
        other_issuer.start()
    connection_limit = ConnectionLimit(settings)
    yield {
        "settings": settings,
        "common_headers": app.state.common_headers,
        "connection_limit": connection_limit,
        "first_requests": FirstRequests(),
        "end_streams": app.state.event_streams.stop,
        "end_statements_within": database.end_within,
    }
    for task in maintenance:
        task.cancel()
    if connection_limit.cut_off:
        logs.warning("shutdown_grace.exceeded", connections=connection_limit.cut_off)
    await asyncio.wait(maintenance)
    if other_issuer:
        await other_issuer.close()
    await database.close()
    if app.state.worker_counts:
        app.state.worker_counts.save()
    logs.flush()  # a worker ends by the signal that stopped it: nothing runs at its exit
