"""The connections to PostgreSQL, counted where they arrive, and what becomes of a statement when one of them ends."""

import asyncio
import gc
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import asyncpg
import pytest
import uvloop
from sqlalchemy import func, literal, select, text

from donebase.core.errors import DatabaseFailed
from donebase.core.filters import EVERYTHING
from donebase.core.lists import TaskList
from donebase.core.many import change_tasks, create_tasks
from donebase.core.shapes import NewTask, TaskChanges
from donebase.core.tasks import create_task
from donebase.deadlines import Deadlines
from donebase.postgres import pool
from donebase.postgres.connecting import ConnectOptions
from donebase.postgres.database import PostgresDatabase
from donebase.postgres.pool import Pool
from donebase.settings import Settings
from donebase.telemetry import logs
from tests.support.databases import configure
from tests.support.held_up import Onlooker
from tests.support.relay import Relay
from tests.support.waiting import DEADLINE

SIZE = 3
NO_HURRY = {"database_timeout": 600, "database_pool_wait": 600}  # some wait until as many as there are do
A_LOCK = "wait_event_type = 'Lock'"
ROUNDS = 60


@pytest.mark.parametrize(("idle", "left"), [(0.01, 1), (600, SIZE)], ids=["long ago", "lately"])
def test_connections_that_nobody_used_for_so_long_are_closed(own_database: str, idle: float, left: int) -> None:
    """One is at work meanwhile, and stays."""
    settings = Settings.read(database_url=own_database, database_pool_idle=idle, database_pool_size=SIZE, **NO_HURRY)

    async def use() -> None:
        database = PostgresDatabase(settings)
        async with Onlooker(own_database) as onlooker:
            await writing_at_once(database, onlooker, SIZE)
            await onlooker.wait_for(SIZE, "true")
            async with onlooker.holding_up_writes():
                at_work = asyncio.create_task(create_task(database, 1, NewTask(title="at work")))
                await onlooker.wait_for(1, A_LOCK)
                await asyncio.sleep(0.02)
                await database.close_idle()
            await at_work
            await onlooker.wait_for(left, "true")
            await database.fetch(select(literal(1)))
            assert await onlooker.sessions("true") == left
            await database.close()

    asyncio.run(use())


async def writing_at_once(database: PostgresDatabase, onlooker: Onlooker, number: int) -> None:
    """Write on so many connections."""
    async with onlooker.holding_up_writes():
        at_work = [asyncio.create_task(create_task(database, 1, NewTask(title="one"))) for _ in range(number)]
        await onlooker.wait_for(number, A_LOCK)
    await asyncio.gather(*at_work)


def test_a_first_connection_that_nobody_waits_for_any_more_may_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        faults: list[dict[str, Any]] = []
        asyncio.get_running_loop().set_exception_handler(lambda _loop, context: faults.append(context))
        fails = asyncio.Event()

        async def find(_settings: Settings) -> ConnectOptions:
            await fails.wait()
            raise OSError

        monkeypatch.setattr(pool, "find_connect_options", find)
        connections = Pool(Settings.read(database_url="postgresql://localhost/none"), Deadlines())
        waiting = asyncio.create_task(connections.connect_options())
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.wait({waiting})
        fails.set()
        assert connections._detection
        await asyncio.wait({connections._detection})
        del connections, waiting
        gc.collect()
        assert faults == []

    asyncio.run(story())


def test_who_waited_for_a_connection_at_a_stop_is_told_that_nothing_was_done(own_database: str) -> None:
    """Both limits are due at once, and the inner one says more."""
    settings = Settings.read(database_url=own_database, database_pool_size=1, **NO_HURRY)

    async def use() -> list[str]:
        database = PostgresDatabase(settings)
        async with Onlooker(own_database) as onlooker:
            busy = [asyncio.create_task(database.fetch(select(func.pg_sleep(600)))) for _ in range(2)]
            await onlooker.wait_for(1, "wait_event = 'PgSleep'")
            database.end_within(0.3)
            async with asyncio.timeout(DEADLINE):
                ended = await asyncio.gather(*busy, return_exceptions=True)
        await database.close()
        return [type(each).__name__ for each in ended]

    assert asyncio.run(use()) == ["DatabaseFailed", "Overloaded"]


@pytest.mark.parametrize("run", [asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
def test_a_connection_that_was_ended_while_idle_costs_no_statement(own_database: str, run: Callable[..., None]) -> None:
    """The event loop is busy when they end, and looks at nothing before the next statement is sent."""

    async def end_all() -> None:
        async with Onlooker(own_database) as onlooker:
            await onlooker.end("true")
            await onlooker.wait_for(0, "true")

    async def use() -> None:
        database = PostgresDatabase(Settings.read(database_url=own_database, database_pool_size=SIZE, **NO_HURRY))
        for number in range(ROUNDS):
            threads.submit(asyncio.run, end_all()).result()
            writes = (create_task(database, 1, NewTask(title=f"{number}")) for _ in range(SIZE))
            await asyncio.gather(*writes)
        assert len((await TaskList(database, 1).first()).rows) == ROUNDS * SIZE
        await database.close()

    with ThreadPoolExecutor(1) as threads:
        run(use())


@pytest.mark.parametrize("noticed", [False, True])
def test_what_postgresql_said_to_an_idle_connection_costs_no_statement(own_database: str, noticed: bool) -> None:
    """It says that it ends the connection, which is not closed yet; the driver has read that already, or has not."""

    async def use() -> None:
        async with Relay(own_database) as relay:
            database = PostgresDatabase(Settings.read(database_url=relay.url))
            for number in range(3):
                await create_task(database, 1, NewTask(title=f"{number}"))
                relay.say_fatal("57P01")
                if noticed:
                    await asyncio.sleep(0.1)
            await create_task(database, 1, NewTask(title="the last"))
            assert len((await TaskList(database, 1).first()).rows) == 4
            await database.close()

    asyncio.run(use())


@pytest.mark.parametrize(("code", "is_done"), [("57P05", True), ("57P01", False)])
def test_a_write_is_repeated_only_where_postgresql_cannot_have_begun_it(
    own_database: str, code: str, is_done: bool
) -> None:
    """What ends an idle session comes before it looks at a statement; what an administrator ends may come after it."""

    async def use() -> list[tuple[object, ...]]:
        async with Relay(own_database) as relay, Onlooker(own_database) as onlooker:
            database = PostgresDatabase(Settings.read(database_url=relay.url))
            await create_task(database, 1, NewTask(title="before"))
            relay.answer_next_with_fatal(code)
            try:
                await create_task(database, 1, NewTask(title="once"))
            except DatabaseFailed:
                assert not is_done
            else:
                assert is_done
            await database.close()
            return await onlooker.fetch("SELECT count(*) FROM tasks WHERE title = 'once'")

    assert asyncio.run(use()) == [(int(is_done),)]


def test_a_write_that_postgresql_ends_for_a_deadlock_is_carried_out_afterwards(
    own_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A transaction of somebody else takes tasks in another order than ours, and PostgreSQL ends our side of it."""
    warned: list[tuple[str, str]] = []
    monkeypatch.setattr(logs, "warning", lambda event, cause: warned.append((event, cause)))

    async def use() -> list[tuple[object, ...]]:
        await configure(own_database, "deadlock_timeout = '10ms'")
        database = PostgresDatabase(Settings.read(database_url=own_database, **NO_HURRY))
        [first, second, third] = (await create_tasks(database, 1, [NewTask(title="x")] * 3)).tasks
        theirs, another = [await asyncpg.connect(own_database, statement_cache_size=0) for _ in range(2)]
        async with Onlooker(own_database) as onlooker:
            async with theirs.transaction():
                await theirs.execute("SET LOCAL deadlock_timeout = '600s'")
                await theirs.execute("UPDATE tasks SET title = 'theirs' WHERE id = $1", third["id"])
                async with another.transaction():
                    await another.execute("SELECT FROM tasks WHERE id = $1 FOR UPDATE", second["id"])
                    ours = asyncio.create_task(
                        change_tasks(database, 1, EVERYTHING, TaskChanges.model_validate({"priority": "low"}))
                    )
                    await onlooker.wait_for(1, A_LOCK)
                    change = "UPDATE tasks SET title = 'theirs' WHERE id = $1"
                    last = asyncio.create_task(theirs.execute(change, first["id"]))
                    await onlooker.wait_for(2, A_LOCK)
                await last
            assert (await ours).change == 3
            await asyncio.gather(theirs.close(), another.close(), database.close())
            return await onlooker.fetch("SELECT title, priority FROM tasks ORDER BY id")

    assert asyncio.run(use()) == [("theirs", "low"), ("x", "low"), ("theirs", "low")]
    assert warned == [("database.rolled_back", "DeadlockDetectedError")]


def test_who_waited_for_a_change_sees_it_whatever_the_session_begins_with(own_database: str) -> None:
    async def use() -> list[tuple[object, ...]]:
        await configure(own_database, "default_transaction_isolation = 'repeatable read'")
        database = PostgresDatabase(Settings.read(database_url=own_database, database_pool_size=SIZE, **NO_HURRY))
        [isolation] = await database.fetch(select(func.current_setting("transaction_isolation")))
        assert tuple(isolation) == ("read committed",)
        await create_task(database, 1, NewTask(title="before"))
        async with Onlooker(own_database) as onlooker:
            async with onlooker.holding_up_writes(1):
                writing = [asyncio.create_task(create_task(database, 1, NewTask(title="x"))) for _ in range(SIZE)]
                await onlooker.wait_for(SIZE, A_LOCK)
            await asyncio.gather(*writing)
            await database.close()
            return await onlooker.fetch("SELECT clock FROM users")

    assert asyncio.run(use()) == [(1 + SIZE,)]


def test_a_statement_that_runs_when_its_connection_ends_fails(own_database: str) -> None:
    async def use() -> None:
        database = PostgresDatabase(Settings.read(database_url=own_database))
        async with Onlooker(own_database) as onlooker:
            running = asyncio.create_task(database.fetch(select(func.pg_sleep(30))))
            await onlooker.wait_for(1, "query LIKE '%pg_sleep%' AND state = 'active'")
            await onlooker.end("state = 'active'")
            with pytest.raises(DatabaseFailed):
                await running
            assert await onlooker.sessions("query LIKE '%pg_sleep%' AND state = 'active'") == 0
            await database.close()

    asyncio.run(use())


def test_no_slot_is_lost_by_many_cancellations(own_database: str) -> None:
    """Statements are given up while they wait for a connection, while they run and as they end."""

    async def use() -> None:
        database = PostgresDatabase(Settings.read(database_url=own_database, database_pool_size=SIZE, **NO_HURRY))
        await database.open()
        running = []
        for number in range(400):
            running.append(asyncio.create_task(database.fetch(select(func.pg_sleep(0.001)))))
            if number % 3 == 0:
                await asyncio.sleep(0.0005)
            if number % 2 == 0:
                running[(number * 7) % len(running)].cancel()
        ended = await asyncio.gather(*running, return_exceptions=True)
        assert {type(each) for each in ended} == {list, asyncio.CancelledError}
        assert database.pool_state() == (SIZE, 0, 0)
        async with asyncio.timeout(DEADLINE), Onlooker(own_database) as onlooker:
            await writing_at_once(database, onlooker, SIZE)
        await database.close()

    asyncio.run(use())


def test_a_prepared_statement_survives_a_migration_of_its_columns(own_database: str) -> None:
    """PostgreSQL refuses to run it before it does anything, so it is run once, on a new connection."""

    async def use() -> None:
        database = PostgresDatabase(Settings.read(database_url=own_database, database_pool_size=SIZE, **NO_HURRY))
        async with Onlooker(own_database) as onlooker:
            await writing_at_once(database, onlooker, SIZE)
            await onlooker.fetch("ALTER TABLE tasks ALTER COLUMN title TYPE varchar")
            await create_task(database, 1, NewTask(title="after"))
            assert await onlooker.fetch("SELECT count(*) FROM tasks WHERE title = 'after'") == [(1,)]
        await database.close()

    asyncio.run(use())


def test_a_connection_keeps_a_limited_number_of_prepared_statements(own_database: str) -> None:
    async def use() -> None:
        database = PostgresDatabase(Settings.read(database_url=own_database, database_pool_size=1))
        for number in range(250):
            assert await database.fetch(text(f"SELECT {number}"))
        kept = text("SELECT count(*) AS kept FROM pg_prepared_statements")
        assert (await database.fetch(kept))[0]["kept"] == 100
        await database.close()

    asyncio.run(use())
