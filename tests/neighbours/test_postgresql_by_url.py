"""The same tests, given a PostgreSQL by its URL: the operating system's instead of the one that comes with pip."""

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
# What differs without a pooler in front of it; all else meets this PostgreSQL behind PgBouncer.
DEPEND_ON_IT = (
    "tests/core/test_plans.py",
    "tests/routes/test_statements.py",
    "tests/test_migrations.py",
)


def test_what_depends_on_postgresql_passes_on_one_given_by_its_url(pytestconfig: pytest.Config) -> None:
    with postgresql(fsync="off") as server:
        sys.stdout.write(f"PostgreSQL {server.version}\n")
        the_suite_passes(pytestconfig.rootpath, server.url(), *DEPEND_ON_IT, at_least=30)


def test_statements_are_prepared_where_no_pooler_is_in_between(folder: Path) -> None:
    with postgresql(fsync="off") as server:
        assert run_donebase(folder, "migrate", DATABASE_URL=server.url()).returncode == 0
        with Service(folder, DATABASE_URL=server.url()) as service:
            connected = service.ready().wait_for("database.connected")
        assert connected["pooler"] is False
        assert connected["prepared_statements"] == "on"
        assert connected["postgresql"] == ".".join(map(str, server.version))


def the_suite_passes(root: Path, url: str, *arguments: str, at_least: int, **environment: str) -> None:
    """Run these tests against the PostgreSQL at this URL."""
    status, output = _run(
        root,
        *(sys.executable, "-m", "pytest", "-q", "--maxfail", "5", "-n", "2", "--dist", "worksteal", *arguments),
        TEST_DATABASE_URL=url,
        **environment,
    )
    tail = output[-8000:]
    assert status == 0, tail
    counts = {what: int(count) for count, what in re.findall(r"(\d+) ([a-z]+)", output.splitlines()[-1])}
    assert counts.get("passed", 0) >= at_least, tail
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
