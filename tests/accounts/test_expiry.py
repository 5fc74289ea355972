"""What has expired goes, and nothing else: sessions, personal tokens, failed attempts to sign in."""

import asyncio
from collections.abc import Iterator

import asyncpg
import pytest

from donebase.accounts.expiry import LOCK, Expiry
from donebase.core.steps import STEP_ROWS
from donebase.postgres.database import PostgresDatabase
from tests.support.databases import a_database_with_tables, fetchval
from tests.support.held_up import Onlooker
from tests.support.with_database import with_database

# The columns and the values of a row that expires, or failed for the last time, at a moment.
ROWS = {
    "sessions": ("id, user_id, secret, expires_at", "int8send(n), 7, '', {0}"),
    "personal_tokens": ("hash, user_id, name, scopes, expires_at", "int8send(n), 7, '', '{{}}', {0}"),
    "attempts": ("key, failed_at", "int8send(n), ARRAY[{0}, {0} - interval '1 minute']"),
}


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """A database of this file's own: it is empty before each test, and counted after it."""
    with a_database_with_tables() as url:
        yield url


@pytest.fixture(autouse=True)
def _empty(url: str) -> None:
    fetchval(url, "TRUNCATE sessions, personal_tokens, attempts")


async def removed(database: PostgresDatabase) -> list[int]:
    return [rows async for rows in Expiry(database, share=1).run()]


def insert(url: str, table: str, number: int, expires: str | None) -> None:
    columns, values = ROWS[table]
    moment = f"now() + interval '{expires}'" if expires else "NULL"
    rows = f"SELECT {values.format(moment)} FROM generate_series(1, $1::int) AS n"
    fetchval(url, f"INSERT INTO {table} ({columns}) {rows}", number)


@pytest.mark.parametrize(
    ("table", "expires", "left"),
    [
        ("sessions", "-1 minute", 0),
        ("sessions", "1 minute", 1),
        ("personal_tokens", "-31 days", 0),
        ("personal_tokens", "-29 days", 1),
        ("personal_tokens", None, 1),
        ("attempts", "-16 minutes", 0),
        ("attempts", "-14 minutes -30 seconds", 1),
    ],
)
def test_only_what_has_expired_goes(url: str, table: str, expires: str | None, left: int) -> None:
    insert(url, table, 1, expires)
    with_database(url, removed)
    assert fetchval(url, f"SELECT count(*) FROM {table}") == left


def test_each_table_is_looked_at_to_its_end_in_small_steps(url: str) -> None:
    for name in ROWS:
        insert(url, name, 2 * STEP_ROWS + 1, "-40 days")
    fetchval(url, "UPDATE sessions SET expires_at = now() + interval '1 day' WHERE id <= int8send(1500)")
    part = [STEP_ROWS, STEP_ROWS, 1, 0]
    assert with_database(url, removed) == [0, STEP_ROWS // 2, 1, 0, *part, *part]
    assert fetchval(url, "SELECT count(*) FROM sessions") == 1500


def test_a_session_that_is_refreshed_meanwhile_stays(url: str) -> None:
    insert(url, "sessions", 1, "-1 minute")

    async def story(database: PostgresDatabase) -> None:
        other = await asyncpg.connect(url, statement_cache_size=0)
        async with Onlooker(url) as onlooker:
            async with other.transaction():
                await other.execute("UPDATE sessions SET expires_at = now() + interval '30 days'")
                removal = asyncio.create_task(removed(database))
                await onlooker.wait_for(1, "wait_event_type = 'Lock'")
            assert sum(await removal) == 0
        await other.close()

    with_database(url, story)
    assert fetchval(url, "SELECT count(*) FROM sessions") == 1


def test_who_finds_another_at_it_leaves_it_to_the_other(url: str) -> None:
    insert(url, "sessions", 1, "-1 minute")

    async def story(database: PostgresDatabase) -> list[int]:
        other = await asyncpg.connect(url, statement_cache_size=0)
        async with other.transaction():
            await other.execute(f"SELECT pg_advisory_xact_lock({LOCK})")
            found = await removed(database)
        await other.close()
        return found

    assert with_database(url, story) == []
    assert with_database(url, removed)[0] == 1
