"""Writes a backup of the whole database into a file with pg_dump, while the service runs."""

import os
import re
import tempfile
from pathlib import Path

from donebase.core.errors import BackupFailed
from donebase.postgres.client_programs import client_program, output_of, run_program
from donebase.settings import Settings, WrongSetting
from donebase.telemetry import logs


def backup(settings: Settings, file: Path, *, embedded: bool) -> None:
    """Write a backup to `file`, in pg_dump's custom format: a snapshot with every task that was acknowledged before.

    The file appears when it is complete, and only its owner can read it. Raises WrongSetting if it exists already or
    cannot be written, or if pg_dump is missing, and BackupFailed with pg_dump's first error.
    """
    pg_dump, pg_restore = (client_program(name, embedded=embedded) for name in ("pg_dump", "pg_restore"))
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
    """Return the revision of the schema in a backup. Raises BackupFailed if the file is not a backup of donebase."""
    with output_of([pg_restore, "--data-only", "--table=alembic_version", "--file=-", str(file)]) as output:
        pattern = rb"^COPY .*alembic_version \(version_num\) FROM stdin;\n(\w+)\n"
        found = re.search(pattern, output.read(), re.MULTILINE)
    if found is None:
        raise BackupFailed("the backup contains no donebase tables")
    return found[1].decode()


def _dump(pg_dump: Path, settings: Settings, handle: int) -> None:
    wait = f"--lock-wait-timeout={int(settings.migration_wait * 1000)}"
    arguments = ["--format=custom", "--encoding=UTF8", "--no-owner", "--no-privileges", wait]
    run_program([pg_dump, *arguments], handle, settings.address(unpooled=True))
    os.fsync(handle)


def _refuse_existing(file: Path) -> None:
    if file.exists():
        raise WrongSetting(f"FILE must not exist yet, and {file} does")
