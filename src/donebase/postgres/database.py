"""The database of the service: runs statements, limits every wait, translates PostgreSQL's errors.

A statement is run in autocommit. A connection is held for one statement, never for a request.
"""

import asyncio
from collections.abc import Sequence
from typing import Any

import asyncpg
from sqlalchemy import Executable, literal, select

from donebase.core.errors import Collided, DatabaseFailed, DonebaseError, Overloaded, UnknownValue
from donebase.deadlines import Deadlines
from donebase.postgres.compiled import compile_statement
from donebase.postgres.connecting import FAILURES
from donebase.postgres.pool import Pool
from donebase.settings import Settings, WrongSetting
from donebase.telemetry.metrics import PoolState
from donebase.telemetry.tracing import Run, traced

_HEALTH_TIMEOUT = 1.8
OPEN_TIMEOUT = 5.0

_PING = select(literal(1))
_KINDS = {asyncpg.UniqueViolationError: Collided, asyncpg.InvalidParameterValueError: UnknownValue}


class PostgresDatabase:
    """One PostgreSQL, connected to when it is first needed and again after every outage."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._timeout = settings.database_timeout
        self._deadlines = Deadlines()
        self._pool = Pool(settings, self._deadlines)
        self._run: Run = traced(self._pool.fetch) if settings.traces else self._pool.fetch
        self._pinging: asyncio.Task[bool] | None = None

    async def open(self, within: float = OPEN_TIMEOUT, *, log_connected: bool = True) -> None:
        """Connect for the first time, and log it; without `log_connected` only if it did not work at once.

        Raises DatabaseFailed or Overloaded if there is no connection `within` so many seconds (a later request tries
        again), SchemaMismatch, and WrongSetting if PostgreSQL rejects the user, the password or the database.
        """
        self._pool.log_connected = log_connected
        try:
            with self._deadlines.limit(within):
                await self._pool.connect_options()
        except FAILURES as failure:
            self._pool.log_connected = True
            raise translate_connect_failure(failure, self._settings) from failure

    def end_within(self, seconds: float) -> None:
        """Let every present and future statement fail that is not answered within so many seconds from now."""
        self._deadlines.end_within(seconds)

    async def close(self) -> None:
        """Close the free connections."""
        if self._pinging:
            self._pinging.cancel()
        await self._pool.close()

    async def fetch(self, statement: Executable, /, **parameters: Any) -> Sequence[asyncpg.Record]:
        """Run a statement in one round trip and return its rows.

        Raises Overloaded if every connection stayed busy (nothing was started), Collided if a row with the same key was
        there, UnknownValue (nothing was done in both cases), and DatabaseFailed for every other failure of PostgreSQL
        and of the connection, at most one second after DATABASE_TIMEOUT. A statement is never carried out twice: after
        a broken connection it is unknown whether it was, and it is not sent again.
        """
        compiled = compile_statement(statement)
        arguments = compiled.arguments(parameters)
        try:
            with self._deadlines.limit(self._timeout):
                rows: Sequence[asyncpg.Record] = await self._run(compiled.sql, arguments)
                return rows
        except (*FAILURES, ValueError) as failure:
            if isinstance(failure, TimeoutError):
                self._pool.terminate_free()
            raise translate(failure) from failure

    async def close_idle(self) -> None:
        """Close the connections that were idle for DATABASE_POOL_IDLE."""
        await self._pool.close_idle()

    def pool_state(self) -> PoolState:
        """Return how many connections are in use, and how many requests wait for one."""
        return self._pool.state()

    async def answers(self) -> bool:
        """Return whether PostgreSQL answers within two seconds. Simultaneous callers share one statement."""
        pinging = self._pinging
        if pinging is None or pinging.done():
            pinging = self._pinging = asyncio.create_task(self._ping())
        await asyncio.wait({pinging}, timeout=_HEALTH_TIMEOUT)  # meanwhile, the next caller may have begun another
        return pinging.done() and pinging.result()

    async def _ping(self) -> bool:
        try:
            with self._deadlines.limit(_HEALTH_TIMEOUT):
                await self.fetch(_PING)
        except TimeoutError:
            self._pool.terminate_free()
            return False
        except DonebaseError:
            return False
        return True


_REFUSALS = (
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.ClientConfigurationError,
)


def translate_connect_failure(
    failure: BaseException, settings: Settings, *, unpooled: bool = False
) -> WrongSetting | DatabaseFailed | Overloaded:
    """Return the error for a failed connection: which variable, which address, what PostgreSQL or the network answered.

    That is WrongSetting if PostgreSQL rejects the user, the password or the database.
    """
    variable = "DATABASE_URL_UNPOOLED" if unpooled and settings.database_url_unpooled else "DATABASE_URL"
    if isinstance(failure, _REFUSALS):
        return WrongSetting(f"{variable} was rejected by PostgreSQL: {failure.args[0]}")
    if isinstance(failure, OSError):
        reason = failure.strerror or str(failure) or "no response in time"
        place = settings.address(unpooled=unpooled).without_secrets()
        return DatabaseFailed(f"{variable}: no connection to {place}: {reason}")
    return translate(failure)


def translate(failure: BaseException) -> DatabaseFailed | Overloaded:
    """Return the core's error for a failure of the driver. Its text is for the log: no value, no detail, no address."""
    if isinstance(failure, asyncpg.TooManyConnectionsError):
        return Overloaded("PostgreSQL has no free connection slot (max_connections)")
    if isinstance(failure, TimeoutError):
        return DatabaseFailed("PostgreSQL did not respond in time")
    if isinstance(failure, ValueError) and not isinstance(failure, asyncpg.InterfaceError):
        return DatabaseFailed("a value cannot be read, such as a time outside of the years 1 to 9999")
    if isinstance(failure, asyncpg.PostgresError):
        kind = next((ours for theirs, ours in _KINDS.items() if isinstance(failure, theirs)), DatabaseFailed)
        return kind(f"{type(failure).__name__} ({failure.sqlstate}): {failure.args[0]}")
    return DatabaseFailed(f"{type(failure).__name__}: {failure}" if str(failure) else type(failure).__name__)
