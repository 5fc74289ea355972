"""The disk of PostgreSQL is full: the one its tables are on, and the one that its log is on."""

import shutil
from pathlib import Path

import pytest

from donebase.postgres.connecting import FAILURES
from tests.outages.scene import PATIENT, under_load
from tests.outages.small_disk import SmallDisk, small_disk
from tests.support.postgresql import Postgresql, postgresql
from tests.support.servers import run

READS = {"read", "list"}
ENOUGH = 20
SEGMENTS = 10  # more than the small disk has room for
# A checkpoint in between would make old segments new ones.
FILL_A_SEGMENT = "SELECT pg_create_restore_point('full'); SELECT pg_switch_wal();"


def test_a_full_disk_refuses_writes_and_reads_go_on(folder: Path) -> None:
    with small_disk(megabytes=24) as disk, postgresql() as server:
        server.execute(f"CREATE TABLESPACE small LOCATION '{disk.folder}'")
        url = server.url(server.database_with_tables("TABLESPACE small"))
        with under_load(folder, url, settings=PATIENT) as scene:
            with scene.outage():
                disk.fill()
                scene.wait_until(lambda: len(scene.failed) > ENOUGH, "errors")
                disk.make_room()
            assert scene.codes == {"DATABASE_ERROR"}
            assert READS.isdisjoint(answer.operation for answer in scene.failed)
            scene.recovers(total=False)
        assert {probe.status for probe in scene.prober.health} == {200}


@pytest.mark.long
def test_nothing_is_lost_where_there_is_no_room_for_the_log(folder: Path) -> None:
    """PostgreSQL ends itself then, and can only come back once there is room."""
    with small_disk(megabytes=64) as disk, postgresql() as server:
        url = server.url(server.database_with_tables())
        _move_the_log(server, disk)
        with under_load(folder, url, settings=PATIENT) as scene:
            with scene.outage():
                disk.fill()
                with pytest.raises(FAILURES):
                    server.execute(FILL_A_SEGMENT * SEGMENTS)
                server.wait_for_the_end()
                scene.hold()
                disk.make_room()
                server.start()
            scene.recovers()


def _move_the_log(server: Postgresql, disk: SmallDisk) -> None:
    server.stop()
    log = server.data / "pg_wal"
    run("cp", "-a", log, disk.folder)
    shutil.rmtree(log)
    log.symlink_to(disk.folder / "pg_wal")
    server.start()
