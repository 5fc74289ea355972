"""The process that serves: its socket, its signals, its worker processes, and the order in which they come and go."""

import asyncio
import errno
import multiprocessing
import os
import signal
import socket
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from tempfile import TemporaryDirectory
from types import FrameType
from typing import NoReturn

import uvicorn
from prometheus_client.multiprocess import mark_process_dead
from starlette.types import ASGIApp
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess

from donebase import logs
from donebase.app import create_service
from donebase.connections import fit_into_file_limit
from donebase.core.errors import DatabaseFailed, Overloaded, SchemaMismatch
from donebase.database import OPEN_TIMEOUT, Database
from donebase.embedded import postgresql
from donebase.protocol import Connection
from donebase.settings import Settings, WrongSetting

_BACKLOG = 2048
_WORKER_START = 30.0
_EMBEDDED_OPEN = 30.0  # it has just started, and has all its tables made if this finds none
_STOP = (signal.SIGTERM, signal.SIGINT)


def serve(settings: Settings) -> bool:
    """Serve until a signal says to stop, and return whether serving began.

    What is in flight then is finished, for SHUTDOWN_GRACE seconds at most. Raises WrongSetting and SchemaMismatch
    before anything is served.
    """
    for each in _STOP:
        signal.signal(each, _leave)
    settings = fit_into_file_limit(settings)
    with ExitStack() as stack:
        listener = stack.enter_context(_listener(settings))
        embedded = settings.database_url is None
        if embedded:
            settings = settings.on(stack.enter_context(postgresql(settings.data_dir)))
        asyncio.run(_prepare_tables(settings, embedded))
        address = _address(listener)
        data = str(settings.data_dir) if embedded else settings.address().without_secrets()
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
            raise WrongSetting(f"PORT {settings.port} on {settings.host} is not available: {reason}") from None
        raise WrongSetting(f"HOST {Settings.model_fields['host'].description}") from None


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


async def _prepare_tables(settings: Settings, embedded: bool) -> None:
    """Refuse tables of another version, but bring up those that are donebase's own to keep."""
    database = Database(settings)
    try:
        await database.open(_EMBEDDED_OPEN if embedded else OPEN_TIMEOUT)
    except (DatabaseFailed, Overloaded):
        if embedded:
            raise
        # It may come later; the service says so itself as it starts.
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
        "donebase.server:worker" if several else create_service(settings),
        factory=several,
        workers=settings.workers,
        backlog=_BACKLOG,
        lifespan="on",
        http=Connection,
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
        with TemporaryDirectory(prefix="donebase-metrics-") as folder:
            settings.export(PROMETHEUS_MULTIPROC_DIR=folder)
            listener.set_inheritable(True)
            supervisor = _Supervisor(config, [listener], announce)
            supervisor.run()
        return all(worker.exitcode != STARTUP_FAILURE for worker in supervisor.processes)
    settings.export()
    server = _Server(config, announce)
    server.run([listener])
    return server.started


def worker() -> ASGIApp:
    """Return the service for the settings of the environment: what each of several worker processes calls."""
    settings = Settings.read()
    logs.configure(settings.log_format)
    parent = multiprocessing.parent_process()
    assert parent
    asyncio.get_running_loop().add_reader(parent.sentinel, _orphaned, parent.sentinel)
    return create_service(settings)


def _orphaned(sentinel: int) -> None:
    """Stop: nobody would restart or stop this worker any more, and it holds the port."""
    asyncio.get_running_loop().remove_reader(sentinel)
    signal.raise_signal(signal.SIGTERM)


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
        self._counted: set[int | None] = set()  # the processes whose pools are in the metrics

    def init_processes(self) -> None:
        super().init_processes()
        if all(worker.wait_until_ready(_WORKER_START) for worker in self.processes):
            self._announce()

    def keep_subprocess_alive(self) -> None:
        super().keep_subprocess_alive()
        now = {process.pid for process in self.processes}
        for gone in self._counted - now:
            mark_process_dead(gone)  # type: ignore[no-untyped-call]
        self._counted = now

    def terminate_all(self) -> None:
        for listener in self.sockets:
            listener.close()  # else new clients would wait for workers that take no more
        super().terminate_all()


def _leave(_signal: int, _frame: FrameType | None) -> NoReturn:
    for each in _STOP:
        signal.signal(each, signal.SIG_IGN)  # said once is enough: what is being stopped is stopped in order
    raise SystemExit(0)
