"""The PostgreSQL that comes with pip: there at the first start, clean at the end, whole after the worst."""

import asyncio
from pathlib import Path

import httpx

from donebase.core.tables import REVISION
from donebase.postgres.embedded import postgresql
from donebase.postgres.migrations import migrate
from donebase.settings import Settings
from tests.support.databases import fill
from tests.support.families import FAMILIES, Json
from tests.support.processes import Service, run_donebase


def start(folder: Path, data: Path) -> Service:
    return Service(folder, DATA_DIR=str(data)).ready()


def running(data: Path) -> bool:
    """Tell whether a PostgreSQL works on the data."""
    return (data / "postgresql" / "postmaster.pid").exists()


def create_everywhere(service: Service, user: int) -> list[Json]:
    with httpx.Client(base_url=service.address) as client:
        return [family.created(client, user, title=f"at {family.name}") for family in FAMILIES]


def read_everywhere(service: Service, user: int) -> list[list[Json]]:
    with httpx.Client(base_url=service.address) as client:
        return [list(family.listed(client, user)) for family in FAMILIES]


def test_tasks_survive_a_restart(folder: Path, data: Path, alice: int) -> None:
    """001 T048; 002 user story 3; 003 scenario 10."""
    with start(folder, data) as service:
        assert service.wait_for("listening")["data"] == str(data)
        assert [line["event"] for line in service.lines].count("database.connected") == 1  # with tables just made
        created = create_everywhere(service, alice)
        assert service.stop() == 0
    assert not running(data)
    with start(folder, data) as service:
        assert read_everywhere(service, alice) == [created] * 3
    assert not running(data)


def test_the_tables_of_the_version_before_are_migrated_at_the_start(folder: Path, data: Path) -> None:
    with postgresql(data) as url:
        asyncio.run(migrate(Settings.read(database_url=url), f"{int(REVISION) - 1:04}"))
        fill(url, 7, 3)
    with start(folder, data) as service:
        titles = [[task["title"] for task in tasks] for tasks in read_everywhere(service, 7)]
        assert titles == [["task 1", "task 2", "task 3"]] * 3


def test_the_last_of_two_stops_the_database(folder: Path, used_data: Path, alice: int) -> None:
    first, second = start(folder, used_data), start(folder, used_data)
    created = create_everywhere(first, alice)
    assert first.stop() == 0
    assert running(used_data)
    assert read_everywhere(second, alice) == [created] * 3
    assert second.stop() == 0
    assert not running(used_data)


def test_several_workers_on_it(folder: Path, used_data: Path, alice: int) -> None:
    with Service(folder, DATA_DIR=str(used_data), WORKERS="2") as service:
        create_everywhere(service.ready(), alice)
        assert service.stop() == 0
    assert not running(used_data)


def test_migrate_works_on_it(folder: Path, data: Path) -> None:
    done = run_donebase(folder, "migrate", DATA_DIR=str(data))
    assert done.returncode == 0, done.stderr
    assert not running(data)


def test_a_folder_that_cannot_be_used_is_a_wrong_setting(folder: Path) -> None:
    (folder / "file").write_text("")
    (folder / "loop").symlink_to("loop")
    writable = "that this user can write to"
    wrong = {"file": f"{writable} (File exists)", "loop": f"{writable} (", "line\n": "without a line break"}
    for unusable, right in wrong.items():
        refused = run_donebase(folder, "serve", "--port", "0", DATA_DIR=str(folder / unusable))
        assert refused.returncode == 2
        assert refused.stderr.startswith(f"donebase: DATA_DIR must be a directory {right}")
        assert refused.stderr.count("\n") == 1
