"""docs/backup.md, "After changes were lost": no client takes what it has seen for what is there now."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import pytest

from donebase.core import tasks
from donebase.core.changes import changes_since
from donebase.core.errors import HistoryPruned, PreconditionFailed
from donebase.core.shapes import NewTask, TaskChanges
from donebase.core.writes import Written
from donebase.postgres.database import PostgresDatabase
from donebase.settings import Settings
from tests.support.databases import a_database, ended, execute

PAGE = (Path(__file__).parent.parent.parent / "docs" / "backup.md").read_text()
[RAISE] = re.findall(r"```sql\n(.*?)```", PAGE, re.DOTALL)


async def change(database: PostgresDatabase, user: int, task_id: int, title: str, **more: Any) -> Written:
    return await tasks.change_task(database, user, task_id, TaskChanges.model_validate({"title": title}), **more)


async def create(database: PostgresDatabase, user: int) -> int:
    created = (await tasks.create_task(database, user, NewTask(title="x"))).task
    assert created
    return int(created["id"])


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[PostgresDatabase]:
    database = PostgresDatabase(Settings.read(database_url=url))
    yield database
    await database.close()


async def write(url: str, user: int) -> int:
    """Create a task and change it, and return its id."""
    async with opened(url) as database:
        task_id = await create(database, user)
        assert (await change(database, user, task_id, "y")).change
        return task_id


async def raise_and_write(url: str, user: int, task_id: int, lost_id: int) -> None:
    """Do what the page says, write as much as was lost and more, and see that no number means two things."""
    connection = await asyncpg.connect(url, statement_cache_size=0)
    await connection.execute(RAISE)
    await connection.close()
    async with opened(url) as database:
        for title in "abcde":
            await change(database, user, task_id, title)
        for seen in range(1, 5):
            with pytest.raises(HistoryPruned):
                await changes_since(database, user, seen, 1000)
        with pytest.raises(PreconditionFailed):
            await change(database, user, task_id, "overwritten", versions=(1, 2, 3, 4))
        assert await create(database, user) > lost_id
        anew = await changes_since(database, user, 0, 1000)
        assert [row["title"] for row in anew.tasks] == ["e", "x"]
        assert (await changes_since(database, user, anew.latest, 1000)).tasks == []


def test_numbers_that_were_lost_are_not_given_again(own_database: str, alice: int) -> None:
    task_id = asyncio.run(write(own_database, alice))
    asyncio.run(execute(ended(urlsplit(own_database).path[1:])))  # one that is in use cannot be copied
    with a_database(urlsplit(own_database).path[1:]) as backup:
        lost_id = asyncio.run(write(own_database, alice))
        asyncio.run(raise_and_write(backup, alice, task_id, lost_id))
