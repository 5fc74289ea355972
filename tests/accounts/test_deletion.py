"""Whoever is deleted is gone with everything, in small steps that can be repeated, and nobody else notices."""

import asyncio
from collections.abc import Iterator, Sequence
from typing import Any

import asyncpg
import pytest
from sqlalchemy import Executable

from donebase.accounts.deletion import Deletions, request_deletion
from donebase.accounts.deletion_statements import LOCK, MOST_USERS, REMOVE_HISTORY, REMOVE_TASKS, REMOVE_USER
from donebase.core import steps, tasks
from donebase.core.errors import DatabaseFailed, TaskNotFound
from donebase.core.shapes import NewTask
from donebase.core.steps import STEP_ROWS
from donebase.postgres.compiled import compile_statement
from donebase.postgres.database import PostgresDatabase
from tests.support.databases import a_database_with_tables, fetchval
from tests.support.deleted import AT_ONCE, OF_USERS, STEPWISE, left_of, recorded, rows_of, with_everything
from tests.support.held_up import Onlooker
from tests.support.refusing import Refusing
from tests.support.with_database import with_database, with_databases

RECORD = {"account_deletions": 1}


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """A database of this file's own: what others have recorded would be carried out as well."""
    with a_database_with_tables() as url:
        yield url


async def removed(database: Any, forgotten: list[int] | None = None) -> list[int]:
    """Carry out what is recorded, and return how many rows went in each step."""
    forget = ([] if forgotten is None else forgotten).append
    return [rows async for rows in Deletions(database, forget, share=1).run()]


class Watched:
    """A database, with something that happens before the first statement of a kind is run."""

    def __init__(self, database: PostgresDatabase, before: Executable, happens: Any) -> None:
        self._database = database
        self._before = before
        self._happens = happens

    async def fetch(self, statement: Executable, /, **parameters: Any) -> Sequence[Any]:
        if statement is self._before:
            self._before = None  # type: ignore[assignment]
            await self._happens()
        return await self._database.fetch(statement, **parameters)

    async def answers(self) -> bool:
        return await self._database.answers()


def test_every_table_with_rows_of_users_is_known() -> None:
    """A table that comes must be part of what goes."""
    assert {*OF_USERS} == {*AT_ONCE, *STEPWISE, "account_deletions"}


def test_a_request_ends_at_once_what_lets_a_user_in(url: str, alice: int, bob: int) -> None:
    for user in (alice, bob):
        with_everything(url, user)
    before = rows_of(url, bob)
    with_database(url, lambda database: request_deletion(database, alice))
    assert left_of(url, alice) == {"users": 1, "tasks": 3, "history": 3, "idempotency_keys": 3} | RECORD
    assert rows_of(url, bob) == before


def test_all_that_is_left_goes_and_nothing_of_anybody_else(url: str, alice: int, bob: int) -> None:
    for user in (alice, bob):
        with_everything(url, user)
    before = rows_of(url, bob)
    recorded(url, alice)  # as by a process that was killed before it did anything else
    with_database(url, removed)
    assert left_of(url, alice) == RECORD
    assert rows_of(url, bob) == before


@pytest.mark.parametrize(("minutes", "kept"), [(19, RECORD), (21, {})])
def test_the_record_goes_when_no_token_can_be_remembered(
    url: str, alice: int, minutes: int, kept: dict[str, int]
) -> None:
    with_everything(url, alice)
    recorded(url, alice, minutes)
    with_database(url, removed)
    assert left_of(url, alice) == kept


def test_what_is_written_after_it_goes_as_well(url: str, alice: int) -> None:
    """By a request on its way, or with a token that a process remembers."""
    with_everything(url, alice)
    with_database(url, lambda database: request_deletion(database, alice))
    with_database(url, removed)
    with_everything(url, alice)
    with_database(url, removed)
    assert left_of(url, alice) == RECORD


@pytest.mark.parametrize("before", [REMOVE_TASKS, REMOVE_HISTORY, REMOVE_USER], ids=["tasks", "history", "user"])
def test_what_is_written_in_the_middle_of_it_leaves_no_orphan(url: str, alice: int, before: Executable) -> None:
    """A task that comes and goes leaves history, which nobody would find without the user's row."""
    with_everything(url, alice)
    recorded(url, alice, 21)

    async def story(database: PostgresDatabase) -> None:
        async def write() -> None:
            task = (await tasks.create_task(database, alice, NewTask(title="late"))).task
            assert task
            await tasks.delete_task(database, alice, task["id"])

        await removed(Watched(database, before, write))
        await removed(database)

    with_database(url, story)
    assert left_of(url, alice) == {}


def test_a_step_is_small_however_much_there_is(own_database: str) -> None:
    with_everything(own_database, 7, 2 * STEP_ROWS + 1)
    recorded(own_database, 7)
    found = with_database(own_database, removed)
    part = [STEP_ROWS, STEP_ROWS, 1]
    history = [STEP_ROWS] * 4 + [2]  # of what was created, and of what was deleted here
    assert found == [*part, *history, *part, 1]
    assert left_of(own_database, 7) == RECORD


def test_several_at_once_remove_everything_once(own_database: str) -> None:
    for user in range(1, 21):
        with_everything(own_database, user, 100)
        recorded(own_database, user)
    found = with_databases(own_database, removed, removed, removed)
    found.append(with_database(own_database, removed))  # one that has met another leaves it to that
    assert sum(map(sum, found)) == 20 * (100 + 200 + 100 + 1)
    assert [left_of(own_database, user) for user in range(1, 21)] == [RECORD] * 20


def test_who_finds_another_at_it_forgets_the_user_and_leaves_the_rest(url: str, alice: int) -> None:
    with_everything(url, alice)
    recorded(url, alice)

    async def meanwhile(database: PostgresDatabase) -> None:
        forgotten: list[int] = []
        other = await asyncpg.connect(url, statement_cache_size=0)
        async with other.transaction():
            await other.execute(f"SELECT pg_advisory_xact_lock({LOCK})")
            assert await removed(database, forgotten) == []
        await other.close()
        assert alice in forgotten

    with_database(url, meanwhile)
    assert left_of(url, alice) == dict.fromkeys(STEPWISE[1:], 3) | {"users": 1} | RECORD
    with_database(url, removed)
    assert left_of(url, alice) == RECORD


def test_nobody_else_waits_for_a_step(url: str, alice: int, bob: int) -> None:
    for user in (alice, bob):
        with_everything(url, user)
    compiled = compile_statement(REMOVE_TASKS)

    async def story(database: PostgresDatabase) -> None:
        other = await asyncpg.connect(url, statement_cache_size=0)
        async with other.transaction():
            arguments = compiled.arguments({"user_id": alice, "most": STEP_ROWS})
            assert [tuple(row) for row in await other.fetch(compiled.sql, *arguments)] == [(True, 3)]
            written = await tasks.create_task(database, bob, NewTask(title="at once"))
            assert written.task
            await tasks.delete_task(database, bob, written.task["id"])
        await other.close()

    with_database(url, story, database_timeout=600)


def test_a_step_and_a_write_that_is_on_its_way_do_not_wait_for_each_other(url: str, alice: int) -> None:
    """A write has its task before it waits for the user: a step that had the user first would wait for that task."""
    with_everything(url, alice)
    last = fetchval(url, "SELECT max(id) FROM tasks WHERE user_id = $1", alice)

    async def story(database: PostgresDatabase) -> None:
        async with Onlooker(url) as onlooker:
            async with onlooker.holding_up_writes(alice):
                step = asyncio.create_task(database.fetch(REMOVE_TASKS, user_id=alice, most=STEP_ROWS))
                await onlooker.wait_for(1, "wait_event_type = 'Lock'")
                late = asyncio.create_task(tasks.delete_task(database, alice, last))
                await onlooker.wait_for(2, "wait_event_type = 'Lock'")
            assert [row["rows"] for row in await step] == [3]
            with pytest.raises(TaskNotFound):
                await late

    with_database(url, story, database_timeout=600)


def test_it_continues_after_a_failure(url: str, alice: int, monkeypatch: pytest.MonkeyPatch) -> None:
    with_everything(url, alice)
    recorded(url, alice)

    async def story(database: PostgresDatabase) -> None:
        other = await asyncpg.connect(url, statement_cache_size=0)
        async with other.transaction():
            await other.execute(f"SELECT FROM history WHERE user_id = {alice} FOR UPDATE")
            monkeypatch.setattr(steps, "STEP_TIMEOUT", 0.5)
            with pytest.raises(DatabaseFailed):
                await removed(database)
            monkeypatch.undo()
        await other.close()
        await removed(database)

    with_database(url, story)
    assert left_of(url, alice) == RECORD


def test_a_user_who_cannot_be_removed_now_does_not_keep_others_from_their_turn(own_database: str) -> None:
    for user in (1, 2):
        with_everything(own_database, user)
        recorded(own_database, user)
    rows = "SELECT count(*) FROM users WHERE id = 2"

    async def story(database: PostgresDatabase) -> None:
        refusing = Refusing(database, REMOVE_HISTORY, user_id=1)
        deletions = Deletions(refusing, lambda _: None, share=1)
        for left in (1, 0):
            with pytest.raises(DatabaseFailed):
                _ = [rows async for rows in deletions.run()]
            assert await asyncio.to_thread(fetchval, own_database, rows) == left
        refusing.refuses = False
        assert sum([rows async for rows in deletions.run()]) == 6 + 3 + 1  # from behind the first user, and once more

    with_database(own_database, story)
    assert [left_of(own_database, user) for user in (1, 2)] == [RECORD] * 2


def test_more_are_recorded_than_are_looked_at_together(own_database: str) -> None:
    users = 2 * MOST_USERS + 1
    records = "SELECT n, now() - interval '1 hour' FROM generate_series(1, $1::int) AS n"
    fetchval(own_database, f"INSERT INTO account_deletions {records}", users)
    with_everything(own_database, users)
    forgotten: list[int] = []
    with_database(own_database, lambda database: removed(database, forgotten))
    assert sorted({*forgotten}) == [*range(1, users + 1)]
    assert fetchval(own_database, "SELECT count(*) FROM account_deletions") == 0
    assert left_of(own_database, users) == {}


def test_a_user_who_never_wrote_anything_leaves_nothing(url: str, alice: int) -> None:
    with_database(url, lambda database: request_deletion(database, alice))
    fetchval(url, "UPDATE account_deletions SET requested_at = requested_at - interval '21 minutes'")
    with_database(url, removed)
    assert left_of(url, alice) == {}
