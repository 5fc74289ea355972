"""The PostgreSQL of this run: the embedded one or that of TEST_DATABASE_URL, and databases on it."""

import asyncio
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from donebase.postgres.embedded import postgresql
from donebase.postgres.migrations import migrate
from donebase.settings import Settings

MAX_CONNECTIONS = "600"
"""Of the PostgreSQL of a run: each of up to nine processes has three services with ten connections each, and those of
its own tests, which stay for two minutes."""
# What a crash would need; tests of crashes have a server of their own.
_DURABLE = ("fsync", "full_page_writes", "synchronous_commit")


@contextmanager
def postgresql_of_the_run() -> Iterator[None]:
    """Have a PostgreSQL in TEST_DATABASE_URL, and on it a database with tables, named in TEST_TEMPLATE, to copy.

    The processes that run the tests find both in their environment.
    """
    with ExitStack() as stack:
        if "TEST_DATABASE_URL" not in os.environ:
            folder = tempfile.mkdtemp(prefix="donebase-tests-")
            stack.callback(shutil.rmtree, folder, ignore_errors=True)
            with postgresql(Path(folder)) as url:
                os.environ["TEST_DATABASE_URL"] = url
                settings = dict.fromkeys(_DURABLE, "off") | {"max_connections": MAX_CONNECTIONS}
                asyncio.run(execute(*(f"ALTER SYSTEM SET {name} = {value}" for name, value in settings.items())))
            os.environ["TEST_DATABASE_URL"] = stack.enter_context(postgresql(Path(folder)))
            stack.callback(os.environ.pop, "TEST_DATABASE_URL")
        url = stack.enter_context(a_database())
        asyncio.run(migrate(Settings.read(database_url=url)))
        os.environ["TEST_TEMPLATE"] = name = urlsplit(url).path[1:]
        stack.callback(os.environ.pop, "TEST_TEMPLATE")
        # PostgreSQL copies no database that somebody is connected to, as a pooler may stay.
        asyncio.run(execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false", ended(name)))
        yield


@contextmanager
def a_database(template: str = "template1", options: str = "") -> Iterator[str]:
    """Make a copy of a database, yield its URL and drop it again."""
    name = f"test_{secrets.token_hex(6)}"
    # With fsync off a third quicker than through the log, and half as much where it is on.
    asyncio.run(execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY {options}"))
    try:
        yield database_named(name)
    finally:
        # FORCE waits for five seconds, and on a busy machine a session may take longer to end.
        asyncio.run(execute(ended(name), f"DROP DATABASE {name} WITH (FORCE)"))


@contextmanager
def a_database_with_tables() -> Iterator[str]:
    """Make a database with donebase's tables and nothing in them, yield its URL and drop it again."""
    with a_database(os.environ["TEST_TEMPLATE"]) as url:
        yield url


def embedded_data(folder: Path) -> None:
    """Have the embedded PostgreSQL make its data in a folder, with donebase's tables and nothing in them."""
    with postgresql(folder) as url:
        asyncio.run(migrate(Settings.read(database_url=url)))


def database_named(name: str) -> str:
    """Return the URL of another database on the PostgreSQL of this run."""
    return urlunsplit(urlsplit(os.environ["TEST_DATABASE_URL"])._replace(path=f"/{name}"))


async def execute(*commands: str) -> None:
    """Run SQL on the PostgreSQL of this run, each command in a transaction of its own."""
    connection = await asyncpg.connect(os.environ["TEST_DATABASE_URL"], statement_cache_size=0)
    try:
        for command in commands:
            await connection.execute(command)
    finally:
        await connection.close()


async def configure(url: str, *settings: str) -> None:
    """Set what the sessions of a database begin with."""
    connection = await asyncpg.connect(url, statement_cache_size=0)
    name = await connection.fetchval("SELECT current_database()")
    for setting in settings:
        await connection.execute(f'ALTER DATABASE "{name}" SET {setting}')
    await connection.close()


def ended(database: str) -> str:
    """Return the SQL that ends every connection to a database."""
    return f"SELECT pg_terminate_backend(pid, 30000) FROM pg_stat_activity WHERE datname = '{database}'"


def fetchval(url: str, sql: str, *arguments: object) -> Any:
    """Run SQL on a database and return the one value that it gives, if any."""

    async def run() -> object:
        connection = await asyncpg.connect(url, statement_cache_size=0)
        try:
            return await connection.fetchval(sql, *arguments)
        finally:
            await connection.close()

    return asyncio.run(run())


def fill(url: str, user: int, number: int, description: str | None = None) -> None:
    """Make a user with so many tasks: `task 1` and so on, each with this description."""
    fetchval(url, "INSERT INTO users (id) VALUES ($1)", user)
    rows = "SELECT $1, 'task ' || n, $3 FROM generate_series(1, $2::int) AS n"
    fetchval(url, f"INSERT INTO tasks (user_id, title, description) {rows}", user, number, description)


def fill_without_history(url: str, user: int, number: int, description: str) -> None:
    """Make a user with so many tasks as `fill` does, in less time: all have version 1, and the history is empty."""
    values = f"SELECT {user}, 'task ' || n, '{description}', 1 FROM generate_series(1, {number}) AS n"
    insert = f"INSERT INTO tasks (user_id, title, description, version) {values}"
    asyncio.run(_without_triggers(url, f"INSERT INTO users (id, clock) VALUES ({user}, 1)", insert))


def empty(url: str, user: int) -> None:
    """Delete the tasks of a user, and leave the history as it is."""
    asyncio.run(_without_triggers(url, f"DELETE FROM tasks WHERE user_id = {user}"))


async def _without_triggers(url: str, *commands: str) -> None:
    connection = await asyncpg.connect(url, statement_cache_size=0)
    try:
        async with connection.transaction():
            for command in ("SET LOCAL session_replication_role = replica", *commands):
                await connection.execute(command)
    finally:
        await connection.close()
