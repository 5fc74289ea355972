"""Deletes users with all that is theirs: recorded first, and carried out in steps, whoever is killed in between.

docs/decisions/0043-deleting-an-account.md gives the reasons.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress

from sqlalchemy import Executable

from donebase.accounts.deletion_statements import (
    FIND_DELETIONS,
    FORGET_DELETIONS,
    RECORD_DELETION,
    REMOVE_GRANTS,
    REMOVE_HISTORY,
    REMOVE_KEYS,
    REMOVE_TASKS,
    REMOVE_USER,
)
from donebase.core.database import Database, Row
from donebase.core.history_statements import CLOCKS
from donebase.core.steps import STEP_ROWS, Steps

DELETION_SHARE = 0.25
"""How much of the time one step or another is running."""


async def request_deletion(database: Database, user_id: int) -> None:
    """Delete a user: from now on their account, sessions and tokens are gone, and the rest follows by `Deletions`.

    Raises DatabaseFailed or Overloaded; the user may then be deleted all the same.
    """
    await database.fetch(RECORD_DELETION, user_id=user_id)
    await _remove_grants(database, [user_id])


async def _remove_grants(database: Database, user_ids: Sequence[int]) -> None:
    for statement in REMOVE_GRANTS:
        await database.fetch(statement, user_ids=user_ids)


class _TurnOfAnother(Exception):
    """Another process is at it."""


class Deletions:
    """Carries out what `request_deletion` has recorded. `forget` ends what this process remembers of a user."""

    def __init__(self, database: Database, forget: Callable[[int], object], share: float = DELETION_SHARE) -> None:
        self._database = database
        self._forget = forget
        self._steps = Steps(database, share)
        self._wanted = asyncio.Event()
        self._after = 0

    def wake(self) -> None:
        """Let `wait` end: a deletion was recorded."""
        self._wanted.set()

    async def wait(self, seconds: float) -> None:
        """Wait so long, or until a deletion is recorded by this process."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._wanted.wait()
        self._wanted.clear()

    async def run(self) -> AsyncIterator[int]:
        """Remove what is left of the users who are to be deleted; yield after each step how many rows it has removed.

        Ends early where another process is at it. Raises DatabaseFailed or Overloaded; the next call then continues
        behind the user where that happened.
        """
        try:
            again = True
            while again:  # those before a failure have their turn as well, and who was recorded meanwhile
                again = self._after > 0
                async for users in self._found():
                    async for rows in self._remove(users):
                        again = again or rows > 0
                        yield rows
        except _TurnOfAnother:
            self._after = 0

    async def _found(self) -> AsyncIterator[Sequence[Row]]:
        while users := await self._database.fetch(FIND_DELETIONS, after=self._after):
            yield users
            self._after = users[-1]["user_id"]
        self._after = 0

    async def _remove(self, users: Sequence[Row]) -> AsyncIterator[int]:
        """Remove what these users have, and the record of those for whom that is long ago."""
        # Again: a request that was on its way may have made a session or a token.
        await _remove_grants(self._database, [user["user_id"] for user in users])
        for user in users:  # not before: a request could be remembered between
            self._forget(user["user_id"])
        for user_id in [user["user_id"] for user in users if user["has_rows"]]:
            self._after = user_id  # behind whom the next call continues, should this fail
            async for rows in self._remove_rows(user_id):
                yield rows
        done = [user["user_id"] for user in users if user["is_old"] and not user["has_rows"]]
        if done:
            await self._database.fetch(FORGET_DELETIONS, user_ids=done)

    async def _remove_rows(self, user_id: int) -> AsyncIterator[int]:
        async for rows in self._repeated(REMOVE_TASKS, user_id):
            yield rows
        # The history of these changes as well; and who writes meanwhile moves the clock.
        clocks = await self._database.fetch(CLOCKS, owners=[user_id])
        for statement in (REMOVE_HISTORY, REMOVE_KEYS):
            async for rows in self._repeated(statement, user_id):
                yield rows
        for row in clocks:
            yield await self._step(REMOVE_USER, user_id, clock=row["clock"])

    async def _repeated(self, statement: Executable, user_id: int) -> AsyncIterator[int]:
        rows = STEP_ROWS
        while rows >= STEP_ROWS:
            yield (rows := await self._step(statement, user_id, most=STEP_ROWS))

    async def _step(self, statement: Executable, user_id: int, **parameters: int) -> int:
        step = await self._steps.run(statement, user_id=user_id, **parameters)
        if not step["ours"]:
            raise _TurnOfAnother
        rows: int = step["rows"]
        return rows
