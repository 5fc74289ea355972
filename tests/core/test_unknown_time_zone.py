"""A time zone that the service knows and PostgreSQL does not, because the data of one is older or has fewer names."""

import asyncio
from datetime import UTC, datetime
from typing import Literal

import pytest

from donebase.core.errors import InvalidInput
from donebase.core.filters import TaskFilter
from donebase.core.lists import TaskList
from donebase.postgres.database import PostgresDatabase
from donebase.settings import Settings
from tests.support.psql import Psql


@pytest.mark.parametrize("due", ["overdue", "today"])
def test_that_of_who_asks_is_named(database_url: str, alice: int, due: Literal["overdue", "today"]) -> None:
    psql = Psql(database_url, alice)
    try:
        psql.create("x", due={"date": f"{datetime.now(UTC):%Y-%m-%d}", "time": None, "time_zone": None})
    finally:
        psql.close()

    async def listed() -> None:
        database = PostgresDatabase(Settings.read(database_url=database_url))
        try:
            await TaskList(database, alice, TaskFilter(due=due, time_zone="Mars/Base")).first()
        finally:
            await database.close()

    with pytest.raises(InvalidInput, match="time_zone: unknown_time_zone"):
        asyncio.run(listed())
