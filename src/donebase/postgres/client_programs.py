"""Finds and runs PostgreSQL's client programs pg_dump and pg_restore."""

import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from donebase.core.errors import BackupFailed
from donebase.database_url import DatabaseUrl
from donebase.environment import program_environment
from donebase.postgres.connecting import CONNECT_TIMEOUT
from donebase.postgres.programs import embedded_programs
from donebase.settings import WrongSetting

_PORT = 5432
_CANCEL_WAIT = 5.0
# libpq's own names for these two; the others are PG and the parameter without underscores.
_VARIABLES = {"application_name": "PGAPPNAME", "connect_timeout": "PGCONNECT_TIMEOUT"}


def client_program(name: str, *, embedded: bool) -> Path:
    """Return the path of a program: that of the extra for the embedded PostgreSQL, otherwise the one on PATH.

    The programs of the extra have no TLS. Raises WrongSetting if the program is missing.
    """
    folder = embedded_programs() if embedded else None
    found = folder / name if folder else shutil.which(name)
    if not found:
        raise WrongSetting(f"{name} must be on PATH: install PostgreSQL's client programs (Debian: postgresql-client)")
    return Path(found)


def newest_pg_restore() -> Path:
    """Return the newest pg_restore of the extra and of PATH: an older one cannot read the file of a newer pg_dump."""
    folder = embedded_programs()
    found = [Path(each) for each in (shutil.which("pg_restore"), folder and folder / "pg_restore") if each]
    return max(found, key=_version) if found else client_program("pg_restore", embedded=False)


def _version(program: Path) -> int:
    """Return the major version of one of PostgreSQL's programs, 0 if it does not print one."""
    with output_of([program, "--version"]) as output:
        found = re.search(rb"\(PostgreSQL\) (\d+)", output.read())
    return int(found[1]) if found else 0


@contextmanager
def output_of(command: list[Path | str]) -> Iterator[IO[bytes]]:
    """Run a program and yield its standard output, whose reading blocks. Raises BackupFailed if the program fails."""
    with _running(command, subprocess.PIPE, program_environment()) as process:
        assert process.stdout
        yield process.stdout


def run_program(command: list[Path | str], output: int, url: DatabaseUrl) -> None:
    """Run a program on a database, and wait until it ends. `output` is the file descriptor of its standard output.

    Raises WrongSetting if a parameter of the URL cannot be passed on, and BackupFailed with the first error of the
    program.
    """
    # The URL is not among the arguments, because every user of the machine can see those.
    with _running(command, output, _environment(url)):
        pass


@contextmanager
def _running(command: list[Path | str], output: int, environment: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program and wait for its end; terminate it if the `with` block raises an exception."""
    with (
        tempfile.TemporaryFile() as errors,
        subprocess.Popen(  # noqa: S603 - a program of PostgreSQL's, without a shell
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=errors,
            env=environment,
            start_new_session=True,  # Ctrl-C in a terminal is for donebase, which ends it
        ) as process,
    ):
        try:
            yield process
            status = process.wait()
        except BaseException:
            process.terminate()  # pg_dump cancels its statement, which would go on to wait for a lock
            with suppress(subprocess.TimeoutExpired):
                process.wait(_CANCEL_WAIT)
            process.kill()
            raise
        if status:
            errors.seek(0)
            raise BackupFailed(_first_error(errors.read(), status))


def _environment(url: DatabaseUrl) -> dict[str, str]:
    """Return this environment with the parts of the URL as the variables that libpq reads (PGHOST and others)."""
    if "sslpassword" in url.parameters:
        raise WrongSetting("DATABASE_URL must not contain sslpassword: pg_dump accepts it only as an argument")
    ports = [host.port for host in url.hosts]
    variables = {
        "PGHOST": ",".join(host.name for host in url.hosts),
        "PGPORT": ",".join(str(port or _PORT) for port in ports) if any(ports) else "",
        "PGUSER": url.user,
        "PGPASSWORD": url.password,
        "PGDATABASE": url.database,
    }
    for name, value in url.parameters.items():
        variables[_VARIABLES.get(name, f"PG{name.replace('_', '').upper()}")] = value
    variables.setdefault("PGCONNECT_TIMEOUT", str(int(CONNECT_TIMEOUT)))
    return program_environment(libpq=True) | {name: value for name, value in variables.items() if value}


def _first_error(errors: bytes, status: int) -> str:
    """Return the first error of a program, with its first detail, in one line."""
    lines = errors.decode(errors="replace").splitlines()
    failures = [line for line in lines if "error: " in line] or lines or [f"exit status {status}"]
    details = [line.partition("detail: ")[2] for line in lines if "detail: " in line][:1]
    return "; ".join([failures[0], *details])
