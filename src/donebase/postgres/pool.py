"""The connections to PostgreSQL: a list of those that are free, a limit on how many there are, and nothing more.

asyncpg's own pool resets each connection that comes back, wraps it in a proxy and makes a task for it: as much work
as the statement itself. Statements in autocommit leave nothing to reset.
"""

import asyncio
import select
import time
from typing import Any

import asyncpg

from donebase.core.errors import Overloaded
from donebase.deadlines import Watch
from donebase.postgres.connecting import CONNECT_TIMEOUT, Way, end, find_way, log_connected
from donebase.settings import Settings
from donebase.telemetry import metrics


class PooledConnection(asyncpg.Connection):  # type: ignore[misc]
    """A connection of asyncpg that can tell, before a statement is sent, whether PostgreSQL has ended it."""

    def __init__(self, protocol: Any, transport: asyncio.Transport, *more: Any) -> None:
        super().__init__(protocol, transport, *more)
        self._arrived = select.poll()
        self._arrived.register(transport.get_extra_info("socket").fileno(), select.POLLIN)

    def is_usable(self) -> bool:
        """Tell whether the connection is open and nothing has arrived on it that nobody asked for.

        What PostgreSQL says to a connection that is idle is that it ends it. The event loop may not have read it yet.
        """
        return not (self.is_closed() or self._transport.is_closing() or self._arrived.poll(0))


class Pool:
    """Connections that are lent for one statement each. The first one finds out how to connect."""

    def __init__(self, settings: Settings, watch: Watch) -> None:
        self._settings = settings
        self._watch = watch
        self._room = asyncio.Semaphore(settings.database_pool_size)
        self._in_use = 0
        self._waiting = 0
        self._free: list[tuple[PooledConnection, float]] = []  # with the time since when; the last is used first
        self._finding: asyncio.Task[Way] | None = None
        self.logs_connected = True
        """Whether the log is told of the first connection."""

    async def fetch(self, sql: str, arguments: list[Any]) -> list[asyncpg.Record]:
        """Run a statement on a free connection, or on a new one where there may be another.

        Raises Overloaded where none came free within DATABASE_POOL_WAIT, and whatever the driver does. A connection
        on which anything went wrong is not used again. The statement is run on another one only where it is certain
        that PostgreSQL has not begun it on the first.
        """
        await self._enter()
        self._in_use += 1
        try:
            while connection := self._usable():
                try:
                    return await self._fetch_on(connection, sql, arguments)
                except _ENDS as failure:
                    if not _was_not_begun(failure):
                        raise
            return await self._fetch_on(await self._connect(), sql, arguments)
        finally:
            self._in_use -= 1
            self._room.release()

    async def _fetch_on(self, connection: PooledConnection, sql: str, arguments: list[Any]) -> list[asyncpg.Record]:
        began = time.perf_counter()
        try:
            rows: list[asyncpg.Record] = await connection.fetch(sql, *arguments)
        except BaseException as failure:
            metrics.failed(time.perf_counter() - began)
            if _was_not_begun(failure):
                connection.terminate()
            else:
                await end(connection)
            raise
        metrics.answered(time.perf_counter() - began)
        self._free.append((connection, time.monotonic()))
        return rows

    def state(self) -> metrics.PoolState:
        """Return how many connections there may be and are in use, and how many requests wait for one."""
        return metrics.PoolState(self._settings.database_pool_size, self._in_use, self._waiting)

    async def way(self) -> Way:
        """Return how to connect; found out once, by one for all who ask, and again after it failed."""
        if self._finding is None or (self._finding.done() and not _succeeded(self._finding)):
            self._finding = asyncio.create_task(self._find_way())
        # Shielded: one who gives up must not cut short the attempt that others wait for.
        return await asyncio.shield(self._finding)

    async def _find_way(self) -> Way:
        way = await find_way(self._settings)
        if self.logs_connected:
            log_connected(self._settings, way)
        return way

    async def close(self) -> None:
        """Close the free connections."""
        if self._finding:
            self._finding.cancel()
        await self._close_those_free_since(time.monotonic())

    def distrust(self) -> None:
        """Cut the free connections. Where one fell silent, those may have as well that nobody has used since."""
        for connection, _ in self._free:
            connection.terminate()
        self._free.clear()

    async def close_idle(self) -> None:
        """Close the connections that nobody used for DATABASE_POOL_IDLE: the network may have forgotten them."""
        await self._close_those_free_since(time.monotonic() - self._settings.database_pool_idle)

    async def _close_those_free_since(self, moment: float) -> None:
        number = sum(since <= moment for _, since in self._free)
        leaving, self._free = self._free[:number], self._free[number:]
        await asyncio.gather(*(end(connection) for connection, _ in leaving))

    async def _enter(self) -> None:
        if not self._room.locked():
            await self._room.acquire()
            return
        self._waiting += 1
        try:
            with self._watch.limit(self._settings.database_pool_wait):
                await self._room.acquire()
        except TimeoutError:
            raise Overloaded("no database connection became free within DATABASE_POOL_WAIT") from None
        finally:
            self._waiting -= 1

    def _usable(self) -> PooledConnection | None:
        while self._free:
            connection, _ = self._free.pop()
            if connection.is_usable():
                return connection
            connection.terminate()
        return None

    async def _connect(self) -> PooledConnection:
        way = await self.way()
        connection: PooledConnection = await asyncpg.connect(
            way.url,
            connection_class=PooledConnection,
            timeout=CONNECT_TIMEOUT,
            statement_cache_size=way.statement_cache_size,
            server_settings=way.server_settings,
        )
        return connection


def _succeeded(task: asyncio.Task[Way]) -> bool:
    return not task.cancelled() and task.exception() is None


_ENDS = (asyncpg.InternalClientError, asyncpg.PostgresConnectionError)


def _was_not_begun(failure: BaseException) -> bool:
    """Tell whether it is certain that PostgreSQL has not begun the statement that failed so."""
    # asyncpg read that the connection is ended before anybody used it, and sends nothing from then on.
    if isinstance(failure, asyncpg.InternalClientError):
        return str(failure).startswith("cannot switch to state")
    # PostgreSQL looks for this timeout after it has read a message and before it acts on it. What it says to an
    # administrator's command (57P01), it says at any time: before the statement, within it, and after its commit.
    return isinstance(failure.__cause__, asyncpg.IdleSessionTimeoutError)
