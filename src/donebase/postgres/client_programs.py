"""PostgreSQL's client programs pg_dump and pg_restore: which ones are used, and how they are run."""

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
from donebase.postgres.connecting import CONNECT_TIMEOUT
from donebase.postgres.programs import embedded_programs
from donebase.settings import WrongSetting, program_environment

_PORT = 5432
_CANCEL_WAIT = 5.0
# libpq's own names for these two; the others are PG and the parameter without underscores.
_VARIABLES = {"application_name": "PGAPPNAME", "connect_timeout": "PGCONNECT_TIMEOUT"}


def client_program(name: str, *, embedded: bool) -> Path:
    """Return a program of the extra's for the embedded PostgreSQL, and of the system's for others, which knows TLS.

    Raises WrongSetting where it is missing.
    """
    folder = embedded_programs() if embedded else None
    found = folder / name if folder else shutil.which(name)
    if not found:
        raise WrongSetting(f"{name} must be on PATH: install PostgreSQL's client programs (Debian: postgresql-client)")
    return Path(found)


def newest_pg_restore() -> Path:
    """Return the newest pg_restore there is: an older one cannot read what a newer pg_dump wrote."""
    folder = embedded_programs()
    found = [Path(each) for each in (shutil.which("pg_restore"), folder and folder / "pg_restore") if each]
    return max(found, key=_version) if found else client_program("pg_restore", embedded=False)


def _version(program: Path) -> int:
    """Return the major version of a program of PostgreSQL's."""
    with output_of([program, "--version"]) as said:
        found = re.search(rb"\(PostgreSQL\) (\d+)", said.read())
    return int(found[1]) if found else 0


@contextmanager
def output_of(command: list[Path | str]) -> Iterator[IO[bytes]]:
    """Run a program and yield what it writes. Nothing else runs while it is read. Raises as `run_program` does."""
    with _running(command, subprocess.PIPE, program_environment()) as process:
        assert process.stdout
        yield process.stdout


def run_program(command: list[Path | str], output: int, url: DatabaseUrl) -> None:
    """Run a program on a database to its end; it writes to a file descriptor.

    Raises WrongSetting where the URL cannot be told it, and BackupFailed with its first error.
    """
    # Nothing of the URL among the arguments, which every user of the machine can see.
    with _running(command, output, _environment(url)):
        pass


@contextmanager
def _running(command: list[Path | str], output: int, environment: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program until it ends by itself, and end it where what is done meanwhile fails."""
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
    """Return the environment with what libpq reads there, in the place of the URL."""
    if "sslpassword" in url.parameters:
        raise WrongSetting("DATABASE_URL must not contain sslpassword: pg_dump accepts it only as an argument")
    ports = [host.port for host in url.hosts]
    said = {
        "PGHOST": ",".join(host.name for host in url.hosts),
        "PGPORT": ",".join(str(port or _PORT) for port in ports) if any(ports) else "",
        "PGUSER": url.user,
        "PGPASSWORD": url.password,
        "PGDATABASE": url.database,
    }
    for name, value in url.parameters.items():
        said[_VARIABLES.get(name, f"PG{name.replace('_', '').upper()}")] = value
    said.setdefault("PGCONNECT_TIMEOUT", str(int(CONNECT_TIMEOUT)))
    return program_environment(libpq=True) | {name: value for name, value in said.items() if value}


def _first_error(said: bytes, status: int) -> str:
    """Return, in one line, what a program says went wrong."""
    lines = said.decode(errors="replace").splitlines()
    errors = [line for line in lines if "error: " in line] or lines or [f"exit status {status}"]
    details = [line.partition("detail: ")[2] for line in lines if "detail: " in line][:1]
    return "; ".join([errors[0], *details])
