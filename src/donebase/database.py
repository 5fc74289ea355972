"""PostgreSQL as the service uses it: a statement goes out, its rows come back, and every wait has an end.

Statements are written with SQLAlchemy Core, compiled once to SQL and an order of parameters, and run by asyncpg in
autocommit. A connection is held for one statement, never for a request.
"""

import asyncio
import secrets
from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlencode

import asyncpg
from sqlalchemy import Executable, literal, select
from sqlalchemy.dialects.postgresql.asyncpg import dialect

from donebase import logs
from donebase.core.errors import DatabaseFailed, Overloaded, SchemaMismatch
from donebase.core.models import REVISION
from donebase.settings import Settings, WrongSetting

CONNECT_TIMEOUT = 10.0
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


def driver_url(settings: Settings, *, unpooled: bool = False) -> str:
    """Return the URL as asyncpg takes it: what it cannot use is left out. `unpooled` prefers the direct address."""
    secret = (settings.database_url_unpooled if unpooled else None) or settings.database_url
    assert secret is not None, "the caller makes sure that there is a database"
    address, _, query = secret.get_secret_value().partition("?")
    # asyncpg has no channel binding, and donebase's own deadlines stand in for connect_timeout.
    kept = [pair for pair in parse_qsl(query) if pair[0] not in ("channel_binding", "connect_timeout")]
    return f"{address}?{urlencode(kept)}" if kept else address


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
            self._opening = asyncio.create_task(self._open())
        # Shielded: one who gives up must not cut short the attempt that others wait for.
        return await asyncio.shield(self._opening)

    async def _open(self) -> asyncpg.Pool:
        url = driver_url(self._settings)
        first = await asyncpg.connect(url, timeout=CONNECT_TIMEOUT, statement_cache_size=0)
        try:
            await _check_schema(first)
            pooled = await first.fetchval("SELECT pg_backend_pid()") != first.get_server_pid()
            prepared = self._settings.prepared_statements
            prepare = prepared == "on" or (prepared == "auto" and (not pooled or await _keeps_statements(first)))
            version = first.get_server_version()
        finally:
            await first.close(timeout=_GIVE_BACK_TIMEOUT)
        logs.info(
            "database.connected",
            postgresql=f"{version.major}.{version.minor}",
            pooler=pooled,
            prepared_statements="on" if prepare else "off",
        )
        milliseconds = str(int(self._settings.database_timeout * 1000))
        return await asyncpg.create_pool(
            url,
            min_size=0,
            max_size=self._settings.database_pool_size,
            timeout=CONNECT_TIMEOUT,
            statement_cache_size=100 if prepare else 0,
            reset=_leave_as_it_is,
            # A pooler refuses settings it does not track; the deadline of each request holds there as well.
            server_settings=None if pooled else {"application_name": "donebase", "statement_timeout": milliseconds},
        )


async def _leave_as_it_is(_connection: Any) -> None:
    """Stand in for asyncpg's reset, a second round trip: statements in autocommit leave nothing to undo."""


async def _check_schema(connection: asyncpg.Connection) -> None:
    try:
        found = await connection.fetchval("SELECT version_num FROM alembic_version")
    except asyncpg.UndefinedTableError:
        found = None
    if found is None:
        raise SchemaMismatch("the database has no tables of donebase yet: run `donebase migrate`")
    if found < REVISION:
        raise SchemaMismatch(f"the database is at schema {found}, older than {REVISION}: run `donebase migrate`")
    if found > REVISION:
        raise SchemaMismatch(f"the database is at schema {found}, newer than {REVISION}: upgrade donebase")


async def _keeps_statements(connection: asyncpg.Connection) -> bool:
    """Find out whether the pooler in between follows prepared statements from one server connection to the next.

    One that does gives them names of its own. One that passes our name through does not know about them, and the
    next transaction may reach a server connection where the name is missing, or taken.
    """
    name = f"donebase_{secrets.token_hex(8)}"
    async with connection.transaction():
        await connection.prepare("SELECT 1", name=name)
        ours = await connection.fetchval("SELECT count(*) FROM pg_prepared_statements WHERE name = $1", name)
        if ours:
            await connection.execute(f"DEALLOCATE {name}")
    return not ours


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
