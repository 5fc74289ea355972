"""The connections to PostgreSQL, counted where they arrive."""

import asyncio

from sqlalchemy import func, literal, select

from donebase.database import Database
from donebase.settings import Settings
from tests.support.held_up import Onlooker


def test_connections_that_nobody_uses_are_closed(own_database: str) -> None:
    settings = Settings.read(database_url=own_database, database_pool_idle=0.4, database_pool_size=3)

    async def use() -> None:
        database = Database(settings)
        async with Onlooker(own_database) as onlooker:
            await asyncio.gather(*(database.fetch(select(func.pg_sleep(0.1))) for _ in range(3)))
            await onlooker.wait_for(3, "true")
            await database.close_idle()
            assert await onlooker.sessions("true") == 3
            await asyncio.sleep(0.5)
            await database.fetch(select(literal(1)))
            await database.close_idle()
            await onlooker.wait_for(1, "true")  # the one that was used
            await database.fetch(select(literal(1)))
            assert await onlooker.sessions("true") == 1
            await database.close()

    asyncio.run(use())


def test_who_waited_for_a_connection_at_a_stop_is_told_that_nothing_was_done(own_database: str) -> None:
    """Both limits are due at once, and the inner one says more."""
    settings = Settings.read(database_url=own_database, database_pool_size=1)

    async def use() -> list[str]:
        database = Database(settings)
        busy = [asyncio.create_task(database.fetch(select(func.pg_sleep(30)))) for _ in range(2)]
        await asyncio.sleep(0.3)
        database.end_within(0.3)
        ended = await asyncio.gather(*busy, return_exceptions=True)
        await database.close()
        return [type(each).__name__ for each in ended]

    assert asyncio.run(use()) == ["DatabaseFailed", "Overloaded"]
