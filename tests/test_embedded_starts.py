"""The embedded PostgreSQL starts on what others left: a start cut short, a pid of somebody else, odd folders."""

import asyncio
import os
import pwd
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import asyncpg
import psutil
import pytest

from donebase.postgres.cluster import Cluster
from donebase.postgres.embedded import postgresql
from donebase.postgres.migrations import migrate
from donebase.postgres.programs import Programs
from donebase.settings import Settings
from tests.support.databases import fetchval, fill
from tests.support.forked import ForkedCommand
from tests.support.processes import clean_environment
from tests.support.waiting import DEADLINE, wait_for

# What a first start has come to, by a file that is there from then on.
FOLDER_MADE = "in-use.lock"
INITDB_BEGUN = "postgresql*/PG_VERSION"
INITDB_NEARLY_DONE = "postgresql*/base/5/PG_VERSION"
SERVER_STARTING = "postgresql/postmaster.pid"

TRIES = 10
CUT_SHORT = [
    ("serve", signal.SIGTERM, 0, INITDB_BEGUN),
    ("serve", signal.SIGTERM, 0, SERVER_STARTING),
    ("migrate", signal.SIGTERM, 143, FOLDER_MADE),
    ("migrate", signal.SIGTERM, 143, INITDB_NEARLY_DONE),
    ("migrate", signal.SIGTERM, 143, SERVER_STARTING),
    ("migrate", signal.SIGINT, 130, INITDB_BEGUN),
    ("migrate", signal.SIGKILL, -9, INITDB_BEGUN),
    ("migrate", signal.SIGKILL, -9, INITDB_NEARLY_DONE),
    ("migrate", signal.SIGKILL, -9, SERVER_STARTING),
]


def keeps_a_task(data: Path) -> None:
    """See that PostgreSQL starts on a folder, and that what is written there is there after the next start."""
    with postgresql(data) as url:
        asyncio.run(migrate(Settings.read(database_url=url)))
        fill(url, user=1, number=1)
    with postgresql(data) as url:
        assert fetchval(url, "SELECT title FROM tasks") == "task 1"


def processes_in(data: Path) -> list[psutil.Process]:
    """Return the processes that work in a folder or below it."""
    found = psutil.process_iter(["cwd"])
    return [process for process in found if Path(process.info["cwd"] or "/").is_relative_to(data)]


def is_initialised(data: Path) -> bool:
    """Tell whether an initdb is at work in a folder."""
    found = psutil.process_iter(["name", "cmdline"])
    return any(each.info["name"] == "initdb" and str(data) in " ".join(each.info["cmdline"] or ()) for each in found)


@pytest.mark.parametrize(("command", "how", "status", "moment"), CUT_SHORT)
def test_a_first_start_that_is_cut_short_is_made_good_by_the_next(
    folder: Path, data: Path, command: str, how: signal.Signals, status: int, moment: str
) -> None:
    assert cut_short(folder, data, command, how, moment) == (status, "")
    if how == signal.SIGKILL:
        wait_for(lambda: not is_initialised(data))  # by an initdb that goes on alone, in a folder that is nobody's
    else:
        assert processes_in(data) == []
    keeps_a_task(data)
    assert {path.name for path in data.iterdir()} == {"in-use.lock", "server.lock", "postgresql", "postgresql.log"}
    assert processes_in(data) == []


def test_a_first_start_whose_postgresql_is_killed_says_so(folder: Path, data: Path) -> None:
    """As the kernel does where memory is short."""
    for _ in range(TRIES):
        shutil.rmtree(data, ignore_errors=True)
        with started(folder, data, "migrate") as process:
            wait_for(partial(has_ended_or_is_killed, process))
            status, errors = ended(process)
        if status:
            break
    assert re.search("child process .*(signal 9|exit code 137)", errors), errors
    assert status == 2
    assert not any(data.glob("postgresql*"))
    keeps_a_task(data)


def has_ended_or_is_killed(process: ForkedCommand) -> bool:
    """Kill the PostgreSQL with which initdb makes the catalog; tell whether there was one, or none will come."""
    with suppress(psutil.NoSuchProcess):
        for each in psutil.Process(process.pid).children(recursive=True):
            if "--boot" in each.cmdline():
                each.kill()
                return True
    return process.poll() is not None


def cut_short(folder: Path, data: Path, command: str, how: signal.Signals, moment: str) -> tuple[int, str]:
    """Signal a first start at a moment; return its exit status and what it says. Once more, if it was over by then."""
    for _ in range(TRIES):
        shutil.rmtree(data, ignore_errors=True)
        with started(folder, data, command) as process:
            wait_for(lambda: any(data.glob(moment)) or process.poll() is not None, every=0.001)
            process.send_signal(how)
            status, errors = ended(process)
        if status or command == "serve":
            break
    return status, errors


def ended(process: ForkedCommand) -> tuple[int, str]:
    """Wait for the end of a command, and return its exit status and what it says."""
    assert process.stderr
    return process.wait(DEADLINE), process.stderr.read()


@contextmanager
def started(folder: Path, data: Path, command: str) -> Iterator[ForkedCommand]:
    """Run a command of donebase on a data folder, and kill it in the end where it still runs."""
    process = ForkedCommand([command], folder, clean_environment(DATA_DIR=str(data), PORT="0"))
    assert process.stdout
    assert process.stderr
    with process.stdout, process.stderr:
        try:
            yield process
        finally:
            process.kill()


def as_postgresql_runs() -> dict[str, Any]:
    """Return how a process is started as the user whom the embedded PostgreSQL runs as."""
    if os.geteuid() != 0:
        return {}
    account = pwd.getpwnam("pgserver")
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


@contextmanager
def somebody(who: str, folder: Path) -> Iterator[int]:
    """Run a process that has nothing to do with donebase's data, and yield its pid."""
    if who == "sleep":
        with subprocess.Popen(["sleep", "600"], cwd="/", **as_postgresql_runs()) as process:
            try:
                yield process.pid
                assert process.poll() is None, "it was signalled"
            finally:
                process.kill()
    else:
        with postgresql(folder) as url:
            fetchval(url, "CREATE TABLE theirs AS SELECT 2 AS number")
            yield int((folder / "postgresql" / "postmaster.pid").read_text().split()[0])
            assert fetchval(url, "SELECT number FROM theirs") == 2


@pytest.mark.parametrize("who", ["sleep", "another PostgreSQL"])
def test_a_process_that_has_the_pid_of_a_server_that_was_killed_is_left_alone(used_data: Path, who: str) -> None:
    with postgresql(used_data) as url:
        fetchval(url, "CREATE TABLE ours AS SELECT 1 AS number")
    with somebody(who, used_data.with_name("other")) as pid:
        server = used_data / "postgresql"
        stale = f"{pid}\n{server}\n{int(time.time())}\n5432\n{server}\n\n 1\t 1\nready   \n"
        (server / "postmaster.pid").write_text(stale)
        (server / ".s.PGSQL.5432.lock").write_text(stale)
        with postgresql(used_data) as url:
            assert fetchval(url, "SELECT number FROM ours") == 1
        assert processes_in(server) == []


def test_a_server_may_end_at_the_moment_in_which_it_is_found(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cluster = Cluster(folder, Programs(folder))
    cluster.data.mkdir()
    lock_file = cluster.data / "postmaster.pid"
    lock_file.write_text(f"7\n{cluster.data}\n0\n5432\n/sockets\n\n0 0\nready   \n")

    def ends() -> int:
        lock_file.unlink(missing_ok=True)
        return 7

    monkeypatch.setattr(cluster, "running", ends)
    assert not cluster.start()  # whoever restarts it finds next that it has ended
    assert "host=/sockets" in cluster.url


def test_processes_that_a_killed_server_left_end_before_the_next_begins(used_data: Path) -> None:
    """Two servers that write the same files would ruin them."""
    with postgresql(used_data) as url:
        postmaster = psutil.Process(int((used_data / "postgresql" / "postmaster.pid").read_text().split()[0]))
        writer = psutil.Process(fetchval(url, "SELECT pid FROM pg_stat_activity WHERE backend_type = 'checkpointer'"))
        writer.suspend()
        try:
            postmaster.kill()
            psutil.wait_procs([postmaster], timeout=DEADLINE)
            time.sleep(1)
            assert not answers(url)
            assert writer.status() == psutil.STATUS_STOPPED
        finally:
            writer.resume()
        wait_for(lambda: not writer.is_running() and answers(url))


def answers(url: str) -> bool:
    try:
        return bool(fetchval(url, "SELECT true"))
    except (OSError, asyncpg.PostgresError):
        return False


@pytest.mark.parametrize("name", ["two words", "é'\"$;,=%\\\u2028", "long" * 40])
def test_any_character_may_be_in_the_path_but_a_line_break(data: Path, name: str) -> None:
    with postgresql(data / name) as url:
        assert fetchval(url, "SELECT 1") == 1
    assert not (data / name / "postgresql" / "postmaster.pid").exists()


def test_other_users_can_neither_read_the_log_nor_hold_the_locks(data: Path) -> None:
    """PostgreSQL's log quotes rows that break a rule; a lock that somebody else holds would keep it from starting."""
    with postgresql(data):
        assert {path.name: f"{path.stat().st_mode & 0o077:o}" for path in data.iterdir()} == {
            "in-use.lock": "0",
            "server.lock": "0",
            "postgresql": "0",
            "postgresql.log": "0",
        }


def test_writes_are_durable(used_data: Path) -> None:
    """The defaults of PostgreSQL, without which a power cut loses what was acknowledged."""
    with postgresql(used_data) as url:
        for name in ("fsync", "synchronous_commit", "full_page_writes", "data_checksums"):
            assert fetchval(url, f"SHOW {name}") == "on", name
        assert fetchval(url, "SHOW server_encoding") == "UTF8"
