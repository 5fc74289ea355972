"""What a service does beside answering requests: every second or few, about every minute, and about every hour."""

import asyncio
import itertools
import random
from collections.abc import AsyncIterator
from typing import Any, NamedTuple, Protocol

from donebase.accounts.authenticator import Authenticator
from donebase.accounts.deletion import Deletions
from donebase.accounts.expiry import Expiry
from donebase.core.errors import DatabaseFailed, Overloaded, SchemaMismatch
from donebase.core.retention import Retention
from donebase.postgres.database import PostgresDatabase
from donebase.serving import memory
from donebase.telemetry import logs
from donebase.telemetry.worker_counts import WorkerCounts

CONFIRM_EVERY = 3.0  # seconds
# In seconds, drawn anew each time: services that were started together do not stay together.
FIRST_REMOVAL = (60.0, 300.0)
NEXT_REMOVAL = (3000.0, 4200.0)
FIRST_LOOK = (0.0, 2.0)
NEXT_LOOK = (40.0, 60.0)

_FAILURES = (DatabaseFailed, Overloaded, SchemaMismatch)


class _Removal(Protocol):
    """What removes rows in steps, and yields after each how many."""

    def run(self) -> AsyncIterator[int]: ...


class _Events(NamedTuple):
    """The lines of the log about a removal."""

    removed: str
    not_removed: str


_HISTORY = _Events("history.removed", "history.not_removed")
_EXPIRED = _Events("expired.removed", "expired.not_removed")
_DELETED = _Events("deleted.removed", "deleted.not_removed")


def start_maintenance(
    database: PostgresDatabase,
    workers: WorkerCounts | None,
    days: int,
    authenticator: Authenticator | None,
    deletions: Deletions | None,
) -> list[asyncio.Task[Any]]:
    """Start it, for a service that keeps the history for so many `days` (0: for ever). To end it, cancel the tasks.

    `authenticator` and `deletions` are None where nobody is asked for a token.
    """
    tasks = [asyncio.create_task(_every_second(database, workers))]
    if days:
        tasks.append(asyncio.create_task(_every_hour(Retention(database, days), _HISTORY)))
    if authenticator:
        tasks.append(asyncio.create_task(_every_few_seconds(authenticator)))
    if deletions:
        tasks.append(asyncio.create_task(_every_hour(Expiry(database), _EXPIRED)))
        tasks.append(asyncio.create_task(_every_minute(deletions)))
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


async def _every_few_seconds(authenticator: Authenticator) -> None:
    """Confirm the sessions and personal tokens that are in use. Where that fails, the requests ask for themselves."""
    works = True
    while True:
        await asyncio.sleep(CONFIRM_EVERY)
        before, works = works, await _confirm(authenticator, log=works)
        if works and not before:
            logs.info("tokens.confirmed")


async def _confirm(authenticator: Authenticator, *, log: bool) -> bool:
    try:
        await authenticator.confirm()
    except Exception as failure:  # whatever it is, live streams must not go on for ever
        if log:
            _report("tokens.not_confirmed", failure)
        return False
    return True


async def _every_hour(removal: _Removal, events: _Events) -> None:
    pause = FIRST_REMOVAL
    while True:
        await asyncio.sleep(_drawn(pause))
        pause = NEXT_REMOVAL if await _carry_out(removal, events) else FIRST_REMOVAL


async def _every_minute(deletions: Deletions) -> None:
    """Carry out the deletions of users, also when one was recorded by this process."""
    await deletions.wait(_drawn(FIRST_LOOK))
    while True:
        await _carry_out(deletions, _DELETED)
        await deletions.wait(_drawn(NEXT_LOOK))


async def _carry_out(removal: _Removal, events: _Events) -> bool:
    """Remove what there is to remove, log how many rows that were, and tell whether it worked."""
    rows = 0
    try:
        async for removed in removal.run():
            rows += removed
    except Exception as failure:  # whatever it is, it is tried again
        _report(events.not_removed, failure)
        return False
    finally:
        if rows:
            logs.info(events.removed, rows=rows)
    return True


def _report(event: str, failure: Exception) -> None:
    if isinstance(failure, _FAILURES):
        logs.warning(event, cause=str(failure))
    else:
        logs.crash(event, failure)


def _drawn(between: tuple[float, float]) -> float:
    return random.uniform(*between)  # noqa: S311 - nothing secret
