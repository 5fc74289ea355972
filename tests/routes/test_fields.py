"""Every field that a client can set, at every address: it is stored, answered, changed, kept and cleared."""

import json
import re
import secrets
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest

import donebase
from donebase.core.shapes import NULLABLE, REPLACED, WRITABLE
from donebase.postgres.history import history_functions
from tests.support.databases import fetchval
from tests.support.families import FAMILIES, USERS, V1, Family, Json
from tests.support.processes import Service, run_donebase

# Two values of each field; the first is not its default.
VALUES = {
    "title": ("Buy oat milk", "Buy bread"),
    "description": (" two litres,\r\n\tthe blue one \u200b", ""),
    "completed": (True, False),
    "due": (
        {"date": "2028-02-29", "time": "17:00", "time_zone": "Europe/Berlin"},
        {"date": "2026-12-01", "time": None, "time_zone": None},
    ),
    "priority": ("high", "low"),
    "tags": (["shop", "Büro"], ["shop"]),
    "order": (1.5, 7),
}
# What names the tasks with the first value in a list, and not those with the second; or an order of the two.
ASKED_FOR = {
    "title": {"q": "OAT"},
    "description": {"q": "litres"},
    "completed": {"completed": "true"},
    "due": {"due_from": "2028-01-01"},
    "priority": {"priority": "high"},
    "tags": {"tag": "Büro"},
    "order": {"sort": "order"},
}


class Tasks(NamedTuple):
    """A family of addresses as a user sees it, and the database behind it."""

    client: httpx.Client
    database_url: str
    family: Family
    user: int

    def create(self, **fields: Any) -> Json:
        """Create a task with a title and these fields."""
        return self.seen(self.family.create(self.client, self.user, **{"title": "Buy milk", **fields}), 201)

    def change(self, task: Json, **fields: Any) -> Json:
        """Change these fields of a task and no other."""
        return self.seen(self.family.change(self.client, self.user, task["id"], **fields), 200)

    def seen(self, response: httpx.Response, status: int) -> Json:
        """Return the task of a response, which must be the one that is stored, read and listed."""
        assert response.status_code == status, response.text
        task: Json = response.json()
        assert self.family.read(self.client, self.user, task["id"]).json() == task
        assert task in self.family.listed(self.client, self.user)
        return task

    def column(self, task: Json, name: str) -> object:
        """Return what PostgreSQL has in a column, as JSON has it."""
        stored = fetchval(self.database_url, f'SELECT to_jsonb("{name}")::text FROM tasks WHERE id = {task["id"]}')
        return None if stored is None else json.loads(str(stored))


def is_stored_changed_and_kept(tasks: Tasks, name: str, first: object, second: object) -> None:
    task = tasks.create(**{name: first})
    assert task[name] == tasks.column(task, name) == first
    for value in (second, first):
        task = tasks.change(task, **{name: value})
        assert task[name] == tasks.column(task, name) == value
    undone(tasks, task["version"])
    assert tasks.column(task, name) == second, "the change back was undone"
    task = tasks.change(task, **{name: first})
    others = {other: task[other] for other in task.keys() - {name, "id", "user_id", "created_at", "updated_at"}}
    assert tasks.change(task, **others)[name] == first, "a change of all other fields keeps this one"
    task = tasks.change(task, **({"title": "Buy tea"} if name != "title" else {"order": -1}))
    undone(tasks, task["version"])
    assert tasks.column(task, name) == first, "the undo of a change of another field keeps this one"


def undone(tasks: Tasks, change: int) -> None:
    """Undo a change."""
    response = tasks.client.post(tasks.family.beside(tasks.user, f"history/{change}/undo"))
    assert response.status_code == 200, response.text


def is_cleared_by_null_where_it_can_be_null(tasks: Tasks, name: str, first: object, *, nullable: bool) -> None:
    task = tasks.create(**{name: first})
    cleared = tasks.family.change(tasks.client, tasks.user, task["id"], **{name: None})
    assert cleared.status_code == (200 if nullable else 400)
    assert tasks.column(task, name) == (None if nullable else first)


@pytest.fixture
def tasks(client: httpx.Client, database_url: str, family: Family, alice: int) -> Tasks:
    return Tasks(client, database_url, family, alice)


def test_every_field_is_walked() -> None:
    assert VALUES.keys() == ASKED_FOR.keys() == WRITABLE.keys()


@pytest.mark.parametrize("name", VALUES)
def test_a_field_is_stored_changed_and_kept(tasks: Tasks, name: str) -> None:
    is_stored_changed_and_kept(tasks, name, *VALUES[name])


@pytest.mark.parametrize("name", VALUES)
def test_a_field_is_stored_and_changed_by_requests_with_a_key(tasks: Tasks, name: str) -> None:
    first, second = VALUES[name]
    with httpx.Client(base_url=tasks.client.base_url, event_hooks={"request": [add_key]}) as client:
        tasks = tasks._replace(client=client)
        task = tasks.create(**{name: first})
        assert task[name] == tasks.column(task, name) == first
        task = tasks.change(task, **{name: second})
        assert task[name] == tasks.column(task, name) == second


def add_key(request: httpx.Request) -> None:
    """Give a request that writes a key of its own."""
    if request.method != "GET":
        request.headers["Idempotency-Key"] = secrets.token_hex(16)


@pytest.mark.parametrize("name", VALUES)
def test_a_field_is_cleared_by_null_where_it_can_be_null(tasks: Tasks, name: str) -> None:
    is_cleared_by_null_where_it_can_be_null(tasks, name, VALUES[name][0], nullable=name in NULLABLE)


@pytest.mark.parametrize("name", VALUES)
def test_a_field_is_sent_for_several_tasks_and_asked_for_in_a_list(tasks: Tasks, name: str) -> None:
    client, family, user = tasks.client, tasks.family, tasks.user
    sent = [family.body(user, **{"title": f"Buy milk {user}", name: value}) for value in VALUES[name]]
    created = client.post(family.address(user), json=sent).raise_for_status().json()
    assert [task[name] for task in created] == [tasks.column(task, name) for task in created] == [*VALUES[name]]
    # The flat list has the tasks of other tests as well: their orders may be before these.
    mine = {"q": str(user)} if name == "order" else {}
    newest = {"sort": "-created", "limit": "1000"} | mine | ASKED_FOR[name]
    listed = client.get(family.address(user), params=newest).raise_for_status().json()
    found = [task["id"] for task in listed if task["user_id"] == user]
    assert found == [task["id"] for task in created][: len(created) if "sort" in ASKED_FOR[name] else 1]


@pytest.mark.parametrize("name", VALUES)
def test_a_field_comes_back_with_a_task_whose_deletion_is_undone(tasks: Tasks, name: str) -> None:
    task = tasks.create(**{name: VALUES[name][0]})
    deleted = tasks.family.delete(tasks.client, tasks.user, task["id"])
    undone(tasks, int(deleted.headers["change"]))
    assert tasks.family.read(tasks.client, tasks.user, task["id"]).json()[name] == task[name]


@pytest.mark.parametrize("name", sorted(VALUES.keys() - {"title"}))
def test_a_field_that_is_left_out_takes_its_default(tasks: Tasks, name: str) -> None:
    task = tasks.create()
    assert task[name] == (task["id"] if name == "order" else WRITABLE[name].get_default(call_default_factory=True))


@pytest.mark.parametrize("name", sorted(VALUES.keys() - {"title"}))
def test_a_replacement_sets_the_fields_of_its_specification_and_keeps_others(
    client: httpx.Client, database_url: str, alice: int, name: str
) -> None:
    tasks, (first, second) = Tasks(client, database_url, V1, alice), VALUES[name]
    task = tasks.create(**{name: first})
    replaced = tasks.seen(client.put(V1.one(alice, task["id"]), json={"title": "x"}), 200)
    assert replaced[name] == (WRITABLE[name].default if name in REPLACED else first)
    assert tasks.seen(client.put(V1.one(alice, task["id"]), json={"title": "x", name: second}), 200)[name] == second


EARLIER = 7
"""A user who has created a task, and then deleted it, before the fields below are added."""
ADDED_SHAPES = """\
    note: Description | None = Field(default=None, description="A field of this test's.")
    pinned: bool = Field(default=False, description="Another one.")
"""
ADDED_COLUMNS = """\
    note: str | None = Field(default=None, sa_type=Text)
    pinned: bool = Field(nullable=False, sa_column_kwargs={"server_default": false()})
"""


def add_lines(file: Path, before: str, lines: str) -> None:
    """Put lines in front of the one that begins so."""
    text, times = re.subn(f"^(?={re.escape(before)})", lines, file.read_text(), flags=re.MULTILINE)
    assert times == 1, f"{file} has {times} lines that begin with {before!r}"
    file.write_text(text)


@pytest.fixture
def copy(folder: Path) -> Path:
    """The source code in a folder where it can be changed, with the fields above in its shapes."""
    copy = folder / "src" / "donebase"
    shutil.copytree(Path(donebase.__file__).parent, copy, ignore=shutil.ignore_patterns("__pycache__"))
    add_lines(copy / "core" / "shapes.py", "    completed: bool = Field(default=False", ADDED_SHAPES)
    return copy


def test_a_field_without_a_column_ends_the_start(copy: Path, folder: Path) -> None:
    started = run_donebase(folder, "openapi", PYTHONPATH=str(copy.parent))
    assert started.returncode != 0
    assert started.stderr.endswith("KeyError: 'note'\n")


@pytest.fixture
def with_added_fields(own_database: str, copy: Path, folder: Path) -> Iterator[Callable[[Family, int], Tasks]]:
    """Return what makes the tasks of a service that has two fields more, by the lines above and two columns."""
    add_lines(copy / "core" / "tables.py", "    completed: bool = Field(", ADDED_COLUMNS)
    fetchval(own_database, "INSERT INTO tasks (user_id, title) VALUES ($1, 'before')", EARLIER)
    fetchval(own_database, "DELETE FROM tasks")
    columns = "ADD COLUMN note text, ADD COLUMN pinned boolean NOT NULL DEFAULT false"
    fetchval(own_database, f"ALTER TABLE tasks {columns}")
    for function in history_functions([*WRITABLE, "note", "pinned"]):  # as the migration would
        fetchval(own_database, function)
    with (
        Service(folder, DATABASE_URL=own_database, PYTHONPATH=str(copy.parent)) as service,
        httpx.Client(base_url=service.ready().address) as client,
    ):
        yield lambda family, user: Tasks(client, own_database, family, user)


def were_always_at_their_defaults(tasks: Tasks, defaults: Json) -> None:
    """See that a task has added fields in all that is told of the time before they were added."""
    deleted, created = tasks.client.get(tasks.family.beside(tasks.user, "history")).json()
    events = event_lines(tasks.client, tasks.family.beside(tasks.user, "events", since=0))
    [event] = next(json.loads(line[5:]) for line in events if line.startswith("data:"))["tasks"]
    undone(tasks, deleted["change"])
    [restored] = tasks.family.listed(tasks.client, tasks.user)
    for task in (created["after"], deleted["before"], event, restored):
        assert defaults.items() <= task.items()


def event_lines(client: httpx.Client, address: str) -> Iterator[str]:
    """Yield the lines of a live stream."""
    with client.stream("GET", address) as stream:
        yield from stream.iter_lines()


def test_a_field_is_added_by_a_line_in_the_shapes_and_one_in_the_tables(
    with_added_fields: Callable[[Family, int], Tasks], alice: int
) -> None:
    were_always_at_their_defaults(with_added_fields(USERS, EARLIER), {"note": None, "pinned": False})
    for family in FAMILIES:
        tasks = with_added_fields(family, alice)
        is_stored_changed_and_kept(tasks, "note", "from the corner shop", "")
        is_stored_changed_and_kept(tasks, "pinned", True, False)
        is_cleared_by_null_where_it_can_be_null(tasks, "note", "x", nullable=True)
        is_cleared_by_null_where_it_can_be_null(tasks, "pinned", True, nullable=False)
        assert {"note": None, "pinned": False}.items() <= tasks.create().items()
    task = tasks.create(note="x")
    kept = tasks.client.put(V1.one(alice, task["id"]), json={"title": "y", "pinned": True}).json()
    assert (kept["note"], kept["pinned"]) == ("x", True)
    assert "note" in tasks.client.get("/openapi.json").json()["components"]["schemas"]["TaskChanges"]["properties"]
