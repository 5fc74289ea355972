"""The PostgreSQL of a run: the embedded one, on a folder of its own, filled with users and their tasks."""

import asyncio
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from bench import processes
from bench.load import Tasks
from donebase.postgres.embedded import postgresql
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
_CHECKPOINTER = "SELECT pid FROM pg_stat_activity WHERE backend_type = 'checkpointer'"
_INSERT = """
    INSERT INTO tasks (user_id, title, description)
    SELECT {user}, 'Task ' || n || ': buy milk and bread', CASE WHEN n % 2 = 0 THEN repeat('What to look for. ', 4) END
    FROM generate_series(0, {count} - 1) AS n ORDER BY n
"""


class Postgres:
    """A PostgreSQL with donebase's tables, at `url`."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.process = processes.parent(self.value(_CHECKPOINTER))
        self.version: str = self.value("SHOW server_version")

    def another(self, name: str) -> "Postgres":
        """Make another database beside it, with donebase's tables."""
        self.value(f"CREATE DATABASE {name}")
        url = urlunsplit(urlsplit(self.url)._replace(path=f"/{name}"))
        asyncio.run(migrate(Settings.read().on(url)))
        return Postgres(url)

    def value(self, sql: str) -> Any:
        """Run a statement on a connection of its own and return the first value of what comes back."""
        return asyncio.run(self._run(sql))

    def cpu_seconds(self) -> float:
        """Return the CPU time of all its processes so far, in seconds."""
        return processes.cpu_seconds(self.process)

    def fill(self, users: int, each: int) -> Tasks:
        """Make so many new users with so many tasks each, and return where they are."""
        first = (self.value("SELECT max(id) FROM users") or 0) + 1
        self.value(f"INSERT INTO users (id) SELECT generate_series({first}, {first + users - 1})")
        first_task = self._insert(f"{first} + n / {each}", users * each)
        self.value("VACUUM ANALYZE")
        self.value("CHECKPOINT")  # now, and not while something is measured
        return Tasks(first, users, first_task, each)

    def spare(self, tasks: Tasks, count: int) -> int:
        """Make so many more tasks for these users, in turn, and return the id of the first."""
        return self._insert(f"{tasks.first_user} + n % {tasks.users}", count)

    def tidy(self, last: int) -> None:
        """Take away all tasks after the id `last`, and what updates and deletes have left behind."""
        self.value(f"DELETE FROM tasks WHERE id > {last}")
        self.value("VACUUM tasks")

    def last_task(self) -> int:
        """Return the highest id of a task."""
        return int(self.value("SELECT max(id) FROM tasks"))

    def _insert(self, user: str, count: int) -> int:
        # Without the check of the foreign key for each row: it triples the time, and the users are there.
        quickly = "SET session_replication_role = replica; "
        self.value(quickly + _INSERT.format(user=user, count=count))
        return self.last_task() - count + 1

    async def _run(self, sql: str) -> Any:
        connection = await asyncpg.connect(self.url)
        try:
            if sql.startswith("SET "):
                return await connection.execute(sql)
            return await connection.fetchval(sql)
        finally:
            await connection.close()


@contextmanager
def postgres() -> Iterator[Postgres]:
    """Start a PostgreSQL, make donebase's tables in it, and take it away again with its data."""
    with tempfile.TemporaryDirectory(prefix="donebase-bench-") as folder, postgresql(Path(folder)) as url:
        started = Postgres(url)
        for name, value in _SETTINGS.items():
            started.value(f"ALTER SYSTEM SET {name} = '{value}'")
        started.value("SELECT pg_reload_conf()")
        asyncio.run(migrate(Settings.read().on(url)))
        yield started
