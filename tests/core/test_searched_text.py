"""The text in which words are searched: right after whatever was written, by whomever."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.dialects.postgresql.asyncpg import dialect

from donebase.core.statements import SEARCH
from donebase.postgres.migrations import migrate
from donebase.settings import Settings
from tests.support.databases import fetchval, fill
from tests.support.folding import searchable
from tests.support.psql import Psql

_EXPRESSION = str(SEARCH.compile(dialect=dialect()))  # type: ignore[no-untyped-call]
EVERY_TASK = (
    f"SELECT title, description, tags, search, {_EXPRESSION} AS searched FROM tasks WHERE user_id = $1 ORDER BY id"
)
_texts = st.text("aBÉß\u0301\x01 ", max_size=4)
_writes = st.one_of(
    st.fixed_dictionaries({}, optional={"title": _texts.map("x{}".format), "description": st.none() | _texts}),
    st.fixed_dictionaries({"tags": st.lists(_texts, max_size=2)}),
    st.fixed_dictionaries({"completed": st.booleans()}),
)


@pytest.fixture
def psql(database_url: str, alice: int) -> Iterator[Psql]:
    session = Psql(database_url, alice)
    yield session
    session.close()


def searched(psql: Psql) -> list[str]:
    """Return the text of each task, and see that it is kept only where it has to be."""
    tasks = psql.run(EVERY_TASK, psql.user)
    for task in tasks:
        texts = "".join((task["title"], task["description"] or "", *task["tags"]))
        assert task["search"] == (None if texts.isascii() else task["searched"])
        assert task["searched"] == searchable(task["title"], task["description"], task["tags"])
    return [task["searched"] for task in tasks]


# Each example is rolled back.
@settings(
    max_examples=40,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(created=_writes, changes=st.lists(_writes, max_size=4))
def test_it_follows_every_write(psql: Psql, created: dict[str, Any], changes: list[dict[str, Any]]) -> None:
    with psql.transaction(rolled_back=True):
        fields = {"title": "x", **created}
        [task] = psql.create(fields.pop("title"), **fields)
        searched(psql)
        for change in changes:
            for name, value in change.items():
                psql.run(f"UPDATE tasks SET {name} = $2 WHERE id = $1", task, value)
                searched(psql)


def test_a_delete_that_is_undone_by_hand_brings_it_back(psql: Psql) -> None:
    [task] = psql.create("Crème", description="BRÛLÉE", tags=["ß"])
    before = searched(psql)
    assert before == ["creme\x01brulee\x01ss"]
    psql.delete(task)
    psql.run(
        "INSERT INTO tasks (user_id, id, title, description, tags) OVERRIDING SYSTEM VALUE VALUES ($1, $2, $3, $4, $5)",
        *(psql.user, task, "Crème", "BRÛLÉE", ["ß"]),
    )
    assert searched(psql) == before


def test_tasks_that_were_there_before_are_searched_without_being_written_again(empty_database: str) -> None:
    asyncio.run(migrate(Settings.read(database_url=empty_database), "0003"))
    fill(empty_database, 7, 1, "Größe")
    asyncio.run(migrate(Settings.read(database_url=empty_database)))
    assert fetchval(empty_database, "SELECT search FROM tasks") is None
    assert fetchval(empty_database, f"SELECT {_EXPRESSION} FROM tasks") == "task 1\x01grosse\x01"
    fetchval(empty_database, "UPDATE tasks SET tags = '{Ä}'")
    assert fetchval(empty_database, "SELECT search FROM tasks") == "task 1\x01grosse\x01a"
