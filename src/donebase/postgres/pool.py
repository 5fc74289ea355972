"""The connection pool: a list of free connections and a limit on their number.

asyncpg's own pool resets each connection that is returned, wraps it in a proxy and creates a task for it: as much work
as the statement itself. Statements in autocommit leave nothing to reset.
"""

import asyncio
import time
from collections.abc import Sequence
from typing import Any

import asyncpg

from donebase.core.errors import Overloaded
from donebase.deadlines import Deadlines
from donebase.postgres.codecs import set_codecs
from donebase.postgres.connecting import (
    CONNECT_TIMEOUT,
    ConnectOptions,
    close_connection,
    find_connect_options,
    log_connected,
)
from donebase.postgres.pooled_connection import PooledConnection
from donebase.postgres.slots import Slots
from donebase.settings import Settings
from donebase.telemetry import logs, metrics


class Pool:
    """Connections that are lent for one statement each. The connect options are detected on the first use."""

    def __init__(self, settings: Settings, deadlines: Deadlines) -> None:
        self._settings = settings
        self._deadlines = deadlines
        self._slots = Slots(settings.database_pool_size)
        self._free: list[PooledConnection] = []  # the last one is used first
        self._detection: asyncio.Task[ConnectOptions] | None = None
        self.log_connected = True
        """Whether the first connection is logged."""

    async def fetch(self, sql: str, arguments: Sequence[Any]) -> list[asyncpg.Record]:
        """Run a statement on a free connection, or on a new one where there may be another.

        Raises Overloaded if none became free within DATABASE_POOL_WAIT, and whatever the driver raises. The statement
        is run again only if it is certain that PostgreSQL has not started it, or has rolled it back because of others.
        In all other cases, a connection on which anything failed is not used again.
        """
        if not self._slots.try_acquire():
            await self._wait_for_slot()
        try:
            while True:
                free = self._pop_usable()
                connection = free or await self._connect()
                started = time.perf_counter()
                try:
                    rows = await connection.run(sql, arguments)
                except BaseException as failure:
                    metrics.failed(time.perf_counter() - started)
                    if _was_rolled_back(failure):
                        logs.warning("database.rolled_back", cause=type(failure).__name__)
                        self._free.append(connection)
                    elif not await _ended_before_start(connection, failure) or not free:
                        raise
                else:
                    connection.free_since = time.perf_counter()
                    metrics.answered(connection.free_since - started)
                    self._free.append(connection)
                    return rows
        finally:
            self._slots.release()

    def _pop_usable(self) -> PooledConnection | None:
        while self._free:
            connection = self._free.pop()
            if connection.is_usable():
                return connection
            connection.terminate()
        return None

    def state(self) -> metrics.PoolState:
        """Return how many connections there may be and are in use, and how many requests wait for one."""
        return metrics.PoolState(self._slots.number, self._slots.in_use, self._slots.waiting)

    async def connect_options(self) -> ConnectOptions:
        """Return how to connect. All callers share one detection; after a failure the next call starts another."""
        if self._detection is None or (self._detection.done() and not _succeeded(self._detection)):
            self._detection = asyncio.create_task(self._find_connect_options())
            self._detection.add_done_callback(_succeeded)  # all who wait may give up before it fails
        detection = self._detection
        await asyncio.wait({detection})  # a caller that is cancelled must not cancel what others wait for
        return detection.result()

    async def _find_connect_options(self) -> ConnectOptions:
        options = await find_connect_options(self._settings)
        if self.log_connected:
            log_connected(self._settings, options)
        return options

    async def close(self) -> None:
        """Close the free connections."""
        if self._detection:
            self._detection.cancel()
        await self._close_free_since(time.perf_counter())

    def terminate_free(self) -> None:
        """Terminate the free connections. After one has timed out, the others may have stopped working as well."""
        for connection in self._free:
            connection.terminate()
        self._free.clear()

    async def close_idle(self) -> None:
        """Close the connections that were idle for DATABASE_POOL_IDLE: a firewall may have dropped them."""
        await self._close_free_since(time.perf_counter() - self._settings.database_pool_idle)

    async def _close_free_since(self, moment: float) -> None:
        number = sum(connection.free_since <= moment for connection in self._free)
        leaving, self._free = self._free[:number], self._free[number:]
        await asyncio.gather(*(close_connection(connection) for connection in leaving))

    async def _wait_for_slot(self) -> None:
        try:
            with self._deadlines.limit(self._settings.database_pool_wait):
                await self._slots.acquire()
        except TimeoutError:
            raise Overloaded("no database connection became free within DATABASE_POOL_WAIT") from None

    async def _connect(self) -> PooledConnection:
        options = await self.connect_options()
        connection: PooledConnection = await asyncpg.connect(
            options.url,
            connection_class=PooledConnection,
            timeout=CONNECT_TIMEOUT,
            statement_cache_size=options.statement_cache_size,
            server_settings=options.server_settings,
        )
        await set_codecs(connection)
        connection.max_prepared = options.statement_cache_size
        return connection


def _succeeded(task: asyncio.Task[ConnectOptions]) -> bool:
    return not task.cancelled() and task.exception() is None


def _was_rolled_back(failure: BaseException) -> bool:
    """Return whether PostgreSQL has rolled a statement back because of others: to end a deadlock, or to serialize."""
    is_certain = not isinstance(failure, asyncpg.StatementCompletionUnknownError)
    return isinstance(failure, asyncpg.TransactionRollbackError) and is_certain


async def _ended_before_start(connection: PooledConnection, failure: BaseException) -> bool:
    """End a connection on which a statement failed, and return whether it is certain that this was not started."""
    if _was_not_started(failure):
        connection.terminate()
        return True
    await close_connection(connection)
    return False


def _was_not_started(failure: BaseException) -> bool:
    """Return whether it is certain that PostgreSQL has not started the statement that failed with this."""
    # asyncpg has read that the connection is closed before the statement, and sends nothing any more.
    if isinstance(failure, asyncpg.InternalClientError):
        return str(failure).startswith("cannot switch to state")
    # A migration changed the columns of a prepared statement: PostgreSQL finds that before it runs it.
    if isinstance(failure, asyncpg.InvalidCachedStatementError):
        return True
    # PostgreSQL checks this timeout after it has read a message and before it acts on it. It sends 57P01, an
    # administrator's command, at any time: before the statement, within it, and after its commit.
    return isinstance(failure.__cause__, asyncpg.IdleSessionTimeoutError)
