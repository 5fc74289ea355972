"""kill -9 under a load of writes: what was acknowledged is there after the next start, and nothing is half done."""

import socket
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import psutil
import pytest

from tests.conftest import NO_HURRY
from tests.support.postgresql import Postgresql
from tests.support.processes import Service
from tests.support.waiting import DEADLINE, wait_for
from tests.support.write_load import WriteLoad

EACH_ROUND = 250

Start = Callable[[], Service]
Kill = Callable[[], object]


def through_three_loads(start: Start, kill_database: Kill, revive_database: Kill) -> None:
    """Kill a service under three loads, and its database with it in the second.

    After each start all the loads so far are checked, so that nothing is lost later either.
    """
    loads: list[WriteLoad] = []
    with ExitStack() as stack:
        service = stack.enter_context(start())
        for number in range(3):
            with WriteLoad(service.address, pause=0.002, seed=number) as load:
                wait_for(lambda: answered(load) > EACH_ROUND)
                service.kill()
                if number == 1:
                    kill_database()
            loads.append(load)
            if number == 1:
                revive_database()
            service = stack.enter_context(start())
            with httpx.Client(base_url=service.address) as client:
                checked = [each.check(client) for each in loads]
        assert service.stop() == 0
    assert min(checked) >= EACH_ROUND / 3


def answered(load: WriteLoad) -> int:
    """Return how many requests of a load have been successful so far."""
    return sum(answer.well for answer in load.answers)


def kill_embedded(data: Path) -> None:
    """End the embedded PostgreSQL and every process of its own at once, as a power cut would."""
    postmaster = psutil.Process(int((data / "postgresql" / "postmaster.pid").read_text().split()[0]))
    postmaster.suspend()  # it makes no other child
    family = [*postmaster.children(recursive=True), postmaster]
    for process in family:
        process.kill()
    psutil.wait_procs(family[:-1], timeout=DEADLINE)


@pytest.mark.long
def test_acknowledged_writes_survive_on_the_embedded_postgresql(folder: Path, used_data: Path) -> None:
    through_three_loads(
        start=lambda: Service(folder, DATA_DIR=str(used_data)).ready(),
        kill_database=lambda: kill_embedded(used_data),
        revive_database=lambda: None,  # the next start does that
    )
    assert not (used_data / "postgresql" / "postmaster.pid").exists(), "the last stop leaves the database clean"


@pytest.mark.long
def test_acknowledged_writes_survive_on_any_other_postgresql(folder: Path, server: Postgresql, database: str) -> None:
    """It has its durable defaults, and is killed with all of its processes in the second round."""
    through_three_loads(
        start=lambda: Service(folder, DATABASE_URL=server.url(database)).ready(),
        kill_database=server.kill,
        revive_database=server.start,
    )


@pytest.mark.long
def test_workers_are_replaced_and_do_not_outlive_what_started_them(
    folder: Path, database_url: str, client: httpx.Client
) -> None:
    """Orphans would hold the port, and the next start would find it taken."""
    settings = {"DATABASE_URL": database_url, "WORKERS": "2", **NO_HURRY}
    with Service(folder, **settings) as service, WriteLoad(service.ready().address) as load:
        killed, other = service.workers()
        wait_for(lambda: answered(load) > EACH_ROUND)
        killed.kill()
        wait_for(lambda: len(set(service.workers()) - {killed}) == 2)
        so_far = answered(load)
        wait_for(lambda: answered(load) > so_far + EACH_ROUND)
        orphans = service.workers()
        assert other in orphans
        service.kill()
        _, alive = psutil.wait_procs(orphans, timeout=DEADLINE)
        assert alive == []
    place = urlsplit(service.address)
    socket.create_server((place.hostname or "", place.port or 0)).close()
    assert {answer.status for answer in load.answers if not answer.well} <= {0}
    assert load.check(client) > EACH_ROUND
