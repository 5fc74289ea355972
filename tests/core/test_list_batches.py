"""What is read of a list after its first batch, when the tasks change in between."""

import asyncio
import functools
import gc
import itertools
import json
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Any

import pytest
from starlette.responses import StreamingResponse

from donebase.core import list_batches, tasks
from donebase.core.deferred import MOST, deferred
from donebase.core.list_statements import ListShape, beginning
from donebase.core.lists import BATCH, Section, TaskList
from donebase.core.orders import ORDERS
from donebase.core.shapes import TaskChanges
from donebase.http.task_list import task_list
from donebase.postgres.compiled import compile_statement
from donebase.postgres.database import PostgresDatabase
from tests.support.databases import empty, fetchval, fill_without_history
from tests.support.with_database import with_database


async def titles(rest: Any, size: int, used: int | None = None) -> list[str]:
    """Read what follows, of which no more than `used` tasks of each batch are used."""
    found: list[str] = []
    while rest.more:
        rows = await rest.read(size)
        if rows:
            number = min(len(rows), used or size)
            rest.use(rows, number)
            found += [row["title"] for row in rows[:number]]
    return found


def fill(url: str, user: int, number: int) -> list[str]:
    """Make tasks, and return their titles in order."""
    fill_without_history(url, user, number, "")
    return sorted(f"task {each}" for each in range(1, number + 1))


@pytest.mark.parametrize("order", ["title", "-title", "due", "-priority"])
@pytest.mark.parametrize(("size", "used"), [(100, None), (7, 3), (1, None)])
def test_a_list_is_fixed_part_by_part(
    monkeypatch: pytest.MonkeyPatch, database_url: str, alice: int, order: str, size: int, used: int | None
) -> None:
    expected = fill(database_url, alice, BATCH + 40)
    if order == "-title":
        expected.reverse()
    elif order != "title":  # they have no due date and no priority
        expected.sort(key=lambda title: int(title.split()[1]))
    monkeypatch.setattr(list_batches, "FIXED", 60)

    async def use(database: PostgresDatabase) -> None:
        listed = TaskList(database, alice, section=Section(order=order))
        rows, more = await listed.first()
        assert more
        taken = rows[:50]
        rest = await listed.rest([row["id"] for row in taken], listed.place(taken[-1]))
        assert rest.continues
        assert [row["title"] for row in taken] + await titles(rest, size, used) == expected

    with_database(database_url, use, database_pool_size=1)


class Meddling:
    """A database in which something else happens after the first statement."""

    def __init__(self, database: PostgresDatabase, meddle: Callable[[], Awaitable[Any]]) -> None:
        self._database = database
        self._meddle: Callable[[], Awaitable[Any]] | None = meddle

    async def fetch(self, statement: Any, /, **parameters: Any) -> Sequence[Any]:
        """Run a statement."""
        rows = await self._database.fetch(statement, **parameters)
        meddle, self._meddle = self._meddle, None
        if meddle:
            await meddle()
        return rows

    async def answers(self) -> bool:
        """Tell that it is well."""
        return True


async def sent(listed: TaskList) -> Any:
    """Return what is sent of a list."""
    response = await task_list("/tasks", b"", listed)
    assert isinstance(response, StreamingResponse)
    return json.loads(b"".join([bytes(piece) async for piece in response.body_iterator if not isinstance(piece, str)]))


@pytest.mark.parametrize("limit", [None, 260])
@pytest.mark.parametrize("number", [0, 200])
def test_a_list_begins_anew_if_others_are_first_before_it_is_fixed(
    database_url: str, alice: int, limit: int | None, number: int
) -> None:
    """Nothing of it was sent yet: it is as it is when it is fixed, whole and in order."""
    expected = fill(database_url, alice, BATCH + 40)
    moved = expected.pop(number)
    task_id = fetchval(database_url, "SELECT id FROM tasks WHERE user_id = $1 AND title = $2", alice, moved)

    async def use(database: PostgresDatabase) -> Any:
        change = functools.partial(
            tasks.change_task, database, alice, task_id, TaskChanges.model_validate({"title": "z"})
        )
        listed = TaskList(Meddling(database, change), alice, section=Section(order="title", limit=limit))
        return await sent(listed)

    found = with_database(database_url, use, database_pool_size=1)
    assert [task["title"] for task in found] == [*expected, "z"][:limit]


def test_a_list_of_which_nothing_is_left_ends(database_url: str, alice: int) -> None:
    fill(database_url, alice, BATCH + 40)

    async def use(database: PostgresDatabase) -> Any:
        async def delete_all() -> None:
            await asyncio.to_thread(empty, database_url, alice)

        return await sent(TaskList(Meddling(database, delete_all), alice, section=Section(order="title")))

    assert with_database(database_url, use, database_pool_size=1) == []


def shapes() -> Iterator[ListShape]:
    """Yield many shapes of lists."""
    names = ("completed", "priorities", "tags", "due_dates", "due_any", "words")
    for chosen in itertools.product([False, True], repeat=len(names)):
        filters = frozenset(itertools.compress(names, chosen))
        yield from (ListShape(True, filters, order) for order in ORDERS)


def test_the_statements_that_are_kept_are_bounded_and_small() -> None:
    """Whoever asks for lists of ever other shapes fills no memory, nor what is searched for garbage."""
    every = list(shapes())
    assert len(every) > 2 * MOST
    kept = deferred(beginning.__wrapped__)  # type: ignore[attr-defined]  # others use what that one keeps
    gc.collect()
    before = len(gc.get_objects())
    for shape in every:
        assert kept(shape) is kept(shape)
    assert kept.cache_info().currsize == MOST  # type: ignore[attr-defined]
    for shape in every[-20:]:
        assert compile_statement(kept(shape)) is compile_statement(kept(shape))
    gc.collect()
    assert len(gc.get_objects()) - before < 20 * MOST
