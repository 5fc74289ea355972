"""The process that serves: its socket, its signals, its worker processes, and the order in which they come and go."""

import asyncio
import errno
import os
import signal
import socket
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from types import FrameType
from typing import NoReturn
from urllib.parse import urlsplit

import uvicorn
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess

from donebase import logs
from donebase.app import create_service
from donebase.core.errors import DatabaseFailed, SchemaMismatch
from donebase.database import Database
from donebase.embedded import postgresql
from donebase.settings import Settings, WrongSetting

_BACKLOG = 2048
_WORKER_START = 30.0
_STOP = (signal.SIGTERM, signal.SIGINT)


def serve(settings: Settings) -> bool:
    """Serve until a signal says to stop, and return whether serving began.

    What is in flight then is finished, for SHUTDOWN_GRACE seconds at most. Raises WrongSetting and SchemaMismatch
    before anything is served.
    """
    for each in _STOP:
        signal.signal(each, _leave)
    with ExitStack() as stack:
        listener = stack.enter_context(_listener(settings))
        embedded = settings.database_url is None
        if embedded:
            settings = settings.on(stack.enter_context(postgresql(settings.data_dir)))
        asyncio.run(_prepare_tables(settings, embedded))
        address = _address(listener)
        data = str(settings.data_dir) if embedded else _place(settings)
        announce = partial(logs.info, "listening", address=address, documentation=f"{address}/docs", data=data)
        return _run(settings, listener, announce)


def _listener(settings: Settings) -> socket.socket:
    """Take the address before anything else is started. Raises WrongSetting where it cannot be had."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        return socket.create_server((settings.host, settings.port), family=family, backlog=_BACKLOG)
    except OSError as failure:
        if failure.errno in (errno.EADDRINUSE, errno.EACCES):
            reason = os.strerror(failure.errno)
            raise WrongSetting(f"PORT must be one that is free: {settings.port} on {settings.host}: {reason}") from None
        raise WrongSetting(f"HOST {Settings.model_fields['host'].description}") from None


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _place(settings: Settings) -> str:
    assert settings.database_url
    parts = urlsplit(settings.database_url.get_secret_value())
    return f"postgresql://{parts.netloc.rpartition('@')[2]}{parts.path}"


async def _prepare_tables(settings: Settings, embedded: bool) -> None:
    """Refuse tables of another version, but bring up those that are donebase's own to keep."""
    database = Database(settings)
    try:
        await database.open()
    except DatabaseFailed:
        pass  # it may come later; the service says so itself as it starts
    except SchemaMismatch:
        if not embedded:
            raise
        from donebase.migrations import migrate  # Alembic takes a while to import, and is needed once in a release

        await migrate(settings)
    finally:
        await database.close()


def _run(settings: Settings, listener: socket.socket, announce: Callable[[], None]) -> bool:
    several = settings.workers > 1
    config = uvicorn.Config(
        "donebase.app:from_environment" if several else create_service(settings),
        factory=several,
        workers=settings.workers,
        backlog=_BACKLOG,
        lifespan="on",
        ws="none",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        # Longer than the 60 s for which nginx keeps an idle connection, so that never the service closes it first.
        timeout_keep_alive=75,
        timeout_graceful_shutdown=settings.shutdown_grace,
    )
    if several:
        settings.export()
        listener.set_inheritable(True)
        supervisor = _Supervisor(config, [listener], announce)
        supervisor.run()
        return all(worker.exitcode != STARTUP_FAILURE for worker in supervisor.processes)
    server = _Server(config, announce)
    server.run([listener])
    return server.started


class _Server(uvicorn.Server):
    """Says that it listens once it does."""

    def __init__(self, config: uvicorn.Config, announce: Callable[[], None]) -> None:
        super().__init__(config)
        self._announce = announce

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._announce()


class _Supervisor(Multiprocess):
    """Says that it listens once all of its workers do."""

    def __init__(self, config: uvicorn.Config, sockets: list[socket.socket], announce: Callable[[], None]) -> None:
        super().__init__(config, sockets)
        self._announce = announce

    def init_processes(self) -> None:
        super().init_processes()
        if all(worker.wait_until_ready(_WORKER_START) for worker in self.processes):
            self._announce()


def _leave(_signal: int, _frame: FrameType | None) -> NoReturn:
    for each in _STOP:
        signal.signal(each, signal.SIG_IGN)  # said once is enough: what is being stopped is stopped in order
    raise SystemExit(0)
