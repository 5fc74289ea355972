"""A client that a generator makes from the document works as it comes, at every family."""

import importlib
import json
import pkgutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from donebase.app import create_app
from donebase.routes import task_operations
from donebase.settings import Settings
from tests.support.families import OWNED, USERS, Family
from tests.support.made_once import made_once
from tests.support.processes import Service
from tests.support.waiting import DEADLINE

NAME = "generated_client"


def run_python(folder: Path, *arguments: str) -> None:
    """Run a module of Python's in a folder, and see that it has nothing to complain about."""
    done = subprocess.run(
        [sys.executable, "-m", *arguments], cwd=folder, capture_output=True, text=True, timeout=DEADLINE, check=False
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stdout


def generate(folder: Path) -> None:
    """Generate the package in a folder."""
    document = create_app(Settings.read(database_url="postgresql://localhost/none")).openapi()
    (folder / "openapi.json").write_text(json.dumps(document))
    (folder / "config.yaml").write_text("post_hooks: []")  # they only format
    options = f"--path openapi.json --output-path {NAME} --meta none --config config.yaml --fail-on-warning"
    run_python(folder, "openapi_python_client", "generate", *options.split())


@pytest.fixture(scope="module")
def generated() -> Path:
    """The folder of the generated package."""
    return made_once("python-client", generate) / NAME


@pytest.fixture(scope="module")
def package(generated: Path) -> Iterator[ModuleType]:
    """The generated package, imported."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(generated.parent))
        yield importlib.import_module(NAME)
        for name in [name for name in sys.modules if name.partition(".")[0] == NAME]:
            del sys.modules[name]


def test_its_types_are_sound(generated: Path) -> None:
    run_python(generated.parent, "mypy", "--strict", "--config-file=", "--cache-dir=types", generated.name)


def test_every_module_of_it_is_there(package: ModuleType) -> None:
    modules = [module.name for module in pkgutil.walk_packages(package.__path__, f"{NAME}.")]
    for name in modules:
        importlib.import_module(name)
    for operation in ("tasks.create_task", "user_tasks.create_user_task", "owner_tasks.create_owner_task"):
        assert f"{NAME}.api.{operation}" in modules


def test_tasks_are_created_listed_changed_moved_deleted_and_undone(
    package: ModuleType, service: Service, family: Family, alice: int
) -> None:
    models = importlib.import_module(f"{NAME}.models")
    whose = {"user_id": alice} if family in OWNED else {}

    with package.Client(base_url=service.address, raise_on_unexpected_status=True) as client:

        def call(verb: str, **arguments: Any) -> Any:
            route = next(each for each in task_operations() if each.unique_id == f"{family.name}_{verb}")
            module = f"{NAME}.api.{route.tag.lower().replace(' ', '_')}.{route.documented_id}"
            operation = importlib.import_module(module)
            return operation.sync_detailed(client=client, **{**whose, **arguments})

        new = models.TaskInput if family in OWNED else models.OwnedTaskInput
        due = {"date": "2026-12-01", "time": "17:00", "time_zone": "Europe/Berlin"}
        both = [
            new.from_dict(family.body(alice, title=title, due=due, tags=["shop"])) for title in ("Buy milk", "Bread")
        ]
        milk, bread = (call("create_task", body=each) for each in both)
        assert milk.status_code == bread.status_code == 201
        assert (milk.parsed.title, milk.parsed.completed, milk.parsed.user_id) == ("Buy milk", False, alice)
        assert milk.parsed.created_at.tzinfo is UTC
        assert (milk.parsed.due.to_dict(), milk.parsed.tags) == (due, ["shop"])
        assert milk.parsed.due.date == date(2026, 12, 1)
        assert call("list_tasks", after=milk.parsed.id, limit=10).parsed == [bread.parsed]
        assert call("list_tasks", after=milk.parsed.id, tag=["shop"], q="bread", limit=10).parsed == [bread.parsed]
        deleted = call("delete_task", task_id=bread.parsed.id)
        assert deleted.status_code == family.delete_status
        if family is USERS:
            assert deleted.parsed.message == "Task deleted successfully"
        assert call("list_tasks", after=milk.parsed.id, limit=10).parsed == []
        assert call("delete_task", task_id=bread.parsed.id).parsed.code == "TASK_NOT_FOUND"

        undone = call("undo_change", user_id=alice, change=int(deleted.headers["Change"]))
        assert (undone.parsed.tasks[0].title, undone.parsed.deleted) == ("Bread", [])
        several = call("create_task", body=both).parsed
        assert [task.title for task in several] == ["Buy milk", "Bread"]
        changes = models.TaskChanges(priority=models.Priority.HIGH, order=milk.parsed.id + 0.1, due=None)
        changed = call("change_task", task_id=several[1].id, body=changes).parsed
        assert (changed.priority, changed.order, changed.due) == ("high", milk.parsed.id + 0.1, None)
        moved = call("move_task", task_id=several[0].id, body=models.Move(before=several[1].id)).parsed
        assert milk.parsed.order < moved.order < changed.order
        wanted = {"due": models.DueFilter.NONE, "sort": models.TaskSort.TITLE}
        assert changed in call("list_tasks", **wanted).parsed
