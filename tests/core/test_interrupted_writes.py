"""A write that finds nothing to change, and another client that changes the task before the reason is read."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import pytest

from donebase.core import tasks
from donebase.core.errors import PreconditionFailed, TaskNotFound
from donebase.core.rows import task_fields
from donebase.core.shapes import Completion, NewTask, TaskChanges
from donebase.core.writes import RequestKey, Versions, Written
from donebase.postgres.database import PostgresDatabase
from tests.support.with_database import with_database


class Interrupted:
    """A database that lets another client write after the first statement, and counts the statements."""

    def __init__(self, database: PostgresDatabase, other: Callable[[], Awaitable[Written]]) -> None:
        self._database = database
        self._other = other
        self.statements = 0

    async def fetch(self, statement: Any, /, **parameters: Any) -> Sequence[Any]:
        """Run a statement."""
        self.statements += 1
        rows = await self._database.fetch(statement, **parameters)
        if self.statements == 1:
            await self._other()
        return rows

    async def answers(self) -> bool:
        """Tell that it is well."""
        return True


Write = Callable[[Any, int, int, Versions], Awaitable[Written]]


def change(**fields: Any) -> Write:
    """Return what changes fields of a task."""

    def write(database: Any, owner: int, task_id: int, versions: Versions = None) -> Awaitable[Written]:
        return tasks.change_task(database, owner, task_id, TaskChanges(**fields), versions)

    return write


def keyed(**fields: Any) -> Write:
    """Return what changes fields of a task for a request with a key."""

    def write(database: Any, owner: int, task_id: int, versions: Versions = None) -> Awaitable[Written]:
        key = RequestKey("k", bytes(16))
        return tasks.change_task(database, owner, task_id, TaskChanges(**fields), versions, key)

    return write


def toggle(database: Any, owner: int, task_id: int, versions: Versions = None) -> Awaitable[Written]:
    return tasks.complete_task(database, owner, task_id, None, versions)


def toggle_at_2(database: Any, owner: int, task_id: int, versions: Versions = None) -> Awaitable[Written]:
    return tasks.complete_task(database, owner, task_id, Completion(version=2), versions)


def reopen(database: Any, owner: int, task_id: int, versions: Versions = None) -> Awaitable[Written]:
    return tasks.complete_task(database, owner, task_id, Completion(completed=False), versions)


OTHER = change(title="theirs", completed=True)
DELETE: Write = tasks.delete_task


def interrupted(url: str, owner: int, write: Write, versions: Versions, other: Write) -> tuple[Written, int]:
    """Return what a write to a new task has done, between whose statements another was made, and in how many."""

    async def story(database: PostgresDatabase) -> tuple[Written, int]:
        made = await tasks.create_task(database, owner, NewTask(title="ours"))
        assert made.task
        task_id = made.task["id"]
        between = Interrupted(database, lambda: other(database, owner, task_id, None))
        done = await write(between, owner, task_id, versions)
        assert done.task is None or task_fields(await tasks.read_task(database, owner, task_id)) == done.task
        return done, between.statements

    return with_database(url, story)


@pytest.mark.parametrize(
    ("write", "versions", "left"),
    [
        (change(title="ours"), None, {"title": "ours", "completed": True}),
        (change(title="mine"), (2,), {"title": "mine", "completed": True}),
        (change(title="mine"), (2, 7), {"title": "mine", "completed": True}),
        (change(title="mine", version=2), None, {"title": "mine", "completed": True}),
        (toggle, (2,), {"title": "theirs", "completed": False}),
        (toggle_at_2, None, {"title": "theirs", "completed": False}),
        (reopen, None, {"title": "theirs", "completed": False}),
    ],
    ids=["nothing new", "a later version", "several", "in a body", "toggled", "toggled in a body", "set"],
)
def test_what_there_is_to_change_by_then_is_changed(
    database_url: str, alice: int, write: Write, versions: Versions, left: dict[str, object]
) -> None:
    done, statements = interrupted(database_url, alice, write, versions, OTHER)
    assert done.task
    assert (done.change, done.task["version"], statements) == (3, 3, 3)
    assert left.items() <= done.task.items()


def test_a_delete_that_expects_what_comes_is_carried_out(database_url: str, alice: int) -> None:
    done, statements = interrupted(database_url, alice, DELETE, (2,), OTHER)
    assert (done, statements) == (Written(3, None), 3)


def test_a_key_is_kept_by_the_statement_that_changes(database_url: str, alice: int) -> None:
    done, _ = interrupted(database_url, alice, keyed(title="ours"), None, OTHER)
    assert done.task
    assert (done.change, done.task["title"], done.replayed) == (3, "ours", False)


@pytest.mark.parametrize(
    ("write", "current"),
    [(change(title="mine"), 2), (change(), 1), (toggle, 2), (reopen, 2), (DELETE, 2)],
    ids=["change", "change of nothing", "toggle", "set", "delete"],
)
def test_a_version_that_does_not_come_is_refused_with_what_is_there(
    database_url: str, alice: int, write: Write, current: int
) -> None:
    with pytest.raises(PreconditionFailed) as refused:
        interrupted(database_url, alice, write, (7,), OTHER)
    assert refused.value.current["version"] == current


@pytest.mark.parametrize(
    "write", [change(title="ours"), reopen, change(title="x", version=7)], ids=["same", "set", "v"]
)
def test_a_task_that_goes_in_between_is_missing(database_url: str, alice: int, write: Write) -> None:
    with pytest.raises(TaskNotFound):
        interrupted(database_url, alice, write, None, DELETE)


def test_what_becomes_as_it_was_sent_is_nothing_new(database_url: str, alice: int) -> None:
    """The version that was expected came and went, and brought the same: the task is as the client wants it."""
    done, statements = interrupted(database_url, alice, change(title="theirs"), (2,), OTHER)
    assert done.task
    assert (done.change, done.task["version"], statements) == (None, 2, 2)
