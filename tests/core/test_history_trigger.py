"""What PostgreSQL itself keeps of every change, made by plain SQL as in psql: its number, and what was there before."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from donebase.core.shapes import WRITABLE
from tests.support.databases import fetchval, fill
from tests.support.psql import Json, Psql, in_utc

DEFAULTS: Json = {
    **{"description": None, "completed": False, "due": None, "priority": None, "tags": []},
    "completed_at": None,
}
DAY: Json = {"date": "2026-12-01", "time": None, "time_zone": None}
MEMBERS = "SELECT before, after FROM history WHERE user_id = $1 AND change = 3"
MICROSECOND = timedelta(microseconds=1)
CHANGES: list[tuple[str, Any, Any]] = [
    ("title", "Buy milk", "Buy bread"),
    ("description", None, "two litres"),
    ("description", "two litres", ""),
    ("description", "", None),
    ("priority", None, "high"),
    ("priority", "high", None),
    ("due", None, DAY),
    ("due", DAY, DAY | {"time": "17:00", "time_zone": "Europe/Berlin"}),
    ("due", DAY, None),
    ("tags", [], ["shop"]),
    ("tags", ["shop", "home"], ["home", "shop"]),
    ("order", 1.5, -7),
]


@pytest.fixture
def psql(database_url: str, alice: int) -> Iterator[Psql]:
    session = Psql(database_url, alice)
    yield session
    session.close()


def test_every_field_that_can_be_written_is_changed_here() -> None:
    assert {name for name, _, _ in CHANGES} == set(WRITABLE) - {"completed"}


def test_a_create_is_recorded_whole(psql: Psql) -> None:
    [task] = psql.create("Buy milk", description="two litres", priority="high")
    row = psql.task(task)
    created = DEFAULTS | {
        **{"title": "Buy milk", "description": "two litres", "priority": "high"},
        **{"order": task, "created_at": in_utc(row["created_at"])},
    }
    assert psql.history() == [(1, task, None, created)]
    assert (row["version"], psql.clock()) == (1, 1)


def test_a_task_that_is_created_completed_was_completed_then(psql: Psql) -> None:
    [task] = psql.create("Buy milk", completed=True)
    row = psql.task(task)
    assert row["completed_at"] == row["updated_at"] == row["created_at"]
    [(_, _, _, after)] = psql.history()
    assert after
    assert (after["completed"], after["completed_at"]) == (True, in_utc(row["completed_at"]))


def test_many_creates_in_one_statement_are_one_change(psql: Psql) -> None:
    tasks = psql.create("one", "two", "three")
    assert [(change, task) for change, task, _, _ in psql.history()] == [(1, task) for task in tasks]
    assert [psql.task(task)["version"] for task in tasks] == [1, 1, 1]
    assert psql.clock() == 1


@pytest.mark.parametrize(("field", "before", "after"), CHANGES)
def test_a_change_is_recorded_with_what_moved_and_nothing_else(
    psql: Psql, field: str, before: object, after: object
) -> None:
    fields: Json = {} if field == "title" else {field: before}
    [task] = psql.create("Buy milk", **fields)
    [row] = psql.run(f'UPDATE tasks SET "{field}" = $2 WHERE id = $1 RETURNING *', task, after)
    assert psql.history()[1:] == [(2, task, {field: before}, {field: after})]
    assert (row["version"], row[field], psql.clock()) == (2, after, 2)


def test_completed_is_recorded_with_its_time(psql: Psql) -> None:
    [task] = psql.create("Buy milk")
    [completed] = psql.change("completed = NOT completed", task)
    [open_again] = psql.change("completed = NOT completed", task)
    assert completed["completed_at"] == completed["updated_at"]
    assert open_again["completed_at"] is None
    no = {"completed": False, "completed_at": None}
    yes = {"completed": True, "completed_at": in_utc(completed["completed_at"])}
    assert psql.history()[1:] == [(2, task, no, yes), (3, task, yes, no)]


def test_another_change_keeps_the_time_of_completion(psql: Psql) -> None:
    [task] = psql.create("Buy milk", completed=True)
    before = psql.task(task)
    [after] = psql.change("title = 'Buy bread'", task)
    assert after["completed_at"] == before["completed_at"]
    assert psql.history()[1:] == [(2, task, {"title": "Buy milk"}, {"title": "Buy bread"})]


def test_a_time_of_completion_that_is_given_is_kept(psql: Psql) -> None:
    """As an undo gives it."""
    [task] = psql.create("Buy milk")
    [given] = psql.change("completed = true, completed_at = '2026-11-20T08:00:00.12345Z'", task)
    assert in_utc(given["completed_at"]) == datetime(2026, 11, 20, 8, 0, 0, 123450)
    [moved] = psql.change("completed_at = '2026-11-20T09:00Z'", task)
    [(before, after)] = [tuple(row.values()) for row in psql.run(MEMBERS, psql.user)]
    assert before == {"completed_at": "2026-11-20T08:00:00.12345"}
    assert after == {"completed_at": "2026-11-20T09:00:00"}
    assert moved["version"] == 3


def test_a_delete_is_recorded_whole(psql: Psql) -> None:
    [task] = psql.create("Buy milk", completed=True)
    row = psql.task(task)
    psql.delete(task)
    times = {name: in_utc(row[name]) for name in ("completed_at", "created_at", "updated_at")}
    deleted = DEFAULTS | {"title": "Buy milk", "completed": True, "order": task, "version": 1, **times}
    assert psql.history()[1:] == [(2, task, deleted, None)]
    assert psql.clock() == 2


def test_nothing_new_is_no_change(psql: Psql) -> None:
    [task] = psql.create("Buy milk")
    before = psql.task(task)
    psql.change("title = title, completed = false, version = 70, updated_at = now()", task)
    assert psql.task(task) == before
    assert (psql.clock(), len(psql.history())) == (1, 1)


def test_a_statement_that_finds_nothing_is_no_change(psql: Psql) -> None:
    [task] = psql.create("Buy milk")
    psql.change("title = 'Buy bread'", task + 1)
    psql.delete()
    assert (psql.clock(), len(psql.history())) == (1, 1)


def test_many_changes_and_deletes_in_one_statement_are_one_change(psql: Psql) -> None:
    tasks = psql.create("one", "two", "three")
    psql.change("priority = 'high'", *tasks)
    psql.delete(*tasks[1:])
    moved = ({"priority": None}, {"priority": "high"})
    assert psql.history()[3:6] == [(2, task, *moved) for task in tasks]
    assert [(change, task) for change, task, _, _ in psql.history()[6:]] == [(3, task) for task in tasks[1:]]
    assert psql.clock() == 3


def test_of_many_tasks_only_those_that_differ_are_changed(psql: Psql) -> None:
    tasks = psql.create("one", "two")
    psql.change("title = 'two'", *tasks)
    assert psql.history()[2:] == [(2, tasks[0], {"title": "one"}, {"title": "two"})]
    assert psql.task(tasks[1])["version"] == 1


def test_each_owner_has_a_clock(psql: Psql, bob: int) -> None:
    [mine] = psql.create("mine")
    [theirs] = psql.create("theirs", user=bob)
    psql.change("title = 'mine alone'", mine)
    psql.change("completed = true", mine, theirs)
    assert [change for change, *_ in psql.history()] == [1, 2, 3]
    assert [change for change, *_ in psql.history(bob)] == [1, 2]
    assert (psql.clock(), psql.clock(bob)) == (3, 2)
    assert (psql.task(mine)["version"], psql.task(theirs)["version"]) == (3, 2)


def test_the_statements_of_a_transaction_are_one_change(psql: Psql) -> None:
    first, second, third = psql.create("one", "two", "three")
    with psql.transaction():
        psql.change("title = 'first'", first)
        psql.delete(second)
        [fourth] = psql.create("four")
        psql.change("title = 'fourth'", fourth)
        psql.change("title = 'third'", third)
        psql.delete(third)
    changed, deleted, deleted_too, created = psql.history()[3:]
    assert changed == (2, first, {"title": "one"}, {"title": "first"})
    assert (deleted[:2], deleted[2] and deleted[2]["title"], deleted[3]) == ((2, second), "two", None)
    assert (deleted_too[:2], deleted_too[2] and deleted_too[2]["title"], deleted_too[3]) == ((2, third), "three", None)
    assert (created[:3], created[3] and created[3]["title"]) == ((2, fourth, None), "fourth")
    assert (psql.clock(), psql.task(first)["version"], psql.task(fourth)["version"]) == (2, 2, 2)


def test_a_task_that_a_transaction_changes_twice_is_recorded_as_it_was_before_and_as_it_is_after(psql: Psql) -> None:
    [task] = psql.create("one")
    with psql.transaction():
        psql.change("title = 'two', completed = true", task)
        psql.change("title = 'three', priority = 'low'", task)
        [row] = psql.change("completed = false", task)
    assert psql.history()[1:] == [(2, task, {"title": "one", "priority": None}, {"title": "three", "priority": "low"})]
    [(at,)] = [
        tuple(each.values()) for each in psql.run("SELECT at FROM history WHERE task_id = $1 AND change = 2", task)
    ]
    assert at == row["updated_at"]


def test_a_task_that_a_transaction_creates_and_deletes_was_there_neither_before_nor_after(psql: Psql) -> None:
    with psql.transaction():
        [task] = psql.create("Buy milk")
        psql.change("title = 'Buy bread'", task)
        psql.delete(task)
    assert psql.history() == [(1, task, None, None)]


def test_what_is_rolled_back_has_no_number(psql: Psql) -> None:
    [task] = psql.create("one")
    with psql.transaction(rolled_back=True):
        psql.change("title = 'two'", task)
    psql.change("title = 'three'", task)
    assert psql.history()[1:] == [(2, task, {"title": "one"}, {"title": "three"})]
    assert psql.clock() == 2


def test_a_savepoint_that_is_rolled_back_leaves_nothing(psql: Psql) -> None:
    first, second = psql.create("one", "two")
    with psql.transaction():
        with psql.transaction(rolled_back=True):
            psql.change("title = 'gone'", first)
        psql.change("title = 'kept'", second)
        with psql.transaction(rolled_back=True):
            psql.change("title = 'gone'", second)
        psql.change("completed = true", first)
    rows = [(change, task, after and after.get("title")) for change, task, _, after in psql.history()[2:]]
    assert rows == [(2, first, None), (2, second, "kept")]
    assert psql.clock() == 2


@pytest.mark.parametrize("assignment", ["user_id = user_id + 1", "id = DEFAULT", "created_at = now() + interval '1 s'"])
def test_who_owns_a_task_and_which_it_is_cannot_change(psql: Psql, assignment: str) -> None:
    [task] = psql.create("Buy milk")
    before = psql.task(task)
    with pytest.raises(asyncpg.RestrictViolationError, match="cannot change"):
        psql.change(assignment, task)
    assert psql.task(task) == before
    assert psql.clock() == 1


def test_the_time_of_a_change_never_goes_back(psql: Psql) -> None:
    """The server's clock can have been ahead, and in a transaction it stands still."""
    ahead = datetime.now(UTC) + timedelta(days=1)
    [task] = psql.create("one", updated_at=ahead)
    [first] = psql.change("title = 'two'", task)
    with psql.transaction():
        [second] = psql.change("title = 'three'", task)
        [third] = psql.change("title = 'four'", task)
    psql.delete(task)
    times = [each["at"] for each in psql.run("SELECT at FROM history WHERE user_id = $1 ORDER BY change", psql.user)]
    assert [row["updated_at"] for row in (first, second, third)] == [
        ahead + number * MICROSECOND for number in (1, 2, 3)
    ]
    assert times == [ahead + number * MICROSECOND for number in (0, 1, 3, 4)]


def test_the_row_of_the_owner_says_when_its_clock_moved(psql: Psql) -> None:
    [task] = psql.create("one")
    [row] = psql.change("title = 'two'", task)
    [user] = psql.run("SELECT created_at, updated_at FROM users WHERE id = $1", psql.user)
    assert user["created_at"] < user["updated_at"] == row["updated_at"]


def test_a_transaction_id_that_comes_again_is_another_transaction(psql: Psql) -> None:
    """A database that was restored from a backup counts its transactions anew."""
    [task] = psql.create("one")
    with psql.transaction():
        psql.run("UPDATE users SET clock_xact = txid_current() WHERE id = $1", psql.user)
        psql.change("title = 'two'", task)
    assert psql.clock() == 2


def test_merge_is_recorded(psql: Psql) -> None:
    first, second, _ = psql.create("one", "two", "three")
    psql.run(
        """MERGE INTO tasks USING (VALUES ('one', 'first'), ('two', NULL), ('four', 'four')) AS new (old_title, title)
        ON tasks.title = new.old_title AND tasks.user_id = $1
        WHEN MATCHED AND new.title IS NULL THEN DELETE
        WHEN MATCHED THEN UPDATE SET title = new.title
        WHEN NOT MATCHED THEN INSERT (user_id, title) VALUES ($1, new.title)""",
        psql.user,
    )
    changed, deleted, created = psql.history()[3:]
    assert changed == (2, first, {"title": "one"}, {"title": "first"})
    assert (deleted[:2], deleted[3]) == ((2, second), None)
    assert (created[0], created[2], created[3] and created[3]["title"]) == (2, None, "four")


def test_what_another_database_has_recorded_is_not_recorded_again(psql: Psql) -> None:
    """A logical copy brings the tasks and the history, each as rows."""
    [task] = psql.create("one")
    with psql.transaction():
        psql.run("SET LOCAL session_replication_role = replica")
        psql.change("title = 'copied', version = 7", task)
    assert (psql.task(task)["version"], psql.clock(), len(psql.history())) == (7, 1, 1)


def test_a_change_takes_less_than_250_bytes(own_database: str) -> None:
    """Of the history, with its index: the change of one field, many times over."""
    fill(own_database, 7, 100)
    for turn in range(30):
        fetchval(own_database, "UPDATE tasks SET completed = NOT completed")
        fetchval(own_database, f"UPDATE tasks SET priority = '{('low', 'high')[turn % 2]}'")
    size = "SELECT pg_total_relation_size('history')::float / count(*) FROM history WHERE change > 1"
    assert fetchval(own_database, size) <= 250
