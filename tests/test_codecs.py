"""Times as PostgreSQL stores them and as the API answers them, and connections that read them so."""

import asyncio
from typing import Any

import asyncpg
import orjson
import pytest

from donebase.core.errors import DatabaseFailed
from donebase.core.lists import TaskList
from donebase.core.rows import all_task_fields
from donebase.core.shapes import NewTask
from donebase.core.statements import READ
from donebase.core.tasks import create_task
from donebase.http.bytes_response import encoded
from donebase.postgres.database import PostgresDatabase
from donebase.settings import Settings
from tests.support.databases import configure
from tests.support.wire import WireTap

ANSWERED = {
    "2026-11-20 08:00:00+00": "2026-11-20T08:00:00Z",
    "2026-11-20 08:00:00.1+00": "2026-11-20T08:00:00.100000Z",
    "2026-11-20 08:00:00.000001+00": "2026-11-20T08:00:00.000001Z",
    "2026-11-20 08:00:00.123450+05:30": "2026-11-20T02:30:00.123450Z",
    "0001-01-01 00:00:00+00": "0001-01-01T00:00:00Z",
    "9999-12-31 23:59:59.999999+00": "9999-12-31T23:59:59.999999Z",
}
# Only psql can store these.
UNREADABLE = [
    "0001-12-31 00:00:00+00 BC",
    "4713-01-01 00:00:00+00 BC",
    "-infinity",
    "10000-01-01 00:00:00+00",
    "294276-12-31 23:59:59.999999+00",
    "infinity",
]


async def store(url: str, *times: str) -> None:
    """Store a task of user 1 for each time, with the time as its title."""
    driver = await asyncpg.connect(url, statement_cache_size=0)
    await driver.execute("INSERT INTO users VALUES (1)")
    for time in times:
        insert = "INSERT INTO tasks (user_id, title, created_at) VALUES (1, $1, $1::text::timestamptz)"
        await driver.execute(insert, time)
    await driver.close()


async def answered(url: str) -> list[Any]:
    """Store a task for each time, and return what a list answers."""
    await store(url, *ANSWERED)
    database = PostgresDatabase(Settings.read(database_url=url))
    rows = (await TaskList(database, 1).first()).rows
    await database.close()
    found: list[Any] = orjson.loads(encoded(all_task_fields(rows)))
    return found


@pytest.mark.parametrize("style", ["ISO, MDY", "German", "SQL, DMY", "Postgres, YMD"])
def test_times_are_answered_whatever_the_session_begins_with(own_database: str, style: str) -> None:
    asyncio.run(configure(own_database, f"datestyle = '{style}'", "timezone = 'Asia/Kolkata'"))
    assert {task["title"]: task["created_at"] for task in asyncio.run(answered(own_database))} == ANSWERED


@pytest.mark.parametrize("time", UNREADABLE)
def test_a_time_that_cannot_be_answered_is_a_failure_with_its_cause(own_database: str, time: str) -> None:
    async def use() -> None:
        await store(own_database, time)
        database = PostgresDatabase(Settings.read(database_url=own_database, database_pool_size=1))
        for _ in range(2):
            with pytest.raises(DatabaseFailed, match="a time outside of the years 1 to 9999"):
                await TaskList(database, 1).first()
        assert (await TaskList(database, 2).first()).rows == []
        await database.close()

    asyncio.run(use())


def test_a_new_connection_costs_no_round_trip_of_its_own(own_database: str) -> None:
    """Nothing is executed on it before its first statement."""

    async def use() -> None:
        with WireTap(own_database) as tap:
            database = PostgresDatabase(Settings.read(database_url=tap.url))
            await database.open()
            tap.take()
            await database.fetch(READ.flat, task_id=1)
            asked = tap.take()
            await create_task(database, 1, NewTask(title="x"))
            await database.close()
        assert {kind: asked[kind] for kind in "EQS"} == {"E": 1, "Q": 0, "S": 1}

    asyncio.run(use())
