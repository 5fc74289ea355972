"""Restores a backup into an empty database, of the same version of PostgreSQL, an older or a newer one.

donebase's own migrations create the tables, and only the rows come from the file: pg_restore would send settings that
an older server refuses.
"""

import re
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import IO, Literal

import asyncpg
from alembic.util import CommandError
from sqlalchemy import Column, Connection, MetaData, Table, inspect, select, text

from donebase.core.errors import BackupFailed
from donebase.core.tables import REVISION
from donebase.postgres.backup import revision_of
from donebase.postgres.client_programs import newest_pg_restore, output_of
from donebase.postgres.connecting import refuse_newer
from donebase.postgres.migrations import migrate_to, migration
from donebase.settings import Settings, WrongSetting
from donebase.telemetry import logs

_COPY = re.compile(rb"COPY \S+ \((.*)\) FROM stdin;\n")
_SETVAL = re.compile(rb"SELECT pg_catalog\.setval\('.*', ([0-9]+), (true|false)\);\n")
_BATCH = 2**18


async def restore(settings: Settings, file: Path, metadata: MetaData) -> None:
    """Copy the rows of a backup into a database without rows, in one transaction: all of them or none.

    `metadata` has all tables. The ids and the numbers of changes continue where they were: no id is assigned twice, not
    even that of a task that was deleted before the backup. A backup of an older schema is upgraded. Raises WrongSetting
    if the file cannot be read, BackupFailed if it is damaged or the database contains rows, SchemaMismatch if its
    schema is newer, and whatever `migration` raises.
    """
    try:
        file.open("rb").close()
    except OSError as failure:
        raise WrongSetting(f"FILE must be a backup that this user can read ({failure.strerror})") from None
    pg_restore = newest_pg_restore()
    revision = revision_of(pg_restore, file)
    refuse_newer("the backup's schema", revision)
    async with migration(settings) as connection:
        await connection.run_sync(_refuse_rows, metadata)
        try:
            await connection.run_sync(migrate_to, revision)
        except CommandError:
            raise BackupFailed(f"the backup's schema {revision} is unknown to donebase") from None
        driver = (await connection.get_raw_connection()).driver_connection
        assert isinstance(driver, asyncpg.Connection)
        tables = await connection.run_sync(_tables, metadata)
        # The rows bring the numbers of their changes, and the history: the triggers would number and record them anew.
        await _set_triggers(driver, tables, "DISABLE")
        rows = {str(table.name): await _copy(driver, pg_restore, file, table.name) for table in tables}
        await _set_triggers(driver, tables, "ENABLE")
        for column in [column for table in tables for column in table.columns if column.identity]:
            await _continue_ids(driver, pg_restore, file, column)
        await connection.run_sync(migrate_to, REVISION)
    logs.info("restored", file=str(file), schema=revision, rows=rows)


def _tables(connection: Connection, metadata: MetaData) -> list[Table]:
    """Return the tables that the database has at its revision, in the order of their foreign keys."""
    names = inspect(connection).get_table_names()
    return [table for table in metadata.sorted_tables if table.name in names]


def _refuse_rows(connection: Connection, metadata: MetaData) -> None:
    for table in reversed(_tables(connection, metadata)):
        connection.execute(text(f'LOCK TABLE "{table.name}" IN ACCESS EXCLUSIVE MODE'))
        if connection.execute(select(table.select().exists())).scalar_one():
            raise BackupFailed(f"the database already contains {table.name}: restore into an empty database")


async def _set_triggers(driver: asyncpg.Connection, tables: list[Table], state: Literal["DISABLE", "ENABLE"]) -> None:
    """Switch the triggers of tables off or on, except for those of foreign keys."""
    for table in tables:
        await driver.execute(f'ALTER TABLE "{table.name}" {state} TRIGGER USER')


async def _copy(driver: asyncpg.Connection, pg_restore: Path, file: Path, table: str) -> int:
    """Copy the rows of a table, and return how many there were."""
    copied: list[int] = []
    with _output(pg_restore, file, table) as lines:
        for line in lines:
            if found := _COPY.fullmatch(line):
                columns = [name.strip('"') for name in found[1].decode().split(", ")]
                status = await driver.copy_to_table(table, source=_rows(lines), columns=columns, format="text")
                copied.append(int(status.split()[1]))
    if len(copied) != 1:
        raise BackupFailed(f"the backup contains {len(copied)} tables named {table} instead of one")
    return copied[0]


async def _rows(lines: IO[bytes]) -> AsyncIterator[bytes]:
    """Yield the rows up to the line that ends them (PostgreSQL documentation, "COPY", text format)."""
    batch = bytearray()
    for line in lines:
        if line == b"\\.\n":
            break
        batch += line
        if len(batch) > _BATCH:
            yield bytes(batch)
            batch.clear()
    else:
        raise BackupFailed("the backup ends in the middle of a table")
    yield bytes(batch)


async def _continue_ids(driver: asyncpg.Connection, pg_restore: Path, file: Path, column: Column[int]) -> None:
    """Continue the ids of a column after the backup's last one, or after the highest in the table."""
    name = column.table.name
    sequence = await driver.fetchval("SELECT pg_get_serial_sequence($1, $2)", name, column.name)
    last = await driver.fetchval(f'SELECT coalesce(max("{column.name}"), 0) FROM "{name}"')  # noqa: S608 - our own names
    with _output(pg_restore, file, sequence.rpartition(".")[2].strip('"')) as lines:
        for line in lines:
            if (found := _SETVAL.fullmatch(line)) and found[2] == b"true":
                last = max(last, int(found[1]))
    if last:
        await driver.execute("SELECT setval($1::text::regclass, $2)", sequence, last)


def _output(pg_restore: Path, file: Path, name: str) -> AbstractContextManager[IO[bytes]]:
    """Return what pg_restore writes of the data of a table or a sequence."""
    return output_of([pg_restore, "--data-only", f"--table={name}", "--file=-", str(file)])
