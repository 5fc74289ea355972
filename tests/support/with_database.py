"""Tests of the core: coroutines that are given a database, and no service."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from donebase.postgres.database import PostgresDatabase
from donebase.settings import Settings
from tests.support.waiting import DEADLINE

_Told = TypeVar("_Told")

Story = Callable[[PostgresDatabase], Awaitable[_Told]]


def with_database(url: str, story: Story[_Told], **settings: float | str) -> _Told:
    """Run a coroutine that is given a database, and return what it returns."""
    [told] = with_databases(url, story, **settings)
    return told


def with_databases(url: str, *stories: Story[_Told], **settings: float | str) -> list[_Told]:
    """Run coroutines that are given a database each, all at once, and return what they return."""

    async def each(story: Story[_Told]) -> _Told:
        database = PostgresDatabase(Settings.read(database_url=url, **settings))
        try:
            return await story(database)
        finally:
            await database.close()

    async def all_of_them() -> list[_Told]:
        async with asyncio.timeout(DEADLINE):
            return await asyncio.gather(*map(each, stories))

    return asyncio.run(all_of_them())
