"""What a service does beside answering requests: every second, and about every hour."""

import asyncio
import itertools
import random
from typing import Any

from donebase.core.database import Database
from donebase.core.errors import DatabaseFailed, Overloaded
from donebase.core.retention import Retention
from donebase.postgres.database import PostgresDatabase
from donebase.serving import memory
from donebase.telemetry import logs
from donebase.telemetry.worker_counts import WorkerCounts

# In seconds, drawn anew each time: services that were started together do not stay together.
FIRST_REMOVAL = (60.0, 300.0)
NEXT_REMOVAL = (3000.0, 4200.0)


def start_maintenance(database: PostgresDatabase, workers: WorkerCounts | None, days: int) -> list[asyncio.Task[Any]]:
    """Start it, for a service that keeps the history for so many `days` (0: for ever). To end it, cancel the tasks."""
    tasks = [asyncio.create_task(_every_second(database, workers))]
    if days:
        tasks.append(asyncio.create_task(_every_hour(database, days)))
    return tasks


async def _every_second(database: PostgresDatabase, workers: WorkerCounts | None) -> None:
    """Close unused connections, give memory back, and save the counts, for which another worker may be asked."""
    for second in itertools.count():
        if workers:
            workers.save()
        if second % memory.EVERY == 0:
            memory.give_back()
        await asyncio.sleep(1)
        await database.close_idle()


async def _every_hour(database: Database, days: int) -> None:
    """Remove the history that is older than so many days."""
    retention = Retention(database, days)
    pause = FIRST_REMOVAL
    while True:
        await asyncio.sleep(random.uniform(*pause))  # noqa: S311 - nothing secret
        pause = NEXT_REMOVAL
        rows = 0
        try:
            async for removed in retention.run():
                rows += removed
        except (DatabaseFailed, Overloaded) as failure:
            pause = FIRST_REMOVAL
            logs.warning("history.not_removed", cause=str(failure))
        finally:
            if rows:
                logs.info("history.removed", rows=rows)
