"""The migrations of the schema, run by Alembic."""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, NullPool, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from donebase.core.errors import DatabaseFailed
from donebase.core.tables import REVISION
from donebase.postgres.connecting import CONNECT_TIMEOUT, FAILURES, check_encoding, driver_url, refuse_newer
from donebase.postgres.database import translate_connect_failure
from donebase.settings import Settings

# "donebase" in ASCII: every instance asks for the same lock.
_LOCK = 0x646F6E6562617365


async def migrate(settings: Settings, revision: str = REVISION) -> str | None:
    """Migrate the tables up or down to `revision` ("base": no tables), and return the revision before.

    In one transaction. Errors and waits are those of `migration`.
    """
    async with migration(settings) as connection:
        return await connection.run_sync(migrate_to, revision)


@asynccontextmanager
async def migration(settings: Settings) -> AsyncIterator[AsyncConnection]:
    """Yield a connection in a transaction that excludes every other migration and restore.

    Simultaneous ones wait for each other, at most MIGRATION_WAIT seconds. Each statement waits as long for a table
    that is in use. The connection goes to DATABASE_URL_UNPOOLED if that is set. Raises DatabaseFailed;
    SchemaMismatch if this code does not know the version of the tables, or the encoding is not UTF8; and WrongSetting
    if PostgreSQL rejects the user, the password or the database.
    """
    engine = _engine(settings)
    try:
        async with engine.begin() as connection:
            check_encoding((await connection.execute(text("SHOW server_encoding"))).scalar_one())
            await connection.execute(text(f"SET LOCAL lock_timeout = {int(settings.migration_wait * 1000)}"))
            await connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
            yield connection
    except DBAPIError as wrapped:
        failure = getattr(wrapped.orig, "__cause__", None) or wrapped
        if isinstance(failure, asyncpg.LockNotAvailableError):
            seconds = f"{settings.migration_wait:g}"
            raise DatabaseFailed(f"the tables stayed locked for longer than MIGRATION_WAIT ({seconds} s)") from failure
        raise translate_connect_failure(failure, settings, unpooled=True) from failure
    except FAILURES as failure:
        raise translate_connect_failure(failure, settings, unpooled=True) from failure
    finally:
        await engine.dispose()


def _engine(settings: Settings) -> AsyncEngine:
    return create_async_engine(
        "postgresql+asyncpg://",
        poolclass=NullPool,
        connect_args={
            "dsn": driver_url(settings, unpooled=True),
            "timeout": CONNECT_TIMEOUT,
            "statement_cache_size": 0,
            "prepared_statement_cache_size": 0,
            # Behind a pooler the driver's own names may be taken on the server connection that is shared.
            "prepared_statement_name_func": lambda: f"donebase_{secrets.token_hex(8)}",
        },
    )


def migrate_to(connection: Connection, revision: str) -> str | None:
    """Bring the tables to a revision, up or down, and return the one they were at before. Raises SchemaMismatch."""
    # Read with the lock held: the previous holder may have done the work.
    before = MigrationContext.configure(connection).get_current_revision()
    if before is not None:
        refuse_newer("the database schema", before)
    config = Config()
    config.set_main_option("script_location", "donebase.postgres:migrations")
    config.attributes["connection"] = connection
    if revision == "base" or (before is not None and revision < before):
        command.downgrade(config, revision)
    else:
        command.upgrade(config, revision)
    return before
