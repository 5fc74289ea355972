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

from donebase.core.errors import DatabaseFailed, Overloaded
from donebase.pool import open_pool
from donebase.settings import Settings, WrongSetting

HEALTH_TIMEOUT = 1.8
_GIVE_BACK_TIMEOUT = 1.0

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
    """A pool of connections to one PostgreSQL, opened when it is first needed and again after every outage."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._room = asyncio.Semaphore(settings.database_pool_size)
        self._opening: asyncio.Task[asyncpg.Pool] | None = None
        self._pinging: asyncio.Task[Any] | None = None

    async def open(self) -> None:
        """Connect for the first time.

        Raises DatabaseFailed where nobody answers (a later request tries again), SchemaMismatch, and WrongSetting
        where PostgreSQL answers that this user, password or database is not to be had.
        """
        try:
            await self._pool()
        except _REFUSALS as refusal:
            raise WrongSetting(f"DATABASE_URL must be one that PostgreSQL accepts: {refusal.args[0]}") from refusal
        except FAILURES as failure:
            raise meaning(failure) from failure

    async def close(self) -> None:
        """Let running statements end for a moment, then cut every connection."""
        for task in (self._pinging, self._opening):
            if task and not task.done():
                task.cancel()
        if self._opening and self._opening.done() and not self._opening.cancelled() and not self._opening.exception():
            pool = self._opening.result()
            try:
                await asyncio.wait_for(pool.close(), _GIVE_BACK_TIMEOUT)
            except FAILURES:
                pool.terminate()

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
            async with asyncio.timeout(self._settings.database_timeout):
                return await self._run(sql, arguments)
        except FAILURES as failure:
            raise meaning(failure) from failure

    async def answers(self) -> bool:
        """Tell whether PostgreSQL answers within two seconds. Many who ask at once share one question."""
        if self._pinging is None or self._pinging.done():
            self._pinging = asyncio.create_task(self.fetch(_PING))
        await asyncio.wait({self._pinging}, timeout=HEALTH_TIMEOUT)
        return self._pinging.done() and not self._pinging.cancelled() and self._pinging.exception() is None

    async def _run(self, sql: str, arguments: list[Any]) -> list[asyncpg.Record]:
        await self._enter()
        try:
            pool = await self._pool()
            connection = await pool.acquire()
            try:
                rows: list[asyncpg.Record] = await connection.fetch(sql, *arguments)
                return rows
            finally:
                # After a deadline this asks PostgreSQL to stop; where that takes too long the connection is cut.
                await pool.release(connection, timeout=_GIVE_BACK_TIMEOUT)
        finally:
            self._room.release()

    async def _enter(self) -> None:
        if not self._room.locked():
            await self._room.acquire()
            return
        try:
            async with asyncio.timeout(self._settings.database_pool_wait):
                await self._room.acquire()
        except TimeoutError:
            raise Overloaded("every connection stayed busy") from None

    async def _pool(self) -> asyncpg.Pool:
        failed = (
            self._opening is not None
            and self._opening.done()
            and (self._opening.cancelled() or self._opening.exception() is not None)
        )
        if self._opening is None or failed:
            self._opening = asyncio.create_task(open_pool(self._settings))
        # Shielded: one who gives up must not cut short the attempt that others wait for.
        return await asyncio.shield(self._opening)


_REFUSALS = (
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.ClientConfigurationError,
)
# What the driver raises: the operating system's own errors as they come, and two trees of its own.
FAILURES = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)


def meaning(failure: BaseException) -> DatabaseFailed | Overloaded:
    """Say in donebase's words what went wrong. The text is for the log: no value, no detail, no address."""
    if isinstance(failure, asyncpg.TooManyConnectionsError):
        return Overloaded("PostgreSQL has no free connection")
    if isinstance(failure, asyncpg.PostgresError):
        return DatabaseFailed(f"{type(failure).__name__} ({failure.sqlstate}): {failure.args[0]}")
    return DatabaseFailed(f"{type(failure).__name__}: {failure}" if str(failure) else type(failure).__name__)
