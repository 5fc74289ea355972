"""The process that serves, as the operating system sees it."""

import asyncio
import gc
import json
import os
import pty
import resource
import socket
import subprocess
import sys
from contextlib import ExitStack, suppress
from pathlib import Path

import httpx
import pytest

from donebase import __version__
from donebase.serving.http_server import _Server
from donebase.serving.process import _listener, _say_who_is_asked
from donebase.settings import Settings
from donebase.telemetry import logs
from tests.support.connections import connect
from tests.support.processes import DONEBASE, Service, clean_environment
from tests.support.waiting import DEADLINE, wait_for

FILES = 160


def test_a_supervisor_loads_nothing_that_only_its_workers_need() -> None:
    loaded = (
        "import sys, donebase.serving.process; print(*({'alembic', 'fastapi', 'psutil', 'uvicorn'} & set(sys.modules)))"
    )
    ended = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True)
    assert ended.stdout.split() == []


def test_the_limit_of_open_files_is_raised_as_far_as_it_goes(database_url: str, folder: Path) -> None:
    """Each client is an open file, and the usual limit is 1,024."""
    with Service(folder, DATABASE_URL=database_url, MAX_CONNECTIONS="3000") as service:
        service.ready()
        soft, hard = resource.prlimit(service.process.pid, resource.RLIMIT_NOFILE)
    assert soft >= min(5000, hard)


def test_a_connection_that_comes_as_the_service_stops_is_closed_as_the_others_are(database_url: str) -> None:
    async def story() -> None:
        settings = Settings.read(database_url=database_url, shutdown_grace=600, header_timeout=600)
        server = _Server(settings, "donebase.app:create_service", lambda: None, lambda: None, print)
        server.config.load()
        server.lifespan = server.config.lifespan_class(server.config)
        with socket.create_server(("127.0.0.1", 0)) as listener:
            await server.startup([listener])
            with socket.create_connection(listener.getsockname(), timeout=DEADLINE) as client:
                server.servers[0]._accept()  # type: ignore[attr-defined]
                async with asyncio.timeout(DEADLINE):
                    await server.shutdown()
                assert client.recv(1) == b""

    asyncio.run(story())
    gc.unfreeze()


@pytest.mark.parametrize("workers", ["1", "2"])
def test_probes_are_answered_at_the_limit_of_open_files(database_url: str, folder: Path, workers: str) -> None:
    """More connections come than there can be files, and nobody closes any."""
    settings = {"DATABASE_URL": database_url, "DATABASE_POOL_SIZE": "2", "WORKERS": workers}
    with Service(folder, FILES, **settings) as service, ExitStack() as stack:
        service.ready()
        for _ in range(FILES * int(workers) + 50):
            stack.enter_context(connect(service.address))

        def codes() -> list[str]:
            """Return what four requests are answered after one more connection: any worker may accept each."""
            stack.enter_context(connect(service.address))
            answers = [httpx.get(f"{service.address}/nowhere").json() for _ in range(4)]
            return [answer["code"] for answer in answers]

        wait_for(lambda: codes() == ["OVERLOADED"] * 4, codes, every=0)
        # On a busy machine the database may not answer /health in its two seconds. The status of a refusal is a number.
        assert {httpx.get(f"{service.address}/livez").json()["status"] for _ in range(2)} == {"ok"}
        assert {httpx.get(f"{service.address}/health").json()["status"] for _ in range(2)} <= {"ok", "unavailable"}
        wait_for(lambda: httpx.get(f"{service.address}/health").json()["status"] == "ok")
        limited = service.wait_for("connections.limited")
        assert limited["level"] == "warning"
        assert 1 <= limited["max_connections"] < FILES


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "127.0.0.1", "::1", "localhost"])  # noqa: S104
def test_a_service_that_other_machines_can_reach_warns_of_it(host: str, capfd: pytest.CaptureFixture[str]) -> None:
    logs.configure("json")
    settings = Settings.read(host=host, port=0)
    with _listener(settings) as listener:
        _say_who_is_asked(settings, listener)
        _say_who_is_asked(settings.model_copy(update={"auth": "required"}), listener)
    [line] = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    is_reachable = host in ("0.0.0.0", "::")  # noqa: S104
    assert (line["event"], line["level"]) == (("open_to_network", "warning") if is_reachable else ("auth.open", "info"))
    assert ("every task" in line.get("advice", "")) is is_reachable


def test_on_a_terminal_people_read_where_everything_is(database_url: str, folder: Path) -> None:
    ours, its = pty.openpty()
    process = subprocess.Popen(
        [*DONEBASE, "serve"],
        cwd=folder,
        env=clean_environment(PORT="0", HOST="0.0.0.0", DATABASE_URL=database_url),  # noqa: S104
        stdout=its,
        stderr=its,
    )
    os.close(its)
    shown = ""
    while "Data" not in shown or not shown.endswith("\n"):
        shown += os.read(ours, 65536).decode()
    process.terminate()
    with suppress(OSError):  # what a terminal says once nobody has it open any more
        while part := os.read(ours, 65536):
            shown += part.decode()
    os.close(ours)
    assert process.wait(DEADLINE) == 0
    lines = shown.splitlines()
    begin = lines.index(f"donebase {__version__} is ready. Press Ctrl-C to stop it.")
    address, documentation, data = [line.split() for line in lines[begin + 1 : begin + 4]]
    assert address[0] == "Address"
    assert documentation == ["Documentation", f"{address[1]}/docs"]
    assert data[0] == "Data"
    assert any("warning open_to_network" in line for line in lines)
    assert "stopped" in lines[-1]
    assert "\x1b" not in shown
