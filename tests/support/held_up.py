"""A database whose tasks cannot be written for a while, and a look at who waits there."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Self

import asyncpg

from tests.support.waiting import until

_OF_OTHERS = (
    "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
    "AND backend_type = 'client backend'"
)


class Onlooker:
    """A connection of its own to a database, which counts the sessions of others there."""

    def __init__(self, url: str) -> None:
        self._url = url

    async def sessions(self, which: str) -> int:
        """Return how many sessions of others on this database are like that."""
        return int(await self._connection.fetchval(f"SELECT count(*) {_OF_OTHERS} AND {which}"))

    async def end(self, which: str) -> None:
        """End the sessions of others on this database that are like that."""
        await self._connection.fetch(f"SELECT pg_terminate_backend(pid) {_OF_OTHERS} AND {which}")

    async def wait_for(self, wanted: int, which: str) -> None:
        """Wait until so many sessions are like that."""
        await until(lambda: self.sessions(which), wanted)

    async def fetch(self, sql: str) -> list[tuple[object, ...]]:
        """Return the rows that a query gives."""
        return [tuple(row) for row in await self._connection.fetch(sql)]

    @asynccontextmanager
    async def holding_up_writes(self, owner: int | None = None) -> AsyncIterator[None]:
        """Let every write of a task wait until this ends, or those of a user after they have begun; reads go on."""
        lock = (
            "LOCK TABLE tasks IN EXCLUSIVE MODE"
            if owner is None
            else f"SELECT FROM users WHERE id = {owner} FOR UPDATE"
        )
        # Within a transaction PostgreSQL would go on to show the sessions as they were at its first look.
        holder = await asyncpg.connect(self._url, statement_cache_size=0)
        try:
            async with holder.transaction():
                await holder.execute(lock)
                yield
        finally:
            await holder.close()

    async def __aenter__(self) -> Self:
        self._connection = await asyncpg.connect(self._url, statement_cache_size=0)
        return self

    async def __aexit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _at: TracebackType | None
    ) -> None:
        await self._connection.close()
