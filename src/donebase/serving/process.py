"""What `donebase serve` does: opens the listener, then the database, then starts the processes that serve."""

import asyncio
import errno
import os
import signal
import socket
import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from ipaddress import ip_address

from donebase import __version__
from donebase.core.errors import DatabaseFailed, Overloaded, SchemaMismatch
from donebase.environment import export
from donebase.postgres.database import OPEN_TIMEOUT, PostgresDatabase
from donebase.postgres.embedded import postgresql
from donebase.serving.connection_limit import BACKLOG, fit_into_file_limit
from donebase.settings import Settings, WrongSetting
from donebase.signals import exit_on_signals, ignore_signals
from donebase.telemetry import logs
from donebase.telemetry.tracing import require_exporter
from donebase.telemetry.worker_counts import FOLDER_VARIABLE, folder_of_workers

_EMBEDDED_OPEN = 30.0  # it has just started, and has all its tables made if this finds none


def serve(settings: Settings, service: str) -> bool:
    """Serve until a signal says to stop, and return whether serving began.

    `service` is the import string, "module:function", of what returns the ASGI application for the settings: it is
    imported only in the processes that serve.
    Requests in progress then have SHUTDOWN_GRACE seconds to finish. Raises WrongSetting and SchemaMismatch before
    anything is served.
    """
    exit_on_signals(0)
    if settings.traces:
        require_exporter(settings)
    settings = fit_into_file_limit(settings)
    shutdown = _Shutdown(settings.shutdown_grace)
    with ExitStack() as stack:
        stack.callback(shutdown.end)
        listener = stack.enter_context(_listener(settings))
        embedded = settings.database_url is None
        if embedded:
            settings = settings.on(stack.enter_context(postgresql(settings.data_dir)))
        asyncio.run(_prepare_tables(settings, embedded))
        address = _address(listener)
        data = str(settings.data_dir) if embedded else settings.address().without_secrets()
        _say_who_is_asked(settings, listener)
        return _run(settings, service, listener, partial(_announce, address, data), shutdown.begin)


def _listener(settings: Settings) -> socket.socket:
    """Return a socket that listens on HOST and PORT. Raises WrongSetting if that is not possible."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        return socket.create_server((settings.host, settings.port), family=family, backlog=BACKLOG)
    except OSError as failure:
        if failure.errno in (errno.EADDRINUSE, errno.EACCES):
            reason = os.strerror(failure.errno)
            raise WrongSetting(f"PORT {settings.port} on {settings.host} is not available: {reason}") from None
        raise WrongSetting(f"HOST {Settings.model_fields['host'].description}") from None


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


async def _prepare_tables(settings: Settings, embedded: bool) -> None:
    """Refuse tables of another version; those of the embedded PostgreSQL are upgraded."""
    database = PostgresDatabase(settings)
    try:
        await database.open(_EMBEDDED_OPEN if embedded else OPEN_TIMEOUT)
    except (DatabaseFailed, Overloaded):
        if embedded:
            raise
        # It may come later; the service says so itself as it starts.
    except SchemaMismatch:
        if not embedded:
            raise
        from donebase.postgres.migrations import (
            migrate,  # Alembic takes a while to import, and is needed once in a release
        )

        await migrate(settings)
        await database.open()
    finally:
        await database.close()


def _say_who_is_asked(settings: Settings, listener: socket.socket) -> None:
    """Log that nobody is asked who they are, if so: as a warning where other machines can connect."""
    host = listener.getsockname()[0]
    if settings.auth == "required":
        return
    if ip_address(host).is_loopback:
        logs.info("auth.open", cause="AUTH is open: clients on this machine are not asked who they are")
    else:
        logs.warning(
            "open_to_network",
            cause=f"{host} can be reached from other machines, and AUTH is open: nobody is asked who they are",
            advice="anyone who can connect can read and change every task: set AUTH=required, allow only trusted "
            "networks, or put a proxy that authenticates in front",
        )


def _announce(address: str, data: str) -> None:
    headline = f"donebase {__version__} is ready. Press Ctrl-C to stop it."
    logs.announce("listening", headline, address=address, documentation=f"{address}/docs", data=data)


class _Shutdown:
    """Logs when the graceful shutdown begins, and when everything has stopped."""

    def __init__(self, grace: float) -> None:
        self._grace = grace
        self._began: float | None = None

    def begin(self, number: int) -> None:
        self._began = time.monotonic()
        logs.info("stopping", signal=signal.Signals(number).name, grace=self._grace)

    def end(self) -> None:
        if self._began is not None:
            logs.info("stopped", seconds=round(time.monotonic() - self._began, 1))


def _run(
    settings: Settings,
    service: str,
    listener: socket.socket,
    announce: Callable[[], None],
    stopping: Callable[[int], None],
) -> bool:
    if settings.workers == 1:
        export(settings)
        from donebase.serving.http_server import serve_http  # FastAPI and uvicorn, which a supervisor does without

        return serve_http(settings, service, listener, announce, stopping=stopping)
    from donebase.serving.supervisor import Supervisor  # one process does without

    with folder_of_workers() as folder:
        export(settings, **{FOLDER_VARIABLE: folder})
        served = Supervisor(settings, service, listener, announce, stopping).run()
        ignore_signals()
        return served
