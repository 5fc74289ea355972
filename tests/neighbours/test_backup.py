"""docs/backup.md, done as it is written: what was acknowledged comes back to the byte, and no id comes twice."""

import os
import re
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.families import FAMILIES, USERS, V1
from tests.support.neighbours import program
from tests.support.postgresql import postgresql
from tests.support.processes import Service, clean_environment
from tests.support.waiting import DEADLINE

PAGE = (Path(__file__).parent.parent.parent / "docs" / "backup.md").read_text()
BACK_UP, RESTORE, COMPARE, EMBEDDED, RESTORE_EMBEDDED = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
SHARP = ["Buy milk", 'O\'Hara \\ "two" \t %s $1 \\N', "二つ 🥛 e\u0301 \u202e", "<b>&amp;</b>; DROP TABLE tasks; --"]


def run(commands: str, folder: Path, **environment: str) -> str:
    """Run commands of the page in a folder, and return what they wrote."""
    beside = str(Path(sys.executable).parent)
    path = os.pathsep.join([environment.pop("PATH", ""), beside, os.environ["PATH"]])
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", commands],
        cwd=folder,
        env=clean_environment(**environment, PATH=path, HOME=str(folder)),
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def create_of_every_kind(client: httpx.Client, user: int) -> None:
    for number, title in enumerate(SHARP):
        family = FAMILIES[number % len(FAMILIES)]
        description = f"  {title}\r\n\x01\x7f\ttwo  " if number else None
        family.created(client, user + number, title=title, description=description, completed=bool(number % 2))
    task = V1.created(client, user)
    V1.change(client, user, task["id"], title="changed", completed=True)


def create_meanwhile(client: httpx.Client, user: int, ended: threading.Event) -> None:
    while not ended.is_set():
        V1.created(client, user, title="meanwhile")


@contextmanager
def somebody_creating(client: httpx.Client, user: int) -> Iterator[None]:
    """Let somebody create tasks one after the other, from one before this begins to one after its end."""
    ended = threading.Event()
    before = len(USERS.listed(client, user))
    thread = threading.Thread(target=create_meanwhile, args=(client, user, ended))
    thread.start()
    try:
        wait_for_more(client, user, before)
        yield
        wait_for_more(client, user, len(USERS.listed(client, user)))
    finally:
        ended.set()
        thread.join()


def wait_for_more(client: httpx.Client, user: int, than: int) -> None:
    for _ in range(1_000):
        if len(USERS.listed(client, user)) > than:
            return
    raise AssertionError("nobody creates anything")


def everything(client: httpx.Client) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = client.get("/api/v1/tasks").json()
    return listed


@pytest.fixture
def tools() -> str:
    """Where Debian's programs of PostgreSQL are, those of one version together."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: float(folder.parent.name))
    return str(program("postgres", "postgresql", *map(str, reversed(folders))).resolve().parent)


def test_a_backup_taken_while_tasks_are_created_comes_back(folder: Path, tools: str, alice: int) -> None:
    with postgresql(fsync="off") as server:
        url, restored_url = server.url(server.database_with_tables()), server.url(server.new_database())
        with Service(folder, DATABASE_URL=url) as service, httpx.Client(base_url=service.ready().address) as client:
            create_of_every_kind(client, alice)
            deleted = V1.created(client, alice)
            V1.delete(client, alice, deleted["id"])
            before = everything(client)
            with somebody_creating(client, alice + 10):
                # The pooler's address is the wrong one for this, and is not used where there are two.
                run(BACK_UP, folder, DATABASE_URL="postgresql://nobody", DATABASE_URL_UNPOOLED=url, PATH=tools)
            after = everything(client)
            with pytest.raises(AssertionError, match="already exists"):
                run(RESTORE, folder, RESTORED_URL=url, PATH=tools)
            assert everything(client) == after, "a backup is not mixed with what is there"
        run(RESTORE, folder, RESTORED_URL=restored_url, PATH=tools)
        with (
            Service(folder, DATABASE_URL=restored_url) as service,
            httpx.Client(base_url=service.ready().address) as client,
        ):
            found = everything(client)
            assert found == after[: len(found)]
            assert len(before) <= len(found) < len(after)
            assert V1.created(client, alice)["id"] > max(deleted["id"], *(task["id"] for task in found))
            assert f"{len(found) + 1} |" in run(COMPARE, folder, RESTORED_URL=restored_url, PATH=tools)


def test_the_embedded_postgresql_is_backed_up_and_restored(folder: Path, alice: int) -> None:
    with tempfile.TemporaryDirectory(prefix="donebase-data-") as data:

        def on(name: str, commands: str, look: Callable[[httpx.Client], Any]) -> Any:
            """Serve the data of this name, run commands of the page on it, and return what a client sees then."""
            place = f"{data}/{name}"
            with Service(folder, DATA_DIR=place) as service, httpx.Client(base_url=service.ready().address) as client:
                if name == "old":
                    create_of_every_kind(client, alice)
                run(f"{EMBEDDED}\n{commands}", folder, DATA_DIR=place)
                return look(client)

        before = on("old", BACK_UP, everything)
        *restored, new = on("new", RESTORE_EMBEDDED, lambda client: [*everything(client), V1.created(client, alice)])
        assert restored == before
        assert new["id"] == before[-1]["id"] + 1
