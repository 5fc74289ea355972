"""Old history goes: the oldest changes first, each whole, with their keys, and nobody waits for it."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest
from sqlalchemy import Executable

from donebase.core import tasks
from donebase.core.errors import DatabaseFailed
from donebase.core.retention import LOCK, REMOVE, STEP_OWNERS, Retention
from donebase.core.shapes import NewTask, TaskChanges
from donebase.core.steps import STEP_ROWS
from donebase.postgres.compiled import compile_statement
from donebase.postgres.database import PostgresDatabase
from tests.support.databases import a_database_with_tables, fetchval
from tests.support.refusing import Refusing
from tests.support.with_database import with_database, with_databases

DAYS = 30
HISTORY_OF = "SELECT array(SELECT DISTINCT change FROM history WHERE user_id = $1 ORDER BY 1)"
AGED = "UPDATE history SET at = at - interval '31 days' WHERE user_id = $1"


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """A database of this file's own: what others have made old would be counted as well."""
    with a_database_with_tables() as url:
        yield url


async def removed(database: PostgresDatabase, days: int = DAYS) -> list[int]:
    """Remove what is old, and return how many rows went in each step."""
    return [rows async for rows in Retention(database, days, share=1).run()]


@asynccontextmanager
async def transaction(url: str) -> AsyncIterator[asyncpg.Connection]:
    """Yield a connection in a transaction."""
    connection = await asyncpg.connect(url, statement_cache_size=0)
    try:
        async with connection.transaction():
            yield connection
    finally:
        await connection.close()


def sql(statement: Executable, **parameters: Any) -> tuple[Any, ...]:
    """Return a statement's SQL and its values, as the driver takes them."""
    compiled = compile_statement(statement)
    return (compiled.sql, *compiled.arguments(parameters))


def changed(url: str, user: int, *days_ago: float, tasks: int = 1) -> None:
    """Make a user with a change for each number of days ago, of so many tasks, made by a request with a key."""
    fetchval(url, "INSERT INTO users (id, clock) VALUES ($1, $2)", user, len(days_ago))
    changes = "unnest($2::float8[]) WITH ORDINALITY AS made (days_ago, number)"
    history = f"SELECT $1, number, task, now() - interval '1 day' * days_ago, '{{}}' FROM {changes}"
    insert = f"INSERT INTO history (user_id, change, task_id, at, after) {history}, generate_series(1, $3::int) AS task"
    fetchval(url, insert, user, days_ago, tasks)
    key = f"SELECT $1, number, 'key ' || number, '' FROM {changes}"
    fetchval(url, f"INSERT INTO idempotency_keys (user_id, change, key, fingerprint) {key}", user, days_ago)


def left(url: str, user: int) -> list[int]:
    """Return the numbers of a user's changes that there is history of, and see that their keys are there too."""
    changes: list[int] = fetchval(url, HISTORY_OF, user)
    assert fetchval(url, HISTORY_OF.replace("history", "idempotency_keys"), user) == changes
    return changes


@pytest.mark.parametrize(
    ("days_ago", "expected"),
    [
        ([40, 35, 29, 0], [3, 4]),
        ([31, 31], []),
        ([29, 1], [1, 2]),
        pytest.param([40, 20, 40, 1], [2, 3, 4], id="the clock was far back for a while"),
        pytest.param([-400, 40, -400, 40, 1], [5], id="the clock was far ahead for a while"),
        pytest.param([40, -400, 1], [2, 3], id="what the clock ahead has written stays with what follows"),
        pytest.param([-400, -400], [1, 2], id="nothing but times in the future"),
    ],
)
def test_what_is_old_goes_with_its_keys_and_leaves_no_gap(
    url: str, alice: int, days_ago: list[float], expected: list[int]
) -> None:
    changed(url, alice, *days_ago, tasks=3)
    with_database(url, removed)
    assert left(url, alice) == expected


def test_every_owner_has_a_turn_and_the_tasks_stay(own_database: str) -> None:
    """Owners without history, with recent history and with old history, more than a step looks at."""
    owners = 2 * STEP_OWNERS + 1
    old, none = "user_id % 3 = 1", "user_id % 3 = 2"
    everybody = "generate_series(1, $1::int) AS user_id"
    fetchval(own_database, f"INSERT INTO users (id) SELECT * FROM {everybody}", owners)
    fetchval(
        own_database,
        f"INSERT INTO tasks (user_id, title) SELECT user_id, 'x' FROM {everybody} WHERE NOT {none}",
        owners,
    )
    fetchval(own_database, f"UPDATE history SET at = at - interval '31 days' WHERE {old}")
    steps = with_database(own_database, removed)
    assert steps == [1] * (owners // 3 + 1)
    assert fetchval(own_database, f"SELECT count(*) FROM history WHERE {old}") == 0
    assert fetchval(own_database, "SELECT count(*) FROM history") == owners // 3
    assert fetchval(own_database, "SELECT count(*) FROM tasks") == 2 * (owners // 3) + 1


def test_a_long_history_goes_in_small_steps_and_a_large_change_at_once(own_database: str) -> None:
    changed(own_database, 1, *[40] * (2 * STEP_ROWS + 1), 1)
    changed(own_database, 2, 40, 40, 1, tasks=STEP_ROWS + 1)
    assert with_database(own_database, removed) == [STEP_ROWS, STEP_ROWS, 1, STEP_ROWS + 1, STEP_ROWS + 1, 0]
    assert (left(own_database, 1), left(own_database, 2)) == ([2 * STEP_ROWS + 2], [3])


def test_two_at_once_remove_everything_once(own_database: str) -> None:
    for user in range(1, 21):
        changed(own_database, user, *[40] * 300, tasks=10)
    steps = with_databases(own_database, removed, removed, removed)
    # One that has found nothing left of an owner while another was there goes on.
    steps.append(with_database(own_database, removed))
    assert sum(map(sum, steps)) == 20 * 300 * 10
    assert fetchval(own_database, "SELECT count(*) FROM history") == 0
    assert fetchval(own_database, "SELECT count(*) FROM idempotency_keys") == 0


def test_who_finds_another_at_it_leaves_it_to_the_other(url: str, alice: int) -> None:
    changed(url, alice, 40)

    async def meanwhile(database: PostgresDatabase) -> None:
        async with transaction(url) as other:
            await other.execute(f"SELECT pg_advisory_xact_lock({LOCK})")
            assert await removed(database) == []
            one = await database.fetch(REMOVE, owner=alice, days=DAYS)
            assert [tuple(row) for row in one] == [(False, 0)]
        assert await removed(database) != []

    with_database(url, meanwhile)
    assert left(url, alice) == []


def test_nobody_waits_for_it_and_it_waits_for_nobody(url: str, alice: int) -> None:
    async def story(database: PostgresDatabase) -> None:
        task = (await tasks.create_task(database, alice, NewTask(title="x"))).task
        assert task
        await asyncio.to_thread(fetchval, url, AGED, alice)
        async with transaction(url) as step:
            assert [tuple(row) for row in await step.fetch(*sql(REMOVE, owner=alice, days=DAYS))] == [(True, 1)]
            await tasks.create_task(database, alice, NewTask(title="y"))
            await tasks.change_task(database, alice, task["id"], TaskChanges.model_validate({"title": "z"}))
            await tasks.delete_task(database, alice, task["id"])
        await asyncio.to_thread(fetchval, url, AGED, alice)
        async with transaction(url) as writer:
            await writer.execute("INSERT INTO tasks (user_id, title) VALUES ($1, 'x')", alice)
            assert sum(await removed(database)) >= 3

    with_database(url, story, database_timeout=600)
    assert fetchval(url, HISTORY_OF, alice) == [5]


def test_a_step_that_fails_does_not_keep_the_next_owners_from_their_turn(own_database: str) -> None:
    for user in (1, 2):
        changed(own_database, user, 40)

    async def story(database: PostgresDatabase) -> None:
        refusing = Refusing(database, REMOVE, owner=1)
        again = Retention(refusing, DAYS, share=1)
        with pytest.raises(DatabaseFailed):
            _ = [rows async for rows in again.run()]
        assert [rows async for rows in again.run()] == [1]
        refusing.refuses = False
        assert [rows async for rows in again.run()] == [1]

    with_database(own_database, story)
