"""A service whose pool is as large as it gets."""

import asyncio

import asyncpg

from tests.support.kept_alive import KeptAlive
from tests.support.waiting import DEADLINE

POOL = 10  # DATABASE_POOL_SIZE, unless it is set
_WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted"


def open_every_connection(url: str, address: str) -> None:
    """Make the service open all the connections it may have: so many requests wait for a lock at the same time."""
    asyncio.run(_open(url, address))


async def _open(url: str, address: str) -> None:
    clients = [KeptAlive(address) for _ in range(POOL)]
    lock = await asyncpg.connect(url)
    await lock.execute("BEGIN; LOCK TABLE tasks")
    async with asyncio.timeout(DEADLINE), asyncio.TaskGroup() as group:
        asked = [group.create_task(client.ask("GET", f"/users/{n}/tasks")) for n, client in enumerate(clients, 1)]
        while await lock.fetchval(_WAITING) < POOL:  # noqa: ASYNC110 - only PostgreSQL can tell
            await asyncio.sleep(0.02)
        await lock.execute("ROLLBACK")
    assert [reply.result().status for reply in asked] == [200] * POOL
    await lock.close()
    for client in clients:
        await client.close()
