"""The same suite, given a PostgreSQL by its URL: the operating system's instead of the one that comes with pip."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.postgresql import postgresql
from tests.support.processes import Service, run_donebase

SUITE_TIMEOUT = 900.0
AT_LEAST = 1_000
# The neighbours themselves, the embedded PostgreSQL, and what meets none or does the same with every one.
NOT_ABOUT_A_POSTGRESQL = (
    "neighbours",
    "core/test_inputs.py",
    "properties/test_schema.py",
    "routes/test_bodies_on_the_way.py",
    "routes/test_broken_off.py",
    "routes/test_cost.py",
    "routes/test_fast_path.py",
    "routes/test_giving_up.py",
    "routes/test_health.py",
    "routes/test_limits.py",
    "routes/test_openapi.py",
    "outages",
    "test_audit.py",
    "test_cli.py",
    "test_deployment.py",
    "test_embedded.py",
    "test_logs.py",
    "test_metrics.py",
    "test_pool.py",
    "test_readme.py",
    "test_server.py",
    "test_settings.py",
    "test_specifications.py",
    "test_tracing.py",
)


def test_the_whole_suite_passes_on_a_postgresql_given_by_its_url(pytestconfig: pytest.Config) -> None:
    with postgresql(fsync="off") as server:
        sys.stdout.write(f"PostgreSQL {server.version}\n")
        # By the long way here and by the short one everywhere else: the whole suite runs both ways.
        the_whole_suite_passes(pytestconfig.rootpath, server.url(), TEST_FAST_PATH="off")


def test_statements_are_prepared_where_no_pooler_is_in_between(folder: Path) -> None:
    with postgresql(fsync="off") as server:
        assert run_donebase(folder, "migrate", DATABASE_URL=server.url()).returncode == 0
        with Service(folder, DATABASE_URL=server.url()) as service:
            connected = service.ready().wait_for("database.connected")
        assert connected["pooler"] is False
        assert connected["prepared_statements"] == "on"
        assert connected["postgresql"] == ".".join(map(str, server.version))


def the_whole_suite_passes(root: Path, url: str, **environment: str) -> None:
    """Run every test that meets a PostgreSQL against the one at this URL."""
    status, output = _run(
        root,
        *(sys.executable, "-m", "pytest", "tests", "-q", "--maxfail", "5", "-n", "2", "--dist", "worksteal"),
        *(f"--ignore=tests/{path}" for path in NOT_ABOUT_A_POSTGRESQL),
        TEST_DATABASE_URL=url,
        **environment,
    )
    tail = output[-8000:]
    assert status == 0, tail
    counts = {what: int(count) for count, what in re.findall(r"(\d+) ([a-z]+)", output.splitlines()[-1])}
    assert counts.get("passed", 0) >= AT_LEAST, tail
    assert "skipped" not in counts, tail


def _run(root: Path, *command: str, **environment: str) -> tuple[int, str]:
    # A run inside a run must not take itself for a worker of the outer one, nor measure coverage for it.
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COV"))}
    with subprocess.Popen(
        command,
        cwd=root,
        env=inherited | environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            output, _ = process.communicate(timeout=SUITE_TIMEOUT)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
    return process.returncode, output
