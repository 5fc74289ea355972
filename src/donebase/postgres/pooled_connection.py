"""A connection of the pool: checked before each statement, with its prepared statements at hand."""

import asyncio
import select
from collections.abc import Awaitable, Sequence
from typing import Any

import asyncpg
from asyncpg.prepared_stmt import PreparedStatement


class PooledConnection(asyncpg.Connection):  # type: ignore[misc]
    """A connection of asyncpg's that is used by one task at a time, for one statement."""

    max_prepared = 0
    """How many prepared statements are kept; with 0, each statement is parsed every time."""

    free_since = 0.0
    """When the last statement ended, by `time.perf_counter`."""

    def __init__(self, protocol: Any, transport: asyncio.Transport, *more: Any) -> None:
        super().__init__(protocol, transport, *more)
        self._prepared: dict[str, PreparedStatement] = {}
        self._arrived = select.poll()
        self._arrived.register(transport.get_extra_info("socket").fileno(), select.POLLIN)

    def is_usable(self) -> bool:
        """Return whether the connection is open and has no unread bytes.

        What PostgreSQL sends to an idle connection is that it closes it; the event loop may not have read that yet.
        """
        return not (self.is_closed() or self._transport.is_closing() or self._arrived.poll(0))

    def run(self, sql: str, arguments: Sequence[Any]) -> Awaitable[list[asyncpg.Record]]:
        """Run a statement and return its rows. Raises whatever the driver raises."""
        prepared = self._prepared.get(sql)
        if prepared is None:
            return self._prepare_and_run(sql, arguments) if self.max_prepared else self.fetch(sql, *arguments)
        # What PreparedStatement.fetch does, without its wrappers, which are a quarter of what a statement costs.
        return self._protocol.bind_execute(prepared._state, arguments, "", 0, False, None)  # type: ignore[no-any-return]

    async def _prepare_and_run(self, sql: str, arguments: Sequence[Any]) -> list[asyncpg.Record]:
        if len(self._prepared) >= self.max_prepared:
            del self._prepared[next(iter(self._prepared))]  # asyncpg closes it when it prepares the next
        self._prepared[sql] = await self.prepare(sql)
        return await self.run(sql, arguments)
