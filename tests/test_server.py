"""The process that serves, as the operating system sees it."""

import resource
import socket
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from tests.support.processes import Service

FILES = 160


def test_a_supervisor_loads_nothing_that_only_its_workers_need() -> None:
    loaded = "import sys, donebase.server; print(*({'alembic', 'fastapi', 'psutil', 'uvicorn'} & set(sys.modules)))"
    ended = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True)
    assert ended.stdout.split() == []


def test_the_limit_of_open_files_is_raised_as_far_as_it_goes(database_url: str, folder: Path) -> None:
    """Each client is an open file, and the usual limit is 1,024."""
    with Service(folder, DATABASE_URL=database_url, MAX_CONNECTIONS="3000") as service:
        service.ready()
        soft, hard = resource.prlimit(service.process.pid, resource.RLIMIT_NOFILE)
    assert soft >= min(5000, hard)


@pytest.mark.parametrize("workers", ["1", "2"])
def test_probes_are_answered_at_the_limit_of_open_files(database_url: str, folder: Path, workers: str) -> None:
    """More connections come than there can be files, and nobody closes any."""
    settings = {"DATABASE_URL": database_url, "DATABASE_POOL_SIZE": "2", "WORKERS": workers}
    with Service(folder, FILES, **settings) as service, ExitStack() as stack:
        place = urlsplit(service.ready().address)
        for _ in range(FILES * int(workers) + 50):
            stack.enter_context(socket.create_connection((place.hostname or "", place.port or 0), timeout=60))
        for path in ("/livez", "/health", "/livez", "/health"):
            assert httpx.get(service.address + path, timeout=60).status_code == 200
        refused = httpx.get(f"{service.address}/users/1/tasks", timeout=60)
        assert refused.json()["code"] == "OVERLOADED"
        limited = service.wait_for("connections.limited")
        assert limited["level"] == "warning"
        assert 1 <= limited["max_connections"] < FILES
