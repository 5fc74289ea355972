"""PostgreSQL ends and comes back behind PgBouncer, which keeps the connections of the service; or PgBouncer does."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.outages.scene import PATIENT, under_load
from tests.support.pgbouncer import Pgbouncer, pgbouncer
from tests.support.postgresql import Postgresql


@pytest.fixture
def pooler(server: Postgresql) -> Iterator[Pgbouncer]:
    """As docs/operations.md advises: a second after a failed login it tries again."""
    with pgbouncer(server, server_login_retry="1") as pooler:
        yield pooler


@pytest.mark.long
def test_an_acknowledged_write_survives_a_crash_behind_pgbouncer(
    server: Postgresql, pooler: Pgbouncer, database: str, folder: Path
) -> None:
    # PgBouncer lets who asks wait for a PostgreSQL that is away, for as long as two minutes.
    with under_load(folder, pooler.url(database)) as scene:
        with scene.outage():
            server.stop("immediate")
            scene.hold()
            server.start()
        scene.recovers()


def test_a_restart_of_pgbouncer_is_an_outage_of_seconds(pooler: Pgbouncer, database: str, folder: Path) -> None:
    with under_load(folder, pooler.url(database), settings=PATIENT) as scene:
        with scene.outage():
            pooler.kill()
            scene.hold()
            pooler.start()
        scene.recovers()
