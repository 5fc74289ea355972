"""The connections to PostgreSQL, counted where they arrive."""

import asyncio

import pytest
from sqlalchemy import func, literal, select

from donebase.core.inputs import NewTask
from donebase.core.tasks import create_task
from donebase.database import Database
from donebase.settings import Settings
from tests.support.held_up import Onlooker
from tests.support.waiting import DEADLINE

SIZE = 3
A_LOCK = "wait_event_type = 'Lock'"


@pytest.mark.parametrize(("idle", "left"), [(0.01, 1), (600, SIZE)], ids=["long ago", "lately"])
def test_connections_that_nobody_used_for_so_long_are_closed(own_database: str, idle: float, left: int) -> None:
    """One is at work meanwhile, and stays."""
    settings = Settings.read(database_url=own_database, database_pool_idle=idle, database_pool_size=SIZE)

    async def use() -> None:
        database = Database(settings)
        async with Onlooker(own_database) as onlooker:
            await writing_at_once(database, onlooker, SIZE)
            await onlooker.wait_for(SIZE, "true")
            async with onlooker.holding_up_writes():
                at_work = asyncio.create_task(create_task(database, 1, NewTask(title="at work")))
                await onlooker.wait_for(1, A_LOCK)
                await asyncio.sleep(0.02)
                await database.close_idle()
            await at_work
            await onlooker.wait_for(left, "true")
            await database.fetch(select(literal(1)))
            assert await onlooker.sessions("true") == left
            await database.close()

    asyncio.run(use())


async def writing_at_once(database: Database, onlooker: Onlooker, number: int) -> None:
    """Write on so many connections."""
    async with onlooker.holding_up_writes():
        at_work = [asyncio.create_task(create_task(database, 1, NewTask(title="one"))) for _ in range(number)]
        await onlooker.wait_for(number, A_LOCK)
    await asyncio.gather(*at_work)


def test_who_waited_for_a_connection_at_a_stop_is_told_that_nothing_was_done(own_database: str) -> None:
    """Both limits are due at once, and the inner one says more."""
    waits = {"database_timeout": 600, "database_pool_wait": 600}
    settings = Settings.read(database_url=own_database, database_pool_size=1, **waits)

    async def use() -> list[str]:
        database = Database(settings)
        async with Onlooker(own_database) as onlooker:
            busy = [asyncio.create_task(database.fetch(select(func.pg_sleep(600)))) for _ in range(2)]
            await onlooker.wait_for(1, "wait_event = 'PgSleep'")
            database.end_within(0.3)
            async with asyncio.timeout(DEADLINE):
                ended = await asyncio.gather(*busy, return_exceptions=True)
        await database.close()
        return [type(each).__name__ for each in ended]

    assert asyncio.run(use()) == ["DatabaseFailed", "Overloaded"]
