"""How PostgreSQL finds the tasks of lists: for an owner with 100, 10,000 or 100,000 tasks, it reads no others."""

import asyncio
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import psutil
import pytest
from sqlalchemy import Executable

from donebase.core.filters import EVERYTHING, TaskFilter, filter_parameters
from donebase.core.list_batches import FIXED
from donebase.core.list_statements import ListShape, beginning, fixing, following, named
from donebase.core.orders import ORDERS
from donebase.core.tags import TAGS, TAGS_WITH_CLOCK
from donebase.postgres.compiled import compile_statement
from tests.conftest import NO_HURRY
from tests.support.databases import a_database_with_tables
from tests.support.memory import highest_rss
from tests.support.processes import Service

OWNERS = {1: 100, 2: 10_000, 3: 100_000}
OTHERS = 300_000  # tasks, of a thousand owners
FILTERS = {
    "everything": EVERYTHING,
    "open": TaskFilter(completed=False),
    "priorities": TaskFilter(priorities=("high", None)),
    "tags": TaskFilter(tags=("shop",)),
    "dates": TaskFilter(due_from="2026-12-01", due_to="2026-12-03"),
    "not due": TaskFilter(due="none"),
    "due": TaskFilter(due="any"),
    "today": TaskFilter(due="today", time_zone="Europe/Berlin"),
    "overdue": TaskFilter(due="overdue", time_zone="Europe/Berlin"),
    "words": TaskFilter(words=("milk", "two")),
}
ALL = TaskFilter(False, ("high", None), ("shop",), "2026-12-01", "2026-12-03", "overdue", "UTC", ("milk",))
PLACES: dict[str, Any] = {
    "created": None,
    "updated": datetime(2026, 11, 20),
    "due": "2026-12-01~",
    "priority": 2,
    "title": "m",
    "order": 1000.0,
}


def shapes() -> Iterator[tuple[str, ListShape, TaskFilter]]:
    """Yield each filter alone, each order alone, and each order with all filters, also counted."""
    for name, wanted in FILTERS.items():
        yield name, ListShape(True, wanted.shape), wanted
        yield f"{name} counted", ListShape(True, wanted.shape, counted=True), wanted
    for order in ORDERS:
        yield f"by {order}", ListShape(True, order=order, begins_after=order == "created"), EVERYTHING
        yield f"after, by {order}", ListShape(True, order=order), EVERYTHING
        yield f"all, by {order}", ListShape(True, ALL.shape, order, counted=True), ALL


def statements() -> Iterator[tuple[str, Executable, Mapping[str, Any]]]:
    """Yield every statement of a list, with the parameters that it needs beside the owner."""
    for name, shape, wanted in shapes():
        values = filter_parameters(wanted, datetime.now(UTC)) | {"known": -1, "after": 0, "number": 250, "limit": 251}
        values["after_key"] = PLACES[shape.order.removeprefix("-")]
        if shape.order == "-created":
            values["after"] = 2**62
        yield name, beginning(shape), values
        if not shape.counted:
            yield f"{name}, a batch", following(shape), values
            yield f"{name}, fixed", fixing(shape), values
            yield f"{name}, named", named(True, shape.filters), values | {"ids": [1, 2, 3]}
    yield "tags", TAGS_WITH_CLOCK, {"known": -1, "after": "", "limit": 1001}
    yield "more tags", TAGS, {"after": "shop", "limit": 1001}


STATEMENTS = {name: (statement, values) for name, statement, values in statements()}


_LOAD = """INSERT INTO tasks (user_id, title, completed, due, priority, tags, version)
    SELECT CASE {owners} ELSE 10 + n % 1000 END, 'Buy milk ' || n, n % 3 = 0,
        CASE WHEN n % 4 = 0 THEN jsonb_build_object('date', '2026-12-' || to_char(n % 28 + 1, 'FM00')) END,
        (ARRAY['low', 'medium', 'high', NULL])[n % 4 + 1],
        CASE WHEN n % 5 = 0 THEN '{{shop,home}}' ELSE '{{}}'::text[] END, 1
    FROM generate_series(1, {number}) AS n"""


async def load(url: str) -> None:
    """Make the tasks of all owners in the order in which they would come: those of the three in the midst of others."""
    number = OTHERS + sum(OWNERS.values())
    owners = " ".join(f"WHEN n % {number // each} = {owner} THEN {owner}" for owner, each in OWNERS.items())
    connection = await asyncpg.connect(url, statement_cache_size=0)
    try:
        async with connection.transaction():
            await connection.execute("SET LOCAL session_replication_role = replica")  # no history
            await connection.execute("INSERT INTO users (id, clock) SELECT generate_series(1, 1010), 1")
            await connection.execute(_LOAD.format(owners=owners, number=number))
        await connection.execute("ANALYZE tasks, users")
    finally:
        await connection.close()


@pytest.fixture(scope="module")
def filled() -> Iterator[str]:
    with a_database_with_tables() as url:
        asyncio.run(load(url))
        yield url


def test_no_statement_needs_what_happens_in_python() -> None:
    """What SQLAlchemy would do around each execution does not happen here: a statement must not count on it."""
    for name, (statement, _) in STATEMENTS.items():
        compiled = compile_statement(statement)
        assert ("__[POSTCOMPILE" in compiled.sql, compiled.constants) == (False, {}), name


def literal(value: Any) -> str:
    """Return a parameter as EXECUTE takes it."""
    if isinstance(value, list | tuple):
        return "'{" + ",".join("NULL" if each is None else str(each) for each in value) + "}'"
    return "NULL" if value is None else f"'{value}'"


async def plans(url: str, owner: int, mode: str) -> dict[str, list[dict[str, Any]]]:
    """Return the nodes of the plan of each statement for an owner, planned for its parameters or for any (generic)."""
    connection = await asyncpg.connect(url, statement_cache_size=0)
    found = {}
    try:
        async with connection.transaction():  # a pooler may give each transaction another server connection
            await connection.execute(f"SET LOCAL plan_cache_mode = force_{mode}_plan")
            for name, (statement, values) in STATEMENTS.items():
                sql, names, *_ = compile_statement(statement)
                arguments = ", ".join(literal({**values, "owner": owner}[each]) for each in names)
                await connection.execute(f"PREPARE explained AS {sql}")
                plan = await connection.fetchval(f"EXPLAIN (FORMAT JSON) EXECUTE explained ({arguments})")
                found[name] = list(nodes(json.loads(plan)[0]["Plan"]))
                await connection.execute("DEALLOCATE explained")
    finally:
        await connection.close()
    return found


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("Plans", ()):
        yield from nodes(child)


def reads_others(node: dict[str, Any]) -> bool:
    """Say whether a node may read tasks of other owners: neither the owner nor the ids are in what it looks for."""
    looked_for = node.get("Index Cond", "") + node.get("Recheck Cond", "")
    return node.get("Relation Name") == "tasks" and not ("user_id = " in looked_for or "id = ANY" in looked_for)


@pytest.mark.parametrize("mode", ["custom", "generic"])
@pytest.mark.parametrize("owner", OWNERS, ids=map(str, OWNERS.values()))
def test_a_list_reads_the_tasks_of_its_owner_alone(filled: str, owner: int, mode: str) -> None:
    found = asyncio.run(plans(filled, owner, mode))
    reading = {name: node for name, plan in found.items() for node in plan if reads_others(node)}
    if mode == "custom" and OWNERS[owner] > OTHERS / 10:
        # Every page of the table has a task of this owner: where all of them are needed, it is quicker to read it all.
        for name in [*reading]:
            if reading[name]["Node Type"] == "Seq Scan" and needs_all(name):
                del reading[name]
    assert reading == {}


def needs_all(name: str) -> bool:
    """Say whether a statement needs all tasks of an owner, and not only the first that fulfil a filter."""
    return "counted" in name or "tags" in name or (" by " in f" {name}" and "created" not in name)


@pytest.mark.parametrize("mode", ["custom", "generic"])
def test_a_list_in_order_of_creation_is_not_sorted(filled: str, mode: str) -> None:
    found = asyncio.run(plans(filled, 3, mode))
    for name in ("everything", "everything, a batch", "open", "words", "by -created", "after, by -created, a batch"):
        kinds = {node["Node Type"] for node in found[name]}
        assert "Index Scan" in kinds
        assert "Sort" not in kinds


@pytest.mark.parametrize(("known", "loops"), [("-1", 1), ("1", 0), ("NULL", 0)])
def test_a_list_that_is_known_is_neither_read_nor_counted(filled: str, known: str, loops: int) -> None:
    statement, values = STATEMENTS["all, by due"]
    sql, names, *_ = compile_statement(statement)
    arguments = [known if each == "known" else literal({**values, "owner": 1}[each]) for each in names]

    async def explained() -> Any:
        connection = await asyncpg.connect(filled, statement_cache_size=0)
        try:
            async with connection.transaction():
                await connection.execute(f"PREPARE explained AS {sql}")
                explain = f"EXPLAIN (ANALYZE, FORMAT JSON) EXECUTE explained ({', '.join(arguments)})"
                plan = await connection.fetchval(explain)
                await connection.execute("DEALLOCATE explained")
                return json.loads(plan)[0]["Plan"]
        finally:
            await connection.close()

    reading = [node["Actual Loops"] for node in nodes(asyncio.run(explained())) if node.get("Relation Name") == "tasks"]
    assert reading == [loops, loops] or (reading, known) == ([], "NULL")


def test_a_long_list_by_title_takes_little_memory(filled: str, folder: Path) -> None:
    """A third of 100,000 tasks: more than are fixed at once."""
    with Service(folder, DATABASE_URL=filled, DATABASE_POOL_SIZE="1", HISTORY_DAYS="0", **NO_HURRY) as service:
        httpx.get(f"{service.ready().address}/users/3/tasks?limit=1000&sort=-title").raise_for_status()
        process = psutil.Process(service.process.pid)
        before = process.memory_info().rss
        response = httpx.get(f"{service.address}/users/3/tasks?sort=-title&completed=true")
        grown = highest_rss(process) - before
    titles = [task["title"] for task in response.json()]
    assert FIXED < len(titles) < OWNERS[3]
    assert titles == sorted(set(titles), reverse=True)
    assert grown < 10_000_000
