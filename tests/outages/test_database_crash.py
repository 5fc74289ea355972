"""PostgreSQL ends and comes back, in each of the ways it can end."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.outages.scene import PATIENT, under_load
from tests.support.postgresql import Postgresql

ENDS: dict[str, Callable[[Postgresql], None]] = {
    "pg_ctl stop -m immediate": lambda server: server.stop("immediate"),
    "a power cut": lambda server: server.kill(),
}


@pytest.mark.long
@pytest.mark.parametrize("end", ENDS)
def test_an_acknowledged_write_survives_a_crash(server: Postgresql, database: str, folder: Path, end: str) -> None:
    with under_load(folder, server.url(database), settings=PATIENT) as scene:
        with scene.outage():
            ENDS[end](server)
            scene.hold()
            server.start()
        scene.recovers()


def test_a_fast_restart_is_an_outage_of_seconds(server: Postgresql, database: str, folder: Path) -> None:
    with under_load(folder, server.url(database), settings=PATIENT) as scene:
        with scene.outage():
            server.stop("fast")
            server.start()
        scene.recovers(total=False)
