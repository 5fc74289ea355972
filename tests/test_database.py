"""How the service speaks to PostgreSQL: statements compiled once, every wait with an end, every failure with a name."""

import asyncio
import gc
import re
import socket
import weakref
from typing import Any

import asyncpg
import psutil
import pytest
from sqlalchemy import BindParameter, Executable, bindparam, func, insert, literal, select

from donebase.core import statements, tasks
from donebase.core.errors import Collided, DatabaseFailed, Overloaded
from donebase.core.lists import Section, TaskList
from donebase.core.shapes import NewTask
from donebase.core.tables import UserRow
from donebase.postgres import database as postgres_database
from donebase.postgres.compiled import compile_statement
from donebase.postgres.database import PostgresDatabase
from tests.support.held_up import Onlooker
from tests.support.waiting import until, wait_for
from tests.support.with_database import with_database

STATEMENTS = {
    "create": statements.CREATE,
    **{
        f"{verb.action} {whose}": statement
        for verb in (statements.READ, statements.CHANGE, statements.COMPLETE, statements.DELETE)
        for whose, statement in (("owned", verb.owned), ("flat", verb.flat))
    },
}


@pytest.mark.parametrize("name", STATEMENTS)
def test_a_statement_needs_nothing_that_happens_in_python(name: str) -> None:
    """What SQLAlchemy would do around each execution does not happen here: a statement must not count on it."""
    statement: Any = STATEMENTS[name]
    compiled = compile_statement(statement)
    assert compiled is compile_statement(statement)
    assert compiled.sql.count("$") >= len(compiled.names)
    assert "__[POSTCOMPILE" not in compiled.sql
    assert compiled.constants == {}
    table = statement.table if hasattr(statement, "table") else statement.get_final_froms()[0]
    assert all(column.default is None and column.onupdate is None for column in table.columns)


def test_parameters_are_given_in_the_order_of_the_sql() -> None:
    first: BindParameter[int] = bindparam("first")
    second: BindParameter[int] = bindparam("second")
    constant = literal(3)
    for columns, expected in (
        ((), []),
        ((first,), [1]),
        ((second, first), [2, 1]),
        ((second, constant, first), [2, 3, 1]),
    ):
        compiled = compile_statement(select(*columns))
        assert list(compiled.arguments({"first": 1, "second": 2})) == expected


def test_statements_that_are_made_anew_do_not_stay_in_memory() -> None:
    first = select(literal(0))
    compile_statement(first)
    is_in_memory = weakref.ref(first)
    del first
    for number in range(1000):
        compile_statement(select(literal(number)))
    gc.collect()
    assert is_in_memory() is None


@pytest.mark.parametrize("name", STATEMENTS)
def test_a_statement_with_an_owner_names_it_first(name: str) -> None:
    """Beyond one machine the owner decides where a row is; within one it is the first column of the key."""
    sql = compile_statement(STATEMENTS[name]).sql
    if name.endswith("owned"):
        assert re.search(r"WHERE tasks\.user_id = \$\d", sql)
    elif name.endswith("flat"):
        assert "user_id =" not in sql


def test_a_pool_that_is_busy_is_overloaded_and_does_nothing(database_url: str, alice: int, bob: int) -> None:
    async def use(database: PostgresDatabase) -> None:
        async with Onlooker(database_url) as onlooker:
            async with onlooker.holding_up_writes():
                waiting = asyncio.create_task(tasks.create_task(database, bob, NewTask(title="first")))
                await onlooker.wait_for(1, "wait_event_type = 'Lock'")
                with pytest.raises(Overloaded):
                    await tasks.create_task(database, alice, NewTask(title="never"))
            await waiting
        assert (await TaskList(database, alice).first()).rows == []

    with_database(database_url, use, database_pool_size=1, database_pool_wait=0.2, database_timeout=600)


def test_a_second_row_with_the_same_key_collides(database_url: str, alice: int) -> None:
    twice = insert(UserRow).values(id=bindparam("user_id"))

    async def use(database: PostgresDatabase) -> None:
        await database.fetch(twice, user_id=alice)
        with pytest.raises(Collided, match="23505"):
            await database.fetch(twice, user_id=alice)

    with_database(database_url, use)


def test_a_page_whose_rest_has_been_deleted_ends(database_url: str, alice: int) -> None:
    async def use(database: PostgresDatabase) -> None:
        made = [await tasks.create_task(database, alice, NewTask(title="x")) for _ in range(2)]
        first, second = [each.task for each in made if each.task]
        page = TaskList(database, alice, section=Section(limit=2))
        rows, _ = await page.first()
        assert [row["id"] for row in rows] == [first["id"], second["id"]]
        rest = await page.rest([first["id"]], page.place(rows[0]))
        await tasks.delete_task(database, alice, second["id"])
        assert (rest.continues, rest.more, rest.following) == (True, True, None)
        assert (await rest.read(1), rest.more) == ([], False)

    with_database(database_url, use)


async def works(database: PostgresDatabase) -> bool:
    """Return whether a statement is answered; on a busy machine a new connection may take longer than it may."""
    try:
        return bool(await database.fetch(select(literal(1))))
    except DatabaseFailed:
        return False


def test_a_statement_that_takes_too_long_is_stopped(database_url: str) -> None:
    async def use(database: PostgresDatabase) -> None:
        # On a busy machine, PostgreSQL's own timeout can come first.
        with pytest.raises(DatabaseFailed, match=r"did not respond in time|due to statement timeout"):
            await database.fetch(select(func.pg_sleep(600)))
        await until(lambda: works(database), True)
        watch = await asyncpg.connect(database_url, statement_cache_size=0)
        running = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(%' AND state = 'active' \
                   AND datname = current_database() AND pid <> pg_backend_pid()"
        await until(lambda: watch.fetchval(running), 0)
        await watch.close()

    with_database(database_url, use, database_timeout=0.5, database_pool_size=1)


@pytest.mark.parametrize("kind", ["refused", "silent", "nonsense"])
def test_a_database_that_is_not_there_is_told_in_time_and_named(kind: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        if kind == "refused":
            listener.close()

        async def talk_nonsense() -> None:
            if kind == "nonsense":
                connection, _ = await asyncio.to_thread(listener.accept)
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                connection.close()

        async def use(database: PostgresDatabase) -> None:
            nonsense = asyncio.create_task(talk_nonsense())
            with pytest.raises(DatabaseFailed):
                await database.fetch(select(literal(1)))
            assert not await database.answers()
            await nonsense

        with_database(f"postgresql://me:secret@127.0.0.1:{port}/nothing", use, database_timeout=1)


def test_probes_that_overlap_are_all_told_that_the_database_answers(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that begins when the statement of another has ended, and the other has not been told yet, runs the next."""
    monkeypatch.setattr(postgres_database, "_HEALTH_TIMEOUT", 600)

    async def probe_at_once(database: PostgresDatabase) -> None:
        async def probe() -> bool:
            return all([await database.answers() for _ in range(100)])

        assert all(await asyncio.gather(*(probe() for _ in range(5))))

    with_database(database_url, probe_at_once, database_timeout=600)


def test_it_recovers_from_an_outage(own_database: str) -> None:
    """Connections that the server closed are replaced; nobody restarts anything."""

    async def use(database: PostgresDatabase) -> None:
        one = select(func.pg_sleep(0.1))
        assert await asyncio.gather(*(database.fetch(one) for _ in range(5)))
        killer = await asyncpg.connect(own_database, statement_cache_size=0)
        ended = await killer.fetch(
            "SELECT pid, pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE pid <> pg_backend_pid() AND datname = current_database()"
        )
        await killer.close()
        assert len(ended) >= 1  # behind a pooler they may share one
        await asyncio.to_thread(wait_for, lambda: not any(psutil.pid_exists(row["pid"]) for row in ended))
        assert await asyncio.gather(*(database.fetch(one) for _ in range(5)))

    with_database(own_database, use)


def test_a_failure_is_named_without_values(database_url: str) -> None:
    """PostgreSQL's details repeat the row; what goes to the log must not."""

    async def use(database: PostgresDatabase) -> None:
        refused: Executable = statements.CREATE
        with pytest.raises(DatabaseFailed) as failure:
            await database.fetch(
                refused, **NewTask(title="x").model_dump() | {"user_id": 1, "title": "a secret " * 100}
            )
        assert str(failure.value).startswith("CheckViolationError (23514): ")
        assert "secret" not in str(failure.value)

    with_database(database_url, use)
