"""PostgreSQL as the service uses it: a statement goes out, its rows come back, and every wait has an end.

Statements are written with SQLAlchemy Core, compiled once to SQL and an order of parameters, and run by asyncpg in
autocommit. A connection is held for one statement, never for a request.
"""

import asyncio
from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

import asyncpg
from sqlalchemy import Executable, literal, select
from sqlalchemy.dialects.postgresql.asyncpg import dialect

from donebase.core.errors import DatabaseFailed, DonebaseError, Overloaded
from donebase.deadlines import Watch
from donebase.postgres.connecting import FAILURES
from donebase.postgres.pool import Pool
from donebase.settings import Settings, WrongSetting
from donebase.telemetry.metrics import PoolState
from donebase.telemetry.tracing import Run, traced

_HEALTH_TIMEOUT = 1.8
OPEN_TIMEOUT = 5.0

_PING = select(literal(1))


class Compiled(NamedTuple):
    """A statement as PostgreSQL gets it, and the names of its parameters in their order."""

    sql: str
    names: tuple[str, ...]
    constants: dict[str, Any]


@cache
def compile_statement(statement: Executable) -> Compiled:
    """Turn a Core statement into SQL, once for the life of the process."""
    compiled = statement.compile(dialect=dialect())  # type: ignore[no-untyped-call, attr-defined]
    constants = {name: bind.value for name, bind in compiled.binds.items() if not bind.required}
    return Compiled(compiled.string, tuple(compiled.positiontup or ()), constants)


class Database:
    """One PostgreSQL, reached when it is first needed and again after every outage."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._timeout = settings.database_timeout
        self._watch = Watch()
        self._pool = Pool(settings, self._watch)
        self._run: Run = traced(self._pool.fetch) if settings.traces else self._pool.fetch
        self._pinging: asyncio.Task[bool] | None = None

    async def open(self, within: float = OPEN_TIMEOUT, *, log_connected: bool = True) -> None:
        """Connect for the first time, and log it; without `log_connected` only if it did not work at once.

        Raises DatabaseFailed or Overloaded where there is no connection to be had within so many seconds (a later
        request tries again), SchemaMismatch, and WrongSetting where PostgreSQL answers that this user, password or
        database is not to be had.
        """
        self._pool.logs_connected = log_connected
        try:
            async with asyncio.timeout(within):
                await self._pool.way()
        except FAILURES as failure:
            self._pool.logs_connected = True
            raise no_connection(failure, self._settings) from failure

    def end_within(self, seconds: float) -> None:
        """Give up on every statement that has not come back by then, as on one that takes longer than it may."""
        self._watch.end_within(seconds)

    async def close(self) -> None:
        """Close the connections that nobody uses."""
        if self._pinging:
            self._pinging.cancel()
        await self._pool.close()

    async def fetch(self, statement: Executable, /, **parameters: Any) -> Sequence[asyncpg.Record]:
        """Run a statement in one round trip and return its rows.

        Raises Overloaded where every connection stayed busy (nothing was begun) and DatabaseFailed for all that
        PostgreSQL or the way to it can do wrong, within the seconds of DATABASE_TIMEOUT and one more. A statement
        is never sent twice: after a broken connection nobody knows whether it was carried out.
        """
        sql, names, constants = compile_statement(statement)
        values = constants | parameters if constants else parameters
        arguments = [values[name] for name in names]
        try:
            with self._watch.limit(self._timeout):
                rows: Sequence[asyncpg.Record] = await self._run(sql, arguments)
                return rows
        except FAILURES as failure:
            if isinstance(failure, TimeoutError):
                self._pool.distrust()
            raise meaning(failure) from failure

    async def close_idle(self) -> None:
        """Close the connections that nobody used for DATABASE_POOL_IDLE."""
        await self._pool.close_idle()

    def pool_state(self) -> PoolState:
        """Return how the connections are in use."""
        return self._pool.state()

    async def answers(self) -> bool:
        """Tell whether PostgreSQL answers within two seconds. Many who ask at once share one question."""
        if self._pinging is None or self._pinging.done():
            self._pinging = asyncio.create_task(self._ping())
        await asyncio.wait({self._pinging}, timeout=_HEALTH_TIMEOUT)
        return self._pinging.done() and self._pinging.result()

    async def _ping(self) -> bool:
        try:
            with self._watch.limit(_HEALTH_TIMEOUT):
                await self.fetch(_PING)
        except TimeoutError:
            self._pool.distrust()
            return False
        except DonebaseError:
            return False
        return True


_REFUSALS = (
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.ClientConfigurationError,
)


def no_connection(
    failure: BaseException, settings: Settings, *, unpooled: bool = False
) -> WrongSetting | DatabaseFailed | Overloaded:
    """Say why there is no connection: with which variable, to where, and what PostgreSQL or the network answered.

    Returns WrongSetting where PostgreSQL refuses the user, the password or the database.
    """
    variable = "DATABASE_URL_UNPOOLED" if unpooled and settings.database_url_unpooled else "DATABASE_URL"
    if isinstance(failure, _REFUSALS):
        return WrongSetting(f"{variable} was rejected by PostgreSQL: {failure.args[0]}")
    if isinstance(failure, OSError):
        reason = failure.strerror or str(failure) or "no response in time"
        place = settings.address(unpooled=unpooled).without_secrets()
        return DatabaseFailed(f"{variable}: no connection to {place}: {reason}")
    return meaning(failure)


def meaning(failure: BaseException) -> DatabaseFailed | Overloaded:
    """Say in donebase's words what went wrong. The text is for the log: no value, no detail, no address."""
    if isinstance(failure, asyncpg.TooManyConnectionsError):
        return Overloaded("PostgreSQL has no free connection slot (max_connections)")
    if isinstance(failure, TimeoutError):
        return DatabaseFailed("PostgreSQL did not respond in time")
    if isinstance(failure, asyncpg.PostgresError):
        return DatabaseFailed(f"{type(failure).__name__} ({failure.sqlstate}): {failure.args[0]}")
    return DatabaseFailed(f"{type(failure).__name__}: {failure}" if str(failure) else type(failure).__name__)
