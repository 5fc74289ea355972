"""The embedded PostgreSQL is killed alone: the service that it belongs to starts it again."""

import time
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import httpx
import psutil
import pytest

from tests.conftest import NO_HURRY
from tests.support.processes import Service
from tests.support.waiting import wait_for
from tests.support.write_load import WriteLoad

ENOUGH = 50


def answered(load: WriteLoad) -> int:
    """Return how many requests of a load have been successful so far."""
    return sum(answer.well for answer in load.answers)


def goes_on(loads: list[WriteLoad]) -> None:
    """Wait until each load has had more successes."""
    before = [answered(load) for load in loads]
    wait_for(lambda: all(answered(load) > number + ENOUGH for load, number in zip(loads, before, strict=True)))


def kill_postmaster(data: Path) -> None:
    """Kill the server's first process, which all others follow."""
    psutil.Process(int((data / "postgresql" / "postmaster.pid").read_text().split()[0])).kill()


def restarted(services: list[Service], times: int) -> bool:
    return times == [line["event"] for service in services for line in service.lines].count("database.restarted")


@pytest.mark.long
def test_it_is_started_again_and_nothing_is_lost(folder: Path, used_data: Path) -> None:
    """Two services on one folder, one with several workers: one of them starts it, and both go on."""
    with ExitStack() as stack:
        settings = ({"WORKERS": "1", **NO_HURRY}, {"WORKERS": "2", **NO_HURRY})
        services = [stack.enter_context(Service(folder, DATA_DIR=str(used_data), **each)) for each in settings]
        loads = [stack.enter_context(WriteLoad(service.ready().address, clients=3)) for service in services]
        for number in (1, 2):
            goes_on(loads)
            kill_postmaster(used_data)
            wait_for(partial(restarted, services, number))
            again = time.monotonic()
            goes_on(loads)
            errors = [answer for load in loads for answer in load.answers if answer.began > again and not answer.well]
            assert errors == [], "an error lingers after the database is back"
        for load, service in zip(loads, services, strict=True):
            load.stop()
            assert {(each.status, each.code) for each in load.answers if not each.well} <= {(500, "DATABASE_ERROR")}
            with httpx.Client(base_url=service.address) as client:
                assert load.check(client) > ENOUGH
        first, last = services
        assert first.stop() == 0
        goes_on_alone(last, used_data, services)
        assert last.stop() == 0
        assert restarted(services, 3)
        assert not (used_data / "postgresql" / "postmaster.pid").exists(), "the last stops it for good"


def goes_on_alone(service: Service, data: Path, services: list[Service]) -> None:
    """Kill a server that another service started, and see that the one that is left starts it."""
    kill_postmaster(data)
    wait_for(lambda: restarted(services, 3))
    wait_for(lambda: httpx.get(f"{service.address}/health").json()["status"] == "ok")
