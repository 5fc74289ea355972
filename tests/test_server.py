"""The process that serves: what it may open, and what its workers do without it."""

import os
import resource
import signal
import time
from pathlib import Path

import httpx
import psutil

from tests.support.processes import Service


def test_workers_end_when_nobody_looks_after_them(database_url: str, folder: Path) -> None:
    """They hold the port: a service that is started again could not have it."""
    with Service(folder, DATABASE_URL=database_url, WORKERS="2") as service:
        address = service.ready().address
        workers = [psutil.Process(number) for number in _workers(service)]
        assert len(workers) == 2
        service.kill()
        _, alive = psutil.wait_procs(workers, timeout=10)
        assert alive == []
        with Service(folder, DATABASE_URL=database_url, PORT=str(httpx.URL(address).port)) as again:
            assert httpx.get(again.ready().address + "/livez").status_code == 200


def test_a_worker_that_dies_is_replaced(database_url: str, folder: Path) -> None:
    with Service(folder, DATABASE_URL=database_url, WORKERS="2") as service:
        before = _workers(service.ready())
        os.kill(before[0], signal.SIGKILL)
        end = time.monotonic() + 15
        while (now := _workers(service)) == before or len(now) < 2:
            assert time.monotonic() < end
            time.sleep(0.05)
        assert before[1] in now
        assert httpx.get(f"{service.address}/health").status_code == 200
        assert service.stop() == 0


def _workers(service: Service) -> list[int]:
    """Return the processes of the service that answer, in the order in which they were started."""
    children = psutil.Process(service.process.pid).children()
    alive = [child for child in children if child.status() != psutil.STATUS_ZOMBIE]
    return [child.pid for child in alive if any("spawn_main" in word for word in child.cmdline())]


def test_the_limit_of_open_files_is_raised_as_far_as_it_goes(database_url: str, folder: Path) -> None:
    with Service(folder, DATABASE_URL=database_url, MAX_CONNECTIONS="3000") as service:
        service.ready()
        limit = resource.prlimit(service.process.pid, resource.RLIMIT_NOFILE)
    assert limit[0] >= min(5000, limit[1])
