"""A backup of the whole database in a file, by pg_dump, while the service goes on."""

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from donebase import logs
from donebase.connecting import CONNECT_TIMEOUT
from donebase.core.errors import BackupFailed
from donebase.database_url import DatabaseUrl
from donebase.programs import embedded_programs
from donebase.settings import Settings, WrongSetting, program_environment

_PORT = 5432
# libpq's own names for these two; the others are PG and the parameter without underscores.
_VARIABLES = {"application_name": "PGAPPNAME", "connect_timeout": "PGCONNECT_TIMEOUT"}


def backup(settings: Settings, file: Path, *, embedded: bool) -> None:
    """Write a backup to `file`, in pg_dump's custom format: every task that was acknowledged before, none by half.

    The file appears whole or not at all, closed to other users. Raises WrongSetting where it is there already or
    cannot be written, or where pg_dump is missing, and BackupFailed with what pg_dump says.
    """
    pg_dump, pg_restore = (_program(name, embedded=embedded) for name in ("pg_dump", "pg_restore"))
    _refuse_existing(file)
    try:
        handle, name = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
    except OSError as failure:
        raise WrongSetting(f"FILE must be in a folder that this user can write to ({failure.strerror})") from None
    beside = Path(name)
    try:
        _dump(pg_dump, settings, handle)
        revision = revision_of(pg_restore, beside)
        _refuse_existing(file)
        beside.rename(file)
    finally:
        os.close(handle)
        beside.unlink(missing_ok=True)
    logs.info("backed_up", file=str(file), schema=revision, bytes=file.stat().st_size)


def revision_of(pg_restore: Path, file: Path) -> str:
    """Return the revision of the schema that a backup holds. Raises BackupFailed where it is none of donebase's."""
    arguments = ["--data-only", "--table=alembic_version", "--file=-", str(file)]
    said = _run([pg_restore, *arguments], stdout=subprocess.PIPE, env=program_environment())
    found = re.search(rb"^COPY .*alembic_version \(version_num\) FROM stdin;\n(\w+)\n", said, re.MULTILINE)
    if found is None:
        raise BackupFailed("the backup contains no donebase tables")
    return found[1].decode()


def pg_restore_for_any_backup() -> Path:
    """Return the newest pg_restore there is: an older one cannot read what a newer pg_dump wrote."""
    folder = embedded_programs()
    found = [Path(each) for each in (shutil.which("pg_restore"), folder and folder / "pg_restore") if each]
    return max(found, key=_version) if found else _program("pg_restore", embedded=False)


def _program(name: str, *, embedded: bool) -> Path:
    """Return a program of the extra's for the embedded PostgreSQL, and of the system's for others, which knows TLS."""
    folder = embedded_programs() if embedded else None
    found = folder / name if folder else shutil.which(name)
    if not found:
        raise WrongSetting(f"{name} must be on PATH: install PostgreSQL's client programs (Debian: postgresql-client)")
    return Path(found)


def _version(program: Path) -> int:
    """Return the major version of a program of PostgreSQL's."""
    said = _run([program, "--version"], stdout=subprocess.PIPE, env=program_environment())
    found = re.search(rb"\(PostgreSQL\) (\d+)", said)
    return int(found[1]) if found else 0


def _dump(pg_dump: Path, settings: Settings, handle: int) -> None:
    wait = f"--lock-wait-timeout={int(settings.migration_wait * 1000)}"
    arguments = ["--format=custom", "--encoding=UTF8", "--no-owner", "--no-privileges", wait]
    # Nothing of the URL among the arguments, which every user of the machine can see.
    _run([pg_dump, *arguments], stdout=handle, env=_environment(settings.address(unpooled=True)))
    os.fsync(handle)


def _environment(url: DatabaseUrl) -> dict[str, str]:
    """Return the environment with what libpq reads there, in the place of the URL."""
    if "sslpassword" in url.parameters:
        raise WrongSetting("DATABASE_URL must not contain sslpassword: pg_dump accepts it only as an argument")
    said = {
        "PGHOST": ",".join(host.name for host in url.hosts),
        "PGPORT": ",".join(str(host.port or _PORT) for host in url.hosts)
        if any(host.port for host in url.hosts)
        else "",
        "PGUSER": url.user,
        "PGPASSWORD": url.password,
        "PGDATABASE": url.database,
    }
    for name, value in url.parameters.items():
        said[_VARIABLES.get(name, f"PG{name.replace('_', '').upper()}")] = value
    said.setdefault("PGCONNECT_TIMEOUT", str(int(CONNECT_TIMEOUT)))
    return program_environment(libpq=True) | {name: value for name, value in said.items() if value}


def _run(command: list[Path | str], *, stdout: int, env: dict[str, str]) -> bytes:
    """Run a program to its end and return what it wrote. Raises BackupFailed with its first error."""
    done = subprocess.run(  # noqa: S603 - a program of PostgreSQL's, without a shell
        command,
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=subprocess.PIPE,
        env=env,
        start_new_session=True,  # Ctrl-C in a terminal is for donebase, which ends it
        check=False,
    )
    if done.returncode:
        raise BackupFailed(first_error(done.stderr, done.returncode))
    return done.stdout or b""


def first_error(said: bytes, status: int) -> str:
    """Return, in one line, what a program says went wrong."""
    lines = said.decode(errors="replace").splitlines()
    errors = [line for line in lines if "error: " in line] or lines or [f"exit status {status}"]
    details = [line.partition("detail: ")[2] for line in lines if "detail: " in line][:1]
    return "; ".join([errors[0], *details])


def _refuse_existing(file: Path) -> None:
    if file.exists():
        raise WrongSetting(f"FILE must not exist yet, and {file} does")
