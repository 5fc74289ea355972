"""Writes with a key at the level of statements: what they keep, and what an earlier one with the key has left."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy import Executable

from donebase.core.changes import read_changes
from donebase.core.database import Row
from donebase.core.errors import ChangeNotFound, Collided, DatabaseFailed, IdempotencyKeyReused, UndoConflict
from donebase.core.keyed import First, fetch_once
from donebase.core.shapes import NewTask, TaskChanges
from donebase.core.statements import KEYED_CREATE
from donebase.core.tasks import change_task, create_task, delete_task
from donebase.core.undo import undo_change
from donebase.core.writes import RequestKey
from donebase.postgres.database import PostgresDatabase
from tests.support.databases import fetchval
from tests.support.held_up import Onlooker
from tests.support.with_database import with_database

KEY = RequestKey("k", b"one request")
ANOTHER_REQUEST = KEY._replace(fingerprint=b"another")
NEW = NewTask(title="Buy milk")
RENAMED = TaskChanges.model_validate({"title": "Buy more milk"})


async def create(database: PostgresDatabase, owner: int) -> int:
    """Create a task without a key, and return its id."""
    task = (await create_task(database, owner, NEW)).task
    assert task
    return int(task["id"])


def kept(url: str, owner: int) -> int:
    """Return how many keys of an owner are kept."""
    return int(fetchval(url, "SELECT count(*) FROM idempotency_keys WHERE user_id = $1", owner))


def test_an_undo_is_done_once_and_told_again(database_url: str, alice: int) -> None:
    async def use(database: PostgresDatabase) -> None:
        task_id = await create(database, alice)
        renamed = await change_task(database, alice, task_id, RENAMED)
        assert renamed.change
        first = await undo_change(database, alice, renamed.change, KEY)
        assert first.change
        await delete_task(database, alice, task_id)
        again = await undo_change(database, alice, renamed.change, KEY)
        assert (first.replayed, again) == (False, first._replace(replayed=True))
        with pytest.raises(IdempotencyKeyReused):
            await undo_change(database, alice, renamed.change, ANOTHER_REQUEST)
        assert len(await read_changes(database, alice, 0, 100)) == 4

    with_database(database_url, use, database_timeout=600)


def test_an_undo_that_fails_keeps_no_key(database_url: str, alice: int) -> None:
    async def use(database: PostgresDatabase) -> None:
        task_id = await create(database, alice)
        await change_task(database, alice, task_id, RENAMED)
        with pytest.raises(UndoConflict):
            await undo_change(database, alice, 1, KEY)
        with pytest.raises(ChangeNotFound):
            await undo_change(database, alice, 9, KEY)

    with_database(database_url, use, database_timeout=600)
    assert kept(database_url, alice) == 0


@pytest.mark.parametrize("number", [1, 2, 3], ids=["of a creation", "of a change", "of a deletion"])
def test_of_many_undos_at_once_with_a_key_one_is_done(database_url: str, alice: int, number: int) -> None:
    async def use(database: PostgresDatabase) -> None:
        task_id = await create(database, alice)
        if number > 1:
            await change_task(database, alice, task_id, RENAMED)
        if number > 2:
            await delete_task(database, alice, task_id)
        async with Onlooker(database_url) as onlooker, onlooker.holding_up_writes(alice):
            undos = [asyncio.create_task(undo_change(database, alice, number, KEY)) for _ in range(5)]
            await onlooker.wait_for(5, "wait_event_type = 'Lock'")
        done = [await each for each in undos]
        assert sorted(each.replayed for each in done) == [False, True, True, True, True]
        assert len({str(each.change) for each in done}) == 1
        assert len(await read_changes(database, alice, 0, 100)) == number + 1

    with_database(database_url, use, database_timeout=600)


class Pruning:
    """A database whose history of an owner is removed behind the first statement that is run there."""

    def __init__(self, database: PostgresDatabase, url: str, owner: int) -> None:
        self._database = database
        self._url = url
        self._owner = owner

    async def fetch(self, statement: Executable, /, **parameters: Any) -> Sequence[Row]:
        """Run a statement, and remove the history."""
        rows = await self._database.fetch(statement, **parameters)
        for table in ("history", "idempotency_keys"):
            sql = f"DELETE FROM {table} WHERE user_id = $1 AND change = 1"
            await asyncio.to_thread(fetchval, self._url, sql, self._owner)
        return rows

    async def answers(self) -> bool:
        """Tell that it is well."""
        return True


def test_a_key_that_goes_while_it_is_used_is_an_error_and_then_new(database_url: str, alice: int) -> None:
    async def use(database: PostgresDatabase) -> None:
        await create_task(database, alice, NEW, KEY)
        await create(database, alice)
        with pytest.raises(DatabaseFailed):
            await create_task(Pruning(database, database_url, alice), alice, NEW, KEY)
        assert (await create_task(database, alice, NEW, KEY)).change == 3

    with_database(database_url, use, database_timeout=600)


class Told:
    """A database that gives these answers, one after the other, whatever is asked."""

    def __init__(self, *answers: list[Row] | DatabaseFailed) -> None:
        self._answers = list(answers)

    async def fetch(self, _statement: Executable, /, **_parameters: Any) -> Sequence[Row]:
        """Return the next answer, or raise it."""
        answer = self._answers.pop(0)
        if isinstance(answer, DatabaseFailed):
            raise answer
        return answer

    async def answers(self) -> bool:
        """Tell that it is well."""
        return not self._answers


SEEN: Any = {"first_owner": 7, "first_change": 3, "is_same": True}
COLLIDED = Collided("23505")


@pytest.mark.parametrize(
    ("answers", "first"),
    [
        ([[SEEN]], First(7, 3)),
        ([COLLIDED, [SEEN]], First(7, 3)),
        ([[], [SEEN]], First(7, 3)),
        # There was nothing to change, then another request with the key did, and then again there was something.
        ([[], COLLIDED, [SEEN]], First(7, 3)),
        ([[], []], None),
    ],
)
def test_a_key_that_comes_meanwhile_is_found(answers: list[list[Row] | DatabaseFailed], first: First | None) -> None:
    database = Told(*answers)
    assert (asyncio.run(fetch_once(database, KEYED_CREATE, KEY, {})) or None) == first
    assert asyncio.run(database.answers())
