"""How to connect: the URL as the driver takes it, the schema's version, and whether there is a pooler."""

import asyncio
import secrets
from dataclasses import dataclass, field, replace

import asyncpg

from donebase.core.errors import SchemaMismatch
from donebase.core.tables import REVISION
from donebase.postgres.codecs import TEXT_FORMAT
from donebase.settings import Settings
from donebase.telemetry import logs

CONNECT_TIMEOUT = 10.0
_CLOSE_TIMEOUT = 1.0
_SESSION_TIMEOUT = 2.0
# What the driver raises: errors of the operating system, and its own two trees.
FAILURES = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
# asyncpg has no channel binding, and donebase's own deadlines stand in for connect_timeout.
_WITHOUT_EFFECT = ("channel_binding", "connect_timeout")
# Started with make, donebase is in .venv and not on PATH.
_MIGRATE = "run `donebase migrate`, or `make migrate` if you use make"


@dataclass(frozen=True)
class ConnectOptions:
    """How to connect to the PostgreSQL of the settings, and what was detected there."""

    url: str = field(repr=False)  # with its password
    statement_cache_size: int
    server_settings: dict[str, str]
    version: str
    pooled: bool
    supports_prepared: bool


async def find_connect_options(settings: Settings) -> ConnectOptions:
    """Detect on a first connection how to make the others.

    Raises SchemaMismatch for a schema of another version and for another encoding than UTF8, and whatever the driver
    raises, within CONNECT_TIMEOUT.
    """
    async with asyncio.timeout(CONNECT_TIMEOUT):
        return await _find_connect_options(settings)


def log_connected(settings: Settings, options: ConnectOptions) -> None:
    """Log what was detected, and warn if PREPARED_STATEMENTS contradicts it."""
    logs.info(
        "database.connected",
        postgresql=options.version,
        pooler=options.pooled,
        prepared_statements="on" if options.statement_cache_size else "off",
        without_effect=[name for name in settings.address().parameters if name in _WITHOUT_EFFECT],
    )
    if options.statement_cache_size and not options.supports_prepared:
        logs.warning(
            "prepared_statements.unsafe",
            advice="the pooler does not support prepared statements: set PREPARED_STATEMENTS=auto",
        )


async def close_connection(connection: asyncpg.Connection) -> None:
    """Cancel what may still run on a connection and close it; terminate it if that takes too long."""
    try:
        await connection.close(timeout=_CLOSE_TIMEOUT)
    except FAILURES:
        connection.terminate()


async def _find_connect_options(settings: Settings) -> ConnectOptions:
    url = driver_url(settings)
    first = await asyncpg.connect(url, timeout=CONNECT_TIMEOUT, statement_cache_size=0, server_settings=TEXT_FORMAT)
    try:
        process, encoding = await first.fetchrow("SELECT pg_backend_pid(), current_setting('server_encoding')")
        check_encoding(encoding)
        await check_schema(first)
        pooled = process != first.get_server_pid()
        supported = not pooled or await _tracks_statements(first) or await _is_in_session_mode(first, url)
    finally:
        await close_connection(first)
    version = first.get_server_version()
    prepare = supported if settings.prepared_statements == "auto" else settings.prepared_statements == "on"
    # A pooler refuses settings that it does not track; the deadline of each request limits statements there as well.
    unpooled = {
        "application_name": "donebase",
        # The database or the user may begin otherwise: whoever waited for another's change would be refused then.
        "default_transaction_isolation": "read committed",
        "statement_timeout": str(int(settings.database_timeout * 1000)),
    }
    return ConnectOptions(
        url=url,
        statement_cache_size=100 if prepare else 0,
        server_settings=TEXT_FORMAT | ({} if pooled else unpooled),
        version=f"{version.major}.{version.micro}",
        pooled=pooled,
        supports_prepared=supported,
    )


def driver_url(settings: Settings, *, unpooled: bool = False) -> str:
    """Return the URL as asyncpg takes it, without the parameters that it cannot use. `unpooled`: the direct one."""
    url = settings.address(unpooled=unpooled)
    kept = {name: value for name, value in url.parameters.items() if name not in _WITHOUT_EFFECT}
    return replace(url, parameters=kept).text()


def check_encoding(encoding: str) -> None:
    """Raise SchemaMismatch if a database, by its `server_encoding`, cannot store every character."""
    if encoding != "UTF8":
        raise SchemaMismatch(
            f"the database must have the encoding UTF8, and has {encoding}. "
            "Create one with: CREATE DATABASE donebase ENCODING 'UTF8' LOCALE 'C' TEMPLATE template0"
        )


def refuse_newer(what: str, revision: str) -> None:
    """Raise SchemaMismatch if the revision of `what` is newer than this code."""
    if revision > REVISION:
        raise SchemaMismatch(f"{what} is {revision}, newer than the supported {REVISION}: upgrade donebase")


async def check_schema(connection: asyncpg.Connection) -> None:
    """Raise SchemaMismatch if the tables are not those of this version, or are missing."""
    try:
        found = await connection.fetchval("SELECT version_num FROM alembic_version")
    except asyncpg.UndefinedTableError:
        found = None
    if found is None:
        raise SchemaMismatch(f"the database has no donebase tables yet: {_MIGRATE}")
    if found < REVISION:
        raise SchemaMismatch(f"the database schema is {found}, older than the required {REVISION}: {_MIGRATE}")
    refuse_newer("the database schema", found)


async def _tracks_statements(connection: asyncpg.Connection) -> bool:
    """Return whether the pooler tracks prepared statements from one server connection to the next.

    A pooler that does gives them names of its own. One that passes our name through does not track them, and the
    next transaction may reach a server connection where the name is missing, or taken.
    """
    name = f"donebase_{secrets.token_hex(8)}"
    async with connection.transaction():
        # asyncpg closes a statement that has no reference before it sends anything else.
        held = await connection.prepare("SELECT 1", name=name)
        same_name = "SELECT count(*) FROM pg_prepared_statements WHERE name = $1"
        ours = await connection.fetchval(same_name, held.get_name())
        if ours:
            await connection.execute(f"DEALLOCATE {name}")
    return not ours


async def _is_in_session_mode(first: asyncpg.Connection, url: str) -> bool:
    """Return whether the pooler keeps a server connection for its client between transactions (session mode).

    PostgreSQL's notification to a session whose client is idle reaches that client only if the two are still linked.
    So True is certain. False is not, on a busy pooler, and costs only speed.
    """
    channel = f"donebase_{secrets.token_hex(8)}"
    heard = asyncio.Event()
    try:
        async with asyncio.timeout(_SESSION_TIMEOUT):
            second = await asyncpg.connect(url, timeout=CONNECT_TIMEOUT, statement_cache_size=0)
            try:
                process = "SELECT pg_backend_pid()"
                if await first.fetchval(process) == await second.fetchval(process):
                    return False
                await first.add_listener(channel, lambda *_: heard.set())
                await second.execute(f"NOTIFY {channel}")
                return await heard.wait()
            finally:
                await close_connection(second)
    except FAILURES:
        return False
