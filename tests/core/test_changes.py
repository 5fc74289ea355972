"""What the history says of each change is what the change left, however much has changed since."""

import random
from collections.abc import Awaitable, Callable
from typing import Any
from unittest.mock import ANY

import orjson
import pytest
from sqlalchemy import text

from donebase.core.changes import Change, changes_since, read_changes
from donebase.core.errors import HistoryPruned
from donebase.core.history import list_history
from donebase.core.list_statements import ListShape, following
from donebase.core.rows import all_task_fields, task_fields
from donebase.core.undo import undo_change
from donebase.http.bytes_response import encoded
from donebase.postgres.database import PostgresDatabase
from tests.support.with_database import with_database

VALUES = {
    "title": ["'Milk'", "'{\"a\": [1]}'", "'\\ \" é 😀'", "chr(1) || 'x'"],
    "description": ["NULL", "''", "repeat('long ', 900)", "'null'"],
    "completed": ["NOT completed"],
    "due": ["NULL", """'{"date": "2026-12-01", "time": "17:00", "time_zone": null}'"""],
    "priority": ["NULL", "'low'", "'high'"],
    "tags": ["'{}'", """ARRAY['a', 'ü"']"""],
    '"order"': ["1.5", "-7", "1e300", "123456789012345678"],
}
ALL = 2**62

Tasks = dict[int, Any]


async def follow(database: PostgresDatabase, owner: int, since: int, limit: int, copy: Tasks) -> Tasks:
    """Return a copy that was made at a number, brought to what there is now, and check the pages on the way."""
    seen: set[int] = set()
    while True:
        latest, more, tasks, deleted = await changes_since(database, owner, since, limit)
        versions = [task["version"] for task in tasks]
        assert versions == sorted(versions)
        assert not versions or since < versions[0] <= versions[-1] <= latest
        assert (since < latest and (tasks or deleted)) or not more
        seen_now = {task["id"] for task in tasks}
        assert not seen & seen_now
        seen |= seen_now
        copy = {task_id: task for task_id, task in copy.items() if task_id not in deleted}
        copy |= {task["id"]: encoded(task_fields(task)) for task in tasks}
        since = latest
        if not more:
            return copy


class Writer:
    """Writes tasks of a user as psql does, and keeps the tasks as each change left them."""

    def __init__(self, database: PostgresDatabase, user: int, seed: int = 0) -> None:
        self.database = database
        self.user = user
        self.random = random.Random(seed)  # noqa: S311
        self.left: list[Tasks] = [{}]

    async def run(self, sql: str) -> None:
        """Run a statement about tasks `$` of the user, which changes something."""
        before = self.left[-1]
        chosen = self.random.sample(sorted(before), self.random.randint(1, len(before))) if before else []
        which = f"user_id = {self.user} AND id = ANY ('{{{','.join(map(str, chosen))}}}')"
        await self.database.fetch(text(sql.replace("$", which).replace(":", r"\:")))
        rows = await self.database.fetch(following(ListShape(owned=True)), owner=self.user, after=0, limit=ALL)
        after = {task["id"]: encoded(task) for task in all_task_fields(rows)}
        if after != before:
            self.left.append(after)

    async def write_much(self, number: int) -> None:
        """Write, and now and then put back what is gone, until that has made so many changes; which ones is chance."""
        enough = len(self.left) + number
        for _ in range(10 * number):
            await self.write()
            if self.random.random() < 0.2:
                await self.restore()
            if len(self.left) >= enough:
                return
        raise AssertionError(f"{len(self.left)} changes instead of {enough}")

    async def write(self) -> None:
        """Create, change or delete some tasks."""
        kind = self.random.choices(["create", "change", "delete"], [2, 6, 1])[0] if self.left[-1] else "create"
        if kind == "create":
            number = self.random.randint(1, 3)
            await self.run(
                f"INSERT INTO tasks (user_id, title) SELECT {self.user}, 'x' FROM generate_series(1, {number})"
            )
        elif kind == "delete":
            await self.run("DELETE FROM tasks WHERE $")
        else:
            fields = self.random.sample(sorted(VALUES), self.random.randint(1, 3))
            moves = ", ".join(f"{name} = {self.random.choice(VALUES[name])}" for name in fields)
            await self.run(f"UPDATE tasks SET {moves} WHERE $")

    async def restore(self) -> None:
        """Put a task that is gone back under its own id."""
        gone = sorted(set().union(*self.left) - set(self.left[-1]))
        if gone:
            await self.run(
                "INSERT INTO tasks (id, user_id, title) OVERRIDING SYSTEM VALUE "
                f"VALUES ({self.random.choice(gone)}, {self.user}, 'back')"
            )

    def expected(self, number: int) -> Change:
        """Return what a change did."""
        before, after = self.left[number - 1 : number + 1]
        changed = [task for task_id, task in after.items() if before.get(task_id) != task]
        return Change(number, changed, sorted(before.keys() - after.keys()))


def with_writer(url: str, user: int, story: Callable[[Writer], Awaitable[None]]) -> None:
    with_database(url, lambda database: story(Writer(database, user, user)))


def in_bytes(changes: list[Change]) -> list[Change]:
    return [Change(each.number, [encoded(task) for task in each.tasks], each.deleted) for each in changes]  # type: ignore[misc]


def test_a_change_is_read_as_it_left_the_tasks_to_the_byte(database_url: str, alice: int) -> None:
    async def story(writer: Writer) -> None:
        await writer.write_much(50)
        last = len(writer.left) - 1
        for since in range(0, last, 7):
            for limit in (1, 5, ALL):
                found = in_bytes(await read_changes(writer.database, alice, since, limit))
                assert found == [writer.expected(number) for number in range(since + 1, since + len(found) + 1)]
                rows = [len(each.tasks) + len(each.deleted) for each in found]
                assert sum(rows[:-1]) < limit
                assert sum(rows) >= limit or since + len(found) == last
            only = in_bytes(await read_changes(writer.database, alice, since, 1, upto=since + 1))
            assert only == [writer.expected(since + 1)]
        assert await read_changes(writer.database, alice, last, 1) == []

    with_writer(database_url, alice, story)


def test_what_the_history_does_not_have_is_refused(database_url: str, alice: int, bob: int) -> None:
    async def story(writer: Writer) -> None:
        await writer.write_much(4)
        last = len(writer.left) - 1
        await writer.database.fetch(text(f"DELETE FROM history WHERE user_id = {alice} AND change <= 2"))
        assert in_bytes(await read_changes(writer.database, alice, 2, ALL))[0] == writer.expected(3)
        for since in (0, 1, last + 1):
            with pytest.raises(HistoryPruned):
                await read_changes(writer.database, alice, since, ALL)
        await writer.database.fetch(text(f"DELETE FROM history WHERE user_id = {alice}"))
        assert await read_changes(writer.database, alice, last, ALL) == []
        with pytest.raises(HistoryPruned):
            await read_changes(writer.database, alice, last - 1, ALL)
        assert await read_changes(writer.database, bob, 0, ALL) == []

    with_writer(database_url, alice, story)


def test_a_copy_follows_from_any_number_in_pages_of_any_size(database_url: str, alice: int) -> None:
    async def story(writer: Writer) -> None:
        await writer.write_much(40)
        *_, now = writer.left
        for since in range(0, len(writer.left), 3):
            for limit in (1, 2, 5, ALL):
                assert await follow(writer.database, alice, since, limit, writer.left[since]) == now
        latest = len(writer.left) - 1
        assert await changes_since(writer.database, alice, latest, 1) == (latest, False, [], [])
        everything = await changes_since(writer.database, alice, 0, ALL)
        assert (everything.latest, everything.more, everything.deleted) == (latest, False, [])
        assert {task["id"] for task in everything.tasks} == now.keys()

    with_writer(database_url, alice, story)


def test_a_copy_can_begin_anew_in_pages_where_the_history_was_pruned(database_url: str, alice: int, bob: int) -> None:
    async def story(writer: Writer) -> None:
        await writer.write_much(20)
        floor = len(writer.left) // 2
        await writer.database.fetch(text(f"DELETE FROM history WHERE user_id = {alice} AND change <= {floor}"))
        for limit in (1, 3, ALL):
            assert await follow(writer.database, alice, 0, limit, {}) == writer.left[-1]
        for since in (1, floor - 1, len(writer.left)):
            with pytest.raises(HistoryPruned):
                await changes_since(writer.database, alice, since, ALL)
        await writer.database.fetch(text(f"DELETE FROM history WHERE user_id = {alice}"))
        for limit in (1, 3, ALL):
            assert await follow(writer.database, alice, 0, limit, {}) == writer.left[-1]
        assert await changes_since(writer.database, bob, 0, ALL) == (0, False, [], [])
        with pytest.raises(HistoryPruned):
            await changes_since(writer.database, bob, 1, ALL)

    with_writer(database_url, alice, story)


def test_a_page_of_large_tasks_ends_early_at_the_end_of_a_change(database_url: str, alice: int) -> None:
    async def story(writer: Writer) -> None:
        large = f"SELECT {alice}, 'x', repeat('é', 5000) FROM generate_series(1, 50)"
        for _ in range(6):
            await writer.run(f"INSERT INTO tasks (user_id, title, description) {large}")
        first = await changes_since(writer.database, alice, 0, ALL)
        assert (first.latest, first.more, len(first.tasks)) == (4, True, 200)
        assert await changes_since(writer.database, alice, 4, ALL) == (6, False, ANY, [])
        await writer.run("UPDATE tasks SET completed = true WHERE $")
        whole = await changes_since(writer.database, alice, 6, ALL)
        assert (whole.latest, whole.more) == (7, False)

    with_writer(database_url, alice, story)


def without(tasks: Tasks, *fields: str) -> Tasks:
    return {
        task_id: {k: v for k, v in orjson.loads(task).items() if k not in fields} for task_id, task in tasks.items()
    }


def test_undoing_everything_in_reverse_leaves_what_there_was(database_url: str, alice: int) -> None:
    async def story(writer: Writer) -> None:
        await writer.write_much(30)
        last = len(writer.left) - 1
        for number in range(last, 0, -1):
            before = writer.left[-1]
            undone = (await undo_change(writer.database, alice, number)).change
            assert undone
            await writer.run("SELECT")
            assert undone.number == len(writer.left) - 1
            assert Change(undone.number, *undone[1:]) == undone
            assert in_bytes([undone]) == [writer.expected(undone.number)]
            moving = ("version", "updated_at")
            assert without(writer.left[-1], *moving) == without(writer.left[number - 1], *moving)
            for task_id, task in without(writer.left[-1]).items():
                assert task_id not in before or task["updated_at"] >= without(before)[task_id]["updated_at"]
        for number in range(2 * last, last, -1):  # undoing an undo is redo
            assert (await undo_change(writer.database, alice, number)).change
            await writer.run("SELECT")
            assert without(writer.left[-1], *moving) == without(writer.left[number - 1], *moving)
        assert without(writer.left[-1], *moving) == without(writer.left[last], *moving)

    with_writer(database_url, alice, story)


def test_a_task_that_a_transaction_created_and_deleted_is_deleted_and_cannot_come_back(
    database_url: str, alice: int
) -> None:
    create, delete = (
        f"INSERT INTO tasks (user_id, title) VALUES ({alice}, 'x')",
        f"DELETE FROM tasks WHERE user_id = {alice}",
    )

    async def story(writer: Writer) -> None:
        await writer.database.fetch(text(f"DO $do$ BEGIN {create}; {delete}; END $do$"))
        [change] = await read_changes(writer.database, alice, 0, ALL)
        assert (change.number, change.tasks, len(change.deleted)) == (1, [], 1)
        assert await changes_since(writer.database, alice, 0, ALL) == (1, False, [], [])
        assert (await undo_change(writer.database, alice, 1)).change is None
        [row] = (await list_history(writer.database, alice, None, None, 10, None)).rows
        assert (row["action"], row["before"], row["after"]) == ("deleted", None, None)

    with_writer(database_url, alice, story)
