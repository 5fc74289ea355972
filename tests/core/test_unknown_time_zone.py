"""A time zone that the service knows and PostgreSQL does not, because the data of one is older or has fewer names."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Literal

import pytest

from donebase.core.errors import InvalidInput
from donebase.core.filters import TaskFilter
from donebase.core.lists import TaskList
from donebase.core.many import delete_tasks
from donebase.core.writes import RequestKey
from donebase.postgres.database import PostgresDatabase
from tests.support.psql import Psql
from tests.support.with_database import with_database


async def listed(database: PostgresDatabase, owner: int, wanted: TaskFilter) -> None:
    await TaskList(database, owner, wanted).first()


async def deleted(database: PostgresDatabase, owner: int, wanted: TaskFilter) -> None:
    await delete_tasks(database, owner, wanted, everything=False, key=RequestKey("key", b"fingerprint"))


@pytest.mark.parametrize("request_", [listed, deleted])
@pytest.mark.parametrize("due", ["overdue", "today"])
def test_that_of_who_asks_is_named(
    database_url: str,
    alice: int,
    due: Literal["overdue", "today"],
    request_: Callable[[PostgresDatabase, int, TaskFilter], Awaitable[None]],
) -> None:
    psql = Psql(database_url, alice)
    try:
        psql.create("x", due={"date": f"{datetime.now(UTC):%Y-%m-%d}", "time": None, "time_zone": None})
    finally:
        psql.close()

    unknown = TaskFilter(due=due, time_zone="Mars/Base")
    with pytest.raises(InvalidInput, match="time_zone: unknown_time_zone"):
        with_database(database_url, lambda database: request_(database, alice, unknown))
