"""How PostgreSQL finds the rows of each statement: along an index, however many rows there are."""

import asyncio
import json
from collections.abc import Iterator, Sequence
from typing import Any

import asyncpg
import httpx
import pytest

from donebase.app import create_app, with_middleware
from donebase.core import history_statements, moves, retention, statements, undo
from donebase.core.filters import TaskFilter
from donebase.core.list_statements import PLAIN_LIST, ListShape, beginning, following, named
from donebase.core.many_statements import COUNT_CHANGED, CREATE_MANY, KEYED_CREATE_MANY, change_many, delete_many
from donebase.core.statements import Verb
from donebase.core.tags import TAGS_WITH_CLOCK
from donebase.postgres.compiled import compile_statement
from donebase.settings import Settings
from tests.support.databases import a_database_with_tables
from tests.support.operations import IN_EVERY_PROTOCOL, plain
from tests.support.rows import Row, Rows

VERBS = {
    "read": statements.READ,
    "changed": statements.CHANGE,
    "completed": statements.COMPLETE,
    "deleted": statements.DELETE,
}
LISTS = {
    "flat": beginning(ListShape(owned=False)),
    "flat batch": following(ListShape(owned=False)),
    "flat backwards": beginning(ListShape(owned=False, order="-created", begins_after=False)),
    "batch": following(ListShape(owned=True)),
    "backwards": following(ListShape(owned=True, order="-created")),
    "named": named(owned=True, filters=frozenset()),
    "flat named": named(owned=False, filters=frozenset()),
}
_OVERDUE = TaskFilter(completed=False, tags=("x",), due="overdue", words=("x",)).shape
OF_MANY = {
    "changed": change_many(frozenset(), keyed=False),
    "changed with a key": change_many(frozenset(), keyed=True),
    "overdue changed": change_many(_OVERDUE, keyed=False),
    "deleted": delete_many(frozenset(), keyed=False),
    "overdue deleted with a key": delete_many(_OVERDUE, keyed=True),
}
OF_THE_HISTORY = {
    "changes": history_statements.CHANGED_SINCE,
    "all tasks": history_statements.ALL_CHANGED,
    "whole changes": history_statements.READ_CHANGES,
    "history": history_statements.HISTORY,
    "undo": undo.UNDO,
    "undo with a key": undo.KEYED_UNDO,
}
VALUES = {
    "owner": "7",
    "user_id": "7",
    "user_ids": "'{7,8}'",
    "clock": "1",
    "most": "1000",
    "task_id": "70",
    "after": "0",
    "limit": "51",
    "ids": "'{70,71,72}'",
    "known": "-1",
    "completed": "true",
    "versions": "'{1,2}'",
    "days": "30",
    "since": "0",
    "upto": "9",
    "change": "1",
    "after_task": "0",
    "due": "NULL",
    "tags": "'{x}'",
    "order": "1",
    "tasks": "'[]'",
    "wanted_completed": "false",
    "wanted_tags": "'{x}'",
    "wanted_now": "now()",
    "wanted_time_zone": "'UTC'",
    "wanted_words": "'{x}'",
}


@pytest.fixture(scope="module")
def filled() -> Iterator[str]:
    """A database with 50,000 tasks of 1,000 users, of which PostgreSQL knows the statistics."""
    with a_database_with_tables() as url:
        asyncio.run(run(url, "INSERT INTO users (id) SELECT generate_series(1, 1000)"))
        fill = (
            "INSERT INTO tasks (user_id, title) SELECT n % 1000 + 1, 'task ' || n FROM generate_series(1, 50000) AS n"
        )
        asyncio.run(run(url, fill, "ANALYZE tasks", "ANALYZE users", "ANALYZE history"))
        yield url


async def run(url: str, *commands: str) -> list[Any]:
    connection = await asyncpg.connect(url, statement_cache_size=0)
    try:
        async with connection.transaction():  # a pooler may give each transaction another server connection
            answers: list[list[Any]] = [await connection.fetch(command) for command in commands]
            await connection.execute("DEALLOCATE ALL")
            return answers[-1]
    finally:
        await connection.close()


def plan(url: str, statement: Any, *options: str, **values: str) -> Iterator[dict[str, Any]]:
    """Yield each node of the plan that serves a prepared statement whatever its parameters are."""
    sql, names, *_ = compile_statement(statement)
    values = VALUES | values
    arguments = ", ".join(values.get(name, "false" if name.endswith("_sent") else "'x'") for name in names)
    generic = "SET LOCAL plan_cache_mode = force_generic_plan"
    explain = f"EXPLAIN ({', '.join(('FORMAT JSON', *options))}) EXECUTE explained({arguments})"
    [[found]] = asyncio.run(run(url, generic, f"PREPARE explained AS {sql}", explain))
    nodes = [json.loads(found)[0]["Plan"]]
    while nodes:
        node = nodes.pop()
        nodes += node.get("Plans", [])
        yield node


@pytest.mark.parametrize("whose", ["owned", "flat"])
@pytest.mark.parametrize("verb", VERBS.values(), ids=VERBS)
def test_a_statement_walks_an_index(filled: str, verb: Verb, whose: str) -> None:
    kinds = {node["Node Type"]: node for node in plan(filled, getattr(verb, whose))}
    [index] = [node["Index Name"] for kind, node in kinds.items() if kind in ("Index Scan", "Index Only Scan")]
    assert index in ("pk_tasks", "ix_tasks_id")  # of one row, either tells
    assert kinds.keys() <= {"Index Scan", "Index Only Scan", "Limit", "ModifyTable", "CTE Scan"}, (
        "nothing is sorted, nothing is read that is not asked"
    )


@pytest.mark.parametrize("name", LISTS)
def test_a_list_in_order_of_creation_walks_an_index(filled: str, name: str) -> None:
    kinds = {node["Node Type"]: node for node in plan(filled, LISTS[name])}
    [index] = [node["Index Name"] for kind, node in kinds.items() if kind in ("Index Scan", "Index Only Scan")]
    assert index == ("ix_tasks_id" if name.startswith("flat") else "pk_tasks")
    assert kinds.keys() <= {"Index Scan", "Limit"}, "nothing is sorted, nothing is read that is not asked"


@pytest.mark.parametrize("statement", OF_THE_HISTORY.values(), ids=OF_THE_HISTORY)
def test_a_statement_about_the_history_reads_only_what_is_the_owners(filled: str, statement: Any) -> None:
    nodes = [node for node in plan(filled, statement) if "Relation Name" in node]
    assert {node["Node Type"] for node in nodes} <= {"Index Scan", "Index Only Scan", "Bitmap Heap Scan", "ModifyTable"}
    assert {node["Relation Name"] for node in nodes} >= {"history"}


@pytest.mark.parametrize("statement", OF_THE_HISTORY.values(), ids=OF_THE_HISTORY)
def test_many_rows_of_the_history_are_not_compared_each_with_each(filled: str, statement: Any) -> None:
    assert not [node for node in plan(filled, statement) if " = " in node.get("Join Filter", "")]


@pytest.mark.parametrize("statement", [retention.FIND, retention.REMOVE], ids=["owners", "history"])
def test_old_history_is_found_by_its_owner(filled: str, statement: Any) -> None:
    nodes = list(plan(filled, statement))
    assert "Seq Scan" not in {node["Node Type"] for node in nodes}
    assert {node.get("Index Name") for node in nodes} <= {None, "pk_users", "pk_history", "pk_idempotency_keys"}


def test_a_list_with_its_clock_is_a_list_joined_with_one_row(filled: str) -> None:
    nodes = list(plan(filled, PLAIN_LIST))
    assert {node["Index Name"] for node in nodes if "Index Name" in node} == {"pk_tasks", "pk_users"}
    assert {node["Node Type"] for node in nodes} == {"Nested Loop", "Result", "Limit", "Index Scan"}


@pytest.mark.parametrize(("known", "loops"), [("-1", 1), ("2", 1), ("1", 0), ("NULL", 0)])
def test_a_list_that_is_known_reads_no_task(filled: str, known: str, loops: int) -> None:
    nodes = plan(filled, PLAIN_LIST, "ANALYZE", known=known)
    assert [node["Actual Loops"] for node in nodes if node.get("Relation Name") == "tasks"] == [loops]


@pytest.mark.parametrize("move", ["8, 1007, 'first', NULL", "8, 1007, 'after', 2007", "NULL, 1007, 'last', NULL"])
def test_a_move_reads_the_tasks_of_the_owner_once_and_no_others(filled: str, move: str) -> None:
    async def read_by_a_move() -> tuple[int, int]:
        read = "SELECT seq_scan, idx_tup_fetch FROM pg_stat_xact_user_tables WHERE relname = 'tasks'"
        connection = await asyncpg.connect(filled, statement_cache_size=0)
        async with connection.transaction():
            await connection.execute("SET LOCAL plan_cache_mode = force_generic_plan")
            before = await connection.fetchrow(read)
            assert await connection.fetchval(f"SELECT outcome FROM move_task({move}, NULL, false)") == "moved"
            after = await connection.fetchrow(read)
        await connection.close()
        return after[0] - before[0], after[1] - before[1]

    scans, tasks = asyncio.run(read_by_a_move())
    assert scans == 0
    assert 50 <= tasks < 60  # a user has 50


class Recording(Rows):
    """A database that keeps the statements that it is given."""

    def __init__(self) -> None:
        super().__init__(7)
        self.ran: list[Any] = []

    async def fetch(self, statement: Any, /, **_parameters: Any) -> Sequence[Row]:
        self.ran.append(statement)
        return await super().fetch(statement)


@pytest.mark.parametrize("name", IN_EVERY_PROTOCOL)
def test_the_statement_of_an_operation_is_among_them(name: str) -> None:
    database = Recording()
    service = with_middleware(create_app(Settings.read(database_url="postgresql://127.0.0.1:1/nothing"), database))

    async def ask() -> httpx.Response:
        sent = plain(IN_EVERY_PROTOCOL[name], 7, 70)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(service), base_url="http://test") as client:
            return await client.request(sent.method, sent.path, params=dict(sent.query), json=sent.body)

    assert asyncio.run(ask()).is_success
    [ran] = database.ran
    assert ran in {
        statements.CREATE,
        PLAIN_LIST,
        TAGS_WITH_CLOCK,
        LISTS["flat"],
        *OF_MANY.values(),
        *OF_THE_HISTORY.values(),
        *(each for verb in (*VERBS.values(), moves.MOVE) for each in (verb.owned, verb.flat)),
    }


def test_a_create_reads_no_table(filled: str) -> None:
    assert {node["Node Type"] for node in plan(filled, statements.CREATE)} <= {"ModifyTable", "Result"}
    for statement in (CREATE_MANY, KEYED_CREATE_MANY):
        read = {
            node["Relation Name"]
            for node in plan(filled, statement)
            if "Scan" in node["Node Type"] and "Relation Name" in node
        }
        assert read <= {"idempotency_keys"}


@pytest.mark.parametrize("name", OF_MANY)
def test_a_statement_about_many_tasks_reads_only_those_of_the_owner(filled: str, name: str) -> None:
    """Once to lock them in the order of their ids, and once by their ids to write them."""
    nodes = [*plan(filled, OF_MANY[name])]
    scans = [node for node in nodes if "pk_tasks" in node.get("Index Name", "")]
    assert [node["Node Type"] for node in scans] == ["Index Scan", "Bitmap Index Scan"]
    assert all("user_id = " in node["Index Cond"] for node in scans)
    kinds = [node["Node Type"] for node in nodes]
    assert "Seq Scan" not in kinds
    assert kinds[kinds.index("LockRows") + 1] == "Sort"


def test_the_tasks_of_a_change_are_counted_by_an_index(filled: str) -> None:
    [index] = [node["Index Name"] for node in plan(filled, COUNT_CHANGED) if "Index Name" in node]
    assert index == "pk_history"
