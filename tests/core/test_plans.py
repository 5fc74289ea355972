"""How PostgreSQL finds the rows of each statement: along an index, however many rows there are."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import asyncpg
import pytest

from donebase.core import statements
from donebase.core.statements import Verb
from donebase.postgres.compiled import compile_statement
from tests.support.databases import a_database_with_tables

VERBS = {
    "listed": statements.LIST,
    "ids listed": statements.LIST_IDS,
    "read": statements.READ,
    "many read": statements.READ_MANY,
    "changed": statements.CHANGE,
    "completed": statements.COMPLETE,
    "deleted": statements.DELETE,
}
VALUES = {
    "owner": "7",
    "user_id": "7",
    "task_id": "70",
    "after": "0",
    "limit": "51",
    "ids": "'{70,71,72}'",
    "completed": "true",
}


@pytest.fixture(scope="module")
def filled() -> Iterator[str]:
    """A database with 50,000 tasks of 1,000 users, of which PostgreSQL knows the statistics."""
    with a_database_with_tables() as url:
        asyncio.run(run(url, "INSERT INTO users (id) SELECT generate_series(1, 1000)"))
        fill = (
            "INSERT INTO tasks (user_id, title) SELECT n % 1000 + 1, 'task ' || n FROM generate_series(1, 50000) AS n"
        )
        asyncio.run(run(url, fill, "ANALYZE tasks", "ANALYZE users"))
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


def plan(url: str, statement: Any) -> Iterator[dict[str, Any]]:
    """Yield each node of the plan that serves a prepared statement whatever its parameters are."""
    sql, names, *_ = compile_statement(statement)
    arguments = ", ".join(VALUES.get(name, "false" if name.endswith("_sent") else "'x'") for name in names)
    generic = "SET LOCAL plan_cache_mode = force_generic_plan"
    explain = f"EXPLAIN (FORMAT JSON) EXECUTE explained({arguments})"
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
    if verb in (statements.LIST, statements.LIST_IDS):
        assert index == ("pk_tasks" if whose == "owned" else "ix_tasks_id")
    else:
        assert index in ("pk_tasks", "ix_tasks_id")  # of one row, either tells
    assert kinds.keys() <= {"Index Scan", "Index Only Scan", "Limit", "ModifyTable"}, (
        "nothing is sorted, nothing is read that is not asked"
    )


def test_a_create_reads_no_table(filled: str) -> None:
    assert {node["Node Type"] for node in plan(filled, statements.CREATE)} <= {"ModifyTable", "Result"}
