"""PostgreSQL is there and ends connections: of those that are at work, and of those that nobody uses."""

from pathlib import Path

import pytest

from tests.outages.full_pool import POOL, open_every_connection
from tests.outages.scene import PATIENT, under_load
from tests.support.postgresql import Postgresql
from tests.support.processes import Service
from tests.support.waiting import wait_for
from tests.support.write_load import WriteLoad

TIMES = 5
ENOUGH = 100


def test_only_what_was_in_flight_fails_when_every_connection_is_ended(
    server: Postgresql, database: str, folder: Path
) -> None:
    with under_load(folder, server.url(database), settings=PATIENT) as scene:
        ended = []
        with scene.outage():
            for _ in range(TIMES):
                ended.append(server.terminate_backends())
                scene.wait_for_answers()
        assert all(ended)
        assert len(scene.failed) <= sum(ended), "each connection had one request in flight"
        scene.recovers(total=False)


@pytest.mark.parametrize("restarted", [False, True], ids=["connections ended", "server restarted"])
def test_the_first_requests_after_a_pause_succeed(
    server: Postgresql, database: str, folder: Path, restarted: bool
) -> None:
    """Scale to zero: while nobody asks, the server ends what is idle. Whoever asks next is to notice nothing."""
    with Service(folder, DATABASE_URL=server.url(database), **PATIENT) as service:
        address = service.ready().address
        for _ in range(TIMES):
            open_every_connection(server.url(database), address)
            _scale_to_zero(server, restarted=restarted)
        with WriteLoad(address) as load:
            wait_for(lambda: len(load.answers) >= ENOUGH)
        assert [answer for answer in load.answers if not answer.well] == []
        assert [line for line in service.lines if line["level"] != "info"] == []


def _scale_to_zero(server: Postgresql, *, restarted: bool) -> None:
    if restarted:
        server.stop("fast")
        server.start()
    else:
        assert server.terminate_backends() >= POOL
