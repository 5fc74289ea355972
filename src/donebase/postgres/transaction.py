"""Statements that are one transaction, which nothing of its kind runs beside: for commands, not for requests."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
from sqlalchemy import Executable

from donebase.core.database import Database
from donebase.postgres.compiled import compile_statement
from donebase.postgres.connecting import check_schema
from donebase.postgres.migrations import migration
from donebase.settings import Settings


@asynccontextmanager
async def exclusive_transaction(settings: Settings) -> AsyncIterator[Database]:
    """Yield a database whose statements are one transaction. It excludes migrations, restores and others like it.

    It waits for them, and connects, as `migration` does; errors are the same, and SchemaMismatch if the tables are not
    of this version.
    """
    async with migration(settings) as connection:
        driver = (await connection.get_raw_connection()).driver_connection
        assert isinstance(driver, asyncpg.Connection)
        await check_schema(driver)
        yield _Transaction(driver)


class _Transaction:
    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection

    async def fetch(self, statement: Executable, /, **parameters: Any) -> Sequence[asyncpg.Record]:
        """Run a statement and return its rows. It raises what the driver does, which ends the transaction."""
        compiled = compile_statement(statement)
        rows: Sequence[asyncpg.Record] = await self._connection.fetch(compiled.sql, *compiled.arguments(parameters))
        return rows

    async def answers(self) -> bool:
        """Tell that it is there."""
        return True
