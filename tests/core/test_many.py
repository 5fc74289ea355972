"""Writes about many tasks, while others write the same tasks: which are meant, and in which order they are locked."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Literal

import asyncpg
import pytest

from donebase.core.errors import InvalidInput
from donebase.core.filters import EVERYTHING, TaskFilter
from donebase.core.many import change_tasks, create_tasks, delete_tasks
from donebase.core.shapes import NewTask, TaskChanges
from donebase.core.writes import RequestKey, WrittenMany
from donebase.postgres.database import PostgresDatabase
from tests.support.databases import configure
from tests.support.held_up import Onlooker
from tests.support.with_database import with_database

SHOP = TaskFilter(tags=("shop",))
DONE = TaskChanges.model_validate({"completed": True})
WAITING = "wait_event_type = 'Lock'"
Write = Callable[[PostgresDatabase, int], Awaitable[WrittenMany]]


async def change(database: PostgresDatabase, owner: int) -> WrittenMany:
    """Complete all that is to be bought."""
    return await change_tasks(database, owner, SHOP, DONE)


async def change_with_a_key(database: PostgresDatabase, owner: int) -> WrittenMany:
    """Complete all that is to be bought, with a key."""
    return await change_tasks(database, owner, SHOP, DONE, RequestKey("k", b""))


async def delete(database: PostgresDatabase, owner: int) -> WrittenMany:
    """Delete all that is to be bought."""
    return await delete_tasks(database, owner, SHOP, everything=False)


@pytest.mark.parametrize("write", [change, change_with_a_key, delete])
@pytest.mark.parametrize(
    ("meanwhile", "written"),
    [
        ("UPDATE tasks SET tags = '{}' WHERE id = $1", 2),  # it is not meant any more
        ("UPDATE tasks SET title = 'y' WHERE id = $1", 3),  # it is
        ("DELETE FROM tasks WHERE id = $1", 2),
        ("INSERT INTO tasks (user_id, title, tags) SELECT user_id, 'y', tags FROM tasks WHERE id = $1 FOR UPDATE", 3),
    ],
)
def test_what_is_written_meanwhile_is_looked_at_again(
    database_url: str, alice: int, write: Write, meanwhile: str, written: int
) -> None:
    async def use(database: PostgresDatabase) -> None:
        new = [NewTask(title="x", tags=["shop"]) for _ in range(3)]
        tasks = (await create_tasks(database, alice, new)).tasks
        other = await asyncpg.connect(database_url, statement_cache_size=0)
        async with Onlooker(database_url) as onlooker:
            async with other.transaction():
                await other.execute(meanwhile, tasks[1]["id"])
                writing = asyncio.ensure_future(write(database, alice))
                await onlooker.wait_for(1, WAITING)
            done = await writing
        sql = "SELECT count(*) FROM history WHERE user_id = $1 AND change = $2"
        assert done.number == await other.fetchval(sql, alice, done.change) == written
        await other.close()

    with_database(database_url, use, database_timeout=600)


def test_what_another_has_changed_in_the_same_way_is_not_changed_again(database_url: str, alice: int) -> None:
    async def use(database: PostgresDatabase) -> None:
        tasks = (await create_tasks(database, alice, [NewTask(title="x")] * 3)).tasks
        other = await asyncpg.connect(database_url, statement_cache_size=0)
        async with Onlooker(database_url) as onlooker:
            async with other.transaction():
                await other.execute("UPDATE tasks SET completed = true WHERE id = $1", tasks[1]["id"])
                writing = asyncio.ensure_future(change_tasks(database, alice, EVERYTHING, DONE))
                await onlooker.wait_for(1, WAITING)
            assert (await writing).number == 2
        sql = "SELECT array_agg(version ORDER BY id) FROM tasks WHERE user_id = $1"
        assert await other.fetchval(sql, alice) == [3, 2, 3]
        await other.close()

    with_database(database_url, use, database_timeout=600)


@pytest.mark.parametrize("write", [change, delete])
def test_tasks_are_locked_in_the_order_of_their_ids(own_database: str, alice: int, write: Write) -> None:
    """Whoever has the first of them can have the others: a request about many has locked none of these yet.

    The first was changed, and is where a scan of the table finds it last.
    """

    async def use(database: PostgresDatabase) -> None:
        first, *others = (await create_tasks(database, alice, [NewTask(title="x", tags=["shop"])] * 50)).tasks
        other = await asyncpg.connect(own_database, statement_cache_size=0)
        await other.execute("UPDATE tasks SET title = 'y' WHERE id = $1", first["id"])
        assert await other.fetchval("SELECT id FROM tasks ORDER BY ctid DESC LIMIT 1") == first["id"]
        async with Onlooker(own_database) as onlooker:
            async with other.transaction():
                await other.execute("SELECT FROM tasks WHERE id = $1 FOR UPDATE", first["id"])
                writing = asyncio.ensure_future(write(database, alice))
                await onlooker.wait_for(1, WAITING)
                ids = [task["id"] for task in others]
                await other.execute("SELECT FROM tasks WHERE id = ANY ($1) FOR UPDATE NOWAIT", ids)
            assert (await writing).number == 50
        await other.close()

    no_index = [f"enable_{scan} = off" for scan in ("indexscan", "indexonlyscan", "bitmapscan")]
    asyncio.run(configure(own_database, *no_index))
    with_database(own_database, use, database_timeout=600)


@pytest.mark.parametrize("due", ["today", "overdue"])
@pytest.mark.parametrize("key", [None, RequestKey("k", b"")])
def test_a_time_zone_that_postgresql_does_not_know_is_named(
    database_url: str, alice: int, due: Literal["today", "overdue"], key: RequestKey | None
) -> None:
    wanted = TaskFilter(due=due, time_zone="Mars/Olympus")

    async def use(database: PostgresDatabase) -> None:
        await create_tasks(database, alice, [NewTask.model_validate({"title": "x", "due": {"date": "2026-12-01"}})])
        with pytest.raises(InvalidInput, match="time_zone"):
            await change_tasks(database, alice, wanted, DONE, key)
        with pytest.raises(InvalidInput, match="time_zone"):
            await delete_tasks(database, alice, wanted, everything=False, key=key)

    with_database(database_url, use, database_timeout=600)


def test_many_with_one_key_are_carried_out_once(database_url: str, alice: int) -> None:
    async def use(database: PostgresDatabase) -> None:
        await create_tasks(database, alice, [NewTask(title="x", tags=["shop"])] * 10)
        for write, key in ((change_tasks, "a"), (_delete_all, "b")):
            arguments = (database, alice, EVERYTHING, DONE, RequestKey(key, b""))
            done = await asyncio.gather(*(write(*arguments) for _ in range(20)))
            assert sum(not each.replayed for each in done) == 1
            assert {(each.change, each.number) for each in done} == {(2 if key == "a" else 3, 10)}
        new = [NewTask(title="x")] * 10
        born = await asyncio.gather(*(create_tasks(database, alice, new, RequestKey("c", b"")) for _ in range(20)))
        assert sum(not each.replayed for each in born) == 1
        assert all(each.tasks == born[0].tasks for each in born)

    with_database(database_url, use, database_timeout=600)


async def _delete_all(
    database: PostgresDatabase, owner: int, wanted: TaskFilter, _: TaskChanges, key: RequestKey
) -> WrittenMany:
    return await delete_tasks(database, owner, wanted, everything=True, key=key)
