"""The PostgreSQL of a run: the embedded one, on a folder of its own, filled with users and their tasks."""

import asyncio
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from bench import processes
from bench.load import Tasks
from donebase.postgres.embedded import postgresql
from donebase.postgres.history import without_history
from donebase.postgres.migrations import migrate
from donebase.settings import Settings

# The servers are measured, not the disk: nothing waits for it, and nothing else happens in the middle.
_SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "checkpoint_timeout": "1h",
    "max_wal_size": "4GB",
}
# Without the triggers of the history, which write each row for its own, and without the check of the foreign key for
# each row, which triples the time: the users are there.
WITHOUT_TRIGGERS = "SET session_replication_role = replica"
_INSERT = """
    INSERT INTO tasks (user_id, title, description, due, tags, version, created_at, updated_at)
    SELECT {user}, 'Task ' || n || ': buy milk and bread', CASE WHEN n % 2 = 0 THEN repeat('What to look for. ', 4) END,
        CASE WHEN n % 4 = 0 THEN jsonb '{{"date": "2026-12-01", "time": "17:00", "time_zone": null}}' END,
        CASE WHEN n % 3 = 0 THEN '{{shop,home}}'::text[] ELSE '{{}}' END,
        1, timestamptz '2026-01-01' + n * interval '1 ms', timestamptz '2026-01-01' + n * interval '1 ms'
    FROM generate_series(0, {count} - 1) AS n ORDER BY n
"""


class Postgres:
    """A PostgreSQL with donebase's tables, at `url`."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.version: str = self.value("SHOW server_version")

    @cached_property
    def process(self) -> int:
        """The number of its first process."""
        return asyncio.run(self._process())

    def another(self, name: str) -> "Postgres":
        """Make another database beside it, with donebase's tables."""
        self.execute(f"CREATE DATABASE {name}")
        url = urlunsplit(urlsplit(self.url)._replace(path=f"/{name}"))
        asyncio.run(migrate(Settings.read().on(url)))
        return Postgres(url)

    def plain(self, name: str) -> "Postgres":
        """Make another database beside it, with donebase's tables and without the triggers that keep a history."""
        database = self.another(name)
        database.execute(*without_history(), "ALTER TABLE tasks ALTER version SET DEFAULT 1")
        return database

    def value(self, sql: str) -> Any:
        """Run a statement on a connection of its own and return the first value of what comes back."""
        return asyncio.run(self._value(sql))

    def execute(self, *statements: str) -> None:
        """Run statements, each in a transaction of its own, on one connection."""
        asyncio.run(self._execute(statements))

    def insert(self, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        """Write rows into a table."""
        asyncio.run(self._insert_rows(table, columns, rows))

    def wal_bytes(self) -> float:
        """Return how many bytes of write-ahead log there have been so far, of all databases."""
        return float(self.value("SELECT pg_current_wal_insert_lsn() - '0/0'"))

    def history_bytes(self) -> int:
        """Return how many bytes the history takes, with its index, and without pages that are empty yet."""
        self.execute("VACUUM history")
        return int(self.value("SELECT pg_total_relation_size('history')"))

    def cpu_seconds(self) -> float:
        """Return the CPU time of all its processes so far, in seconds."""
        return processes.cpu_seconds(self.process)

    def fill(self, users: int, each: int) -> Tasks:
        """Make so many new users with so many tasks each, and return where they are.

        All tasks have version 1, and all users have made one change.
        """
        first = self.new_users(users)
        first_task = self._insert(f"{first} + n / {each}", users * each)
        self.execute("VACUUM ANALYZE", "CHECKPOINT")  # now, and not while something is measured
        return Tasks(first, users, first_task, each)

    def new_users(self, count: int) -> int:
        """Make so many new users that have made one change, and return the id of the first."""
        first = int(self.value("SELECT max(id) FROM users") or 0) + 1
        self.execute(f"INSERT INTO users (id, clock) SELECT generate_series({first}, {first + count - 1}), 1")
        return first

    def spare(self, tasks: Tasks, count: int) -> int:
        """Make so many more tasks for these users, in turn, with version 1, and return the id of the first."""
        return self._insert(f"{tasks.first_user} + n % {tasks.users}", count)

    def tidy(self, last: int) -> None:
        """Take away all tasks after the id `last`, the history, and what updates and deletes have left behind."""
        emptied = "TRUNCATE history, idempotency_keys"
        self.execute(WITHOUT_TRIGGERS, f"DELETE FROM tasks WHERE id > {last}", emptied, "VACUUM tasks, users")

    def last_task(self) -> int:
        """Return the highest id of a task."""
        return int(self.value("SELECT max(id) FROM tasks"))

    def _insert(self, user: str, count: int) -> int:
        self.execute(WITHOUT_TRIGGERS, _INSERT.format(user=user, count=count))
        return self.last_task() - count + 1

    async def _process(self) -> int:
        connection = await asyncpg.connect(self.url)
        try:
            return processes.parent(await connection.fetchval("SELECT pg_backend_pid()"))
        finally:
            await connection.close()

    async def _value(self, sql: str) -> Any:
        connection = await asyncpg.connect(self.url)
        try:
            return await connection.fetchval(sql)
        finally:
            await connection.close()

    async def _insert_rows(self, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        connection = await asyncpg.connect(self.url)
        try:
            await connection.copy_records_to_table(table, columns=columns, records=rows)
        finally:
            await connection.close()

    async def _execute(self, statements: Sequence[str]) -> None:
        connection = await asyncpg.connect(self.url)
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()


@contextmanager
def postgres() -> Iterator[Postgres]:
    """Start a PostgreSQL, make donebase's tables in it, and take it away again with its data."""
    with tempfile.TemporaryDirectory(prefix="donebase-bench-") as folder, postgresql(Path(folder)) as url:
        started = Postgres(url)
        settings = [f"ALTER SYSTEM SET {name} = '{value}'" for name, value in _SETTINGS.items()]
        started.execute(*settings, "SELECT pg_reload_conf()")
        asyncio.run(migrate(Settings.read().on(url)))
        yield started
