"""What is removed in steps is found along an index, however many rows there are."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from donebase.accounts import deletion_statements as deletion
from donebase.accounts.expiry import REMOVE_EXPIRED
from donebase.core.steps import STEP_ROWS
from tests.core.test_plans import plan, run
from tests.support.databases import a_database_with_tables

MANY = "generate_series(1, 50000) AS n"
FILL = (
    "INSERT INTO users (id) SELECT generate_series(1, 1000)",
    f"INSERT INTO tasks (user_id, title) SELECT n % 1000 + 1, 'task ' || n FROM {MANY}",
    f"INSERT INTO idempotency_keys SELECT n % 1000 + 1, n, 'key ' || n, '' FROM {MANY}",
    f"INSERT INTO accounts SELECT 'a' || n, n, 'a' || n, NULL, '' FROM {MANY}",
    f"INSERT INTO sessions SELECT int8send(n), n, '', now(), now() + n * interval '1 minute' FROM {MANY}",
    f"INSERT INTO personal_tokens (hash, user_id, name, scopes) SELECT int8send(n), n, 'x', '{{}}' FROM {MANY}",
    f"INSERT INTO identities SELECT 'a' || n, '', n FROM {MANY}",
    f"INSERT INTO attempts SELECT int8send(n), ARRAY[now()] FROM {MANY}",
)
ROWS_OF_A_USER = 50
TABLES = ("users", "tasks", "history", "idempotency_keys", "accounts", "sessions", "personal_tokens", "identities")
STEPS = {
    "pk_tasks": deletion.REMOVE_TASKS,
    "pk_history": deletion.REMOVE_HISTORY,
    "pk_idempotency_keys": deletion.REMOVE_KEYS,
    "pk_users": deletion.REMOVE_USER,
}
EXPIRED = dict(zip(("pk_sessions", "pk_personal_tokens", "pk_attempts"), REMOVE_EXPIRED, strict=True))


@pytest.fixture(scope="module")
def filled() -> Iterator[str]:
    """A database with many rows in each table, of which PostgreSQL knows the statistics."""
    with a_database_with_tables() as url:
        asyncio.run(run(url, *FILL, *(f"ANALYZE {table}" for table in (*TABLES, "attempts"))))
        yield url


@pytest.mark.parametrize("index", STEPS)
def test_a_step_of_a_deletion_reads_a_range_of_the_key(filled: str, index: str) -> None:
    """It finds the last row in the order of the key, and removes up to it, however many rows are left of a user."""
    nodes = list(plan(filled, STEPS[index]))
    assert {node["Index Name"] for node in nodes if "Index Name" in node} == {index}
    assert "Seq Scan" not in {node["Node Type"] for node in nodes}
    ranges = [node for node in nodes if "<=" in node.get("Index Cond", "")]
    assert len(ranges) == (0 if index == "pk_users" else 1)
    assert all(node["Plan Rows"] < ROWS_OF_A_USER for node in nodes if node["Node Type"] == "Sort")


@pytest.mark.parametrize("statement", deletion.REMOVE_GRANTS, ids=lambda each: each.table.name)
def test_what_lets_a_user_in_is_found_by_the_number(filled: str, statement: Any) -> None:
    [found] = [node for node in plan(filled, statement) if "Index Name" in node]
    assert found["Index Name"] == f"ix_{statement.table.name}_user_id"


@pytest.mark.parametrize("index", EXPIRED)
def test_a_step_of_the_expiry_walks_along_the_key(filled: str, index: str) -> None:
    nodes = list(plan(filled, EXPIRED[index], after=r"'\x00'"))
    assert {node["Index Name"] for node in nodes if "Index Name" in node} == {index}
    assert "Seq Scan" not in {node["Node Type"] for node in nodes}
    assert max(node["Plan Rows"] for node in nodes if node["Node Type"] == "Sort") <= STEP_ROWS
