"""Several workers: one that dies, hangs or cannot start harms nobody but itself."""

import resource
from pathlib import Path

import httpx
import psutil
import pytest

from donebase.core.tables import REVISION
from tests.support.databases import fetchval
from tests.support.metrics import REQUESTS, metrics, total
from tests.support.processes import Service
from tests.support.waiting import DEADLINE, wait_for


def set_revision(database: str, revision: str) -> None:
    """Make tables look as if another version of donebase had migrated them."""
    fetchval(database, "UPDATE alembic_version SET version_num = $1", revision)


def livez(service: Service) -> int:
    """Return the status of a request on a connection of its own."""
    return httpx.get(f"{service.address}/livez").status_code


@pytest.mark.long
def test_a_worker_that_cannot_start_is_tried_again_and_the_others_go_on(own_database: str, folder: Path) -> None:
    with Service(folder, DATABASE_URL=own_database, WORKERS="2") as service:
        killed, other = service.ready().workers()
        set_revision(own_database, "9999")
        killed.kill()
        service.wait_for("worker.died", pid=killed.pid, exit_status=-9, retry_in=0.0)
        for pause in (1.0, 2.0):
            failed = service.wait_for("worker.start_failed", retry_in=pause)
            assert livez(service) == 200
        assert other.is_running()
        set_revision(own_database, REVISION)
        assert service.wait_for("worker.replaced")["worker"] == failed["worker"]
        assert len(service.workers()) == 2
        assert service.stop() == 0


@pytest.mark.long
def test_where_the_system_has_nothing_left_for_a_worker_the_others_go_on(database_url: str, folder: Path) -> None:
    with Service(folder, DATABASE_URL=database_url, WORKERS="2") as service:
        killed, other = service.ready().workers()
        before = resource.prlimit(service.process.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(service.process.pid, resource.RLIMIT_NOFILE, (3, before[1]))
        killed.kill()
        failed = service.wait_for("worker.start_failed", retry_in=2.0)
        assert failed["cause"] == "Too many open files"
        assert livez(service) == 200
        assert other.is_running()
        resource.prlimit(service.process.pid, resource.RLIMIT_NOFILE, before)
        assert service.wait_for("worker.replaced")["worker"] == failed["worker"]
        assert service.stop() == 0


@pytest.mark.long
def test_where_no_worker_can_start_the_service_ends(own_database: str, folder: Path) -> None:
    """The tables are migrated between the look that `serve` takes and the start of its workers."""
    for sql in (
        "ALTER TABLE alembic_version RENAME TO at_first",
        "CREATE SEQUENCE looks",
        "CREATE VIEW alembic_version AS SELECT "
        "CASE nextval('looks') WHEN 1 THEN version_num ELSE '9999' END AS version_num FROM at_first",
    ):
        fetchval(own_database, sql)
    with Service(folder, DATABASE_URL=own_database, WORKERS="2") as service:
        service.wait_for("database.connected")
        assert service.process.wait(timeout=DEADLINE) == 1


@pytest.mark.long
def test_a_worker_that_hangs_is_replaced_and_keeps_no_stop_waiting(database_url: str, folder: Path) -> None:
    """A stop that waited for a worker which stands still would never end."""
    (folder / "sitecustomize.py").write_text("from donebase.serving import worker\nworker._SILENT_LOOKS = 8\n")
    settings = {"DATABASE_URL": database_url, "PYTHONPATH": str(folder), "SHUTDOWN_GRACE": "1", "WORKERS": "2"}
    with Service(folder, **settings) as service:
        first, second = service.ready().workers()
        first.suspend()
        service.wait_for("worker.hangs", pid=first.pid)
        service.wait_for("worker.replaced")
        second.suspend()
        assert service.stop() == 0
        assert service.wait_for("worker.killed")["pid"] == second.pid
        assert not second.is_running()


@pytest.mark.long
def test_what_a_dead_worker_has_counted_is_kept_and_leaves_no_file(
    database_url: str, folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    temporary = tmp_path_factory.mktemp("tmp")
    environment = {"DATABASE_URL": database_url, "WORKERS": "2", "TMPDIR": str(temporary)}

    def folders() -> list[Path]:
        return list(temporary.glob("donebase-metrics-*"))

    def files() -> list[str]:
        """Return what is in the folder, but for what a worker writes just now, or was writing when it was killed."""
        return sorted(file.name for file in shared.iterdir() if file.suffix != ".new")

    with Service(folder, **environment) as service:
        service.ready()
        for _ in range(20):
            assert livez(service) == 200
        wait_for(lambda: counted(service) == 20)
        [shared] = folders()
        before = files()
        for worker in service.workers():
            worker.kill()
        wait_for(lambda: len([line for line in service.lines if line["event"] == "worker.replaced"]) == 2)
        assert livez(service) == 200
        wait_for(lambda: counted(service) == 21)
        assert files() == before
        workers = service.workers()
        service.kill()
        psutil.wait_procs(workers, timeout=DEADLINE)  # they may save what they have counted until they have ended
    assert folders() == [shared]
    with Service(folder, **environment) as service:
        service.ready()
        assert len(folders()) == 1
        assert folders() != [shared]
        service.stop()
    assert folders() == []


def counted(service: Service) -> float:
    """Return how many requests for /livez all workers together have counted."""
    found = metrics(httpx.get(f"{service.address}/metrics"))
    return total(found, f"{REQUESTS}_count", route="/livez")
