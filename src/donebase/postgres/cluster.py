"""Starts, finds and stops the server of one PostgreSQL cluster: a data folder of donebase's own."""

import fcntl
import os
import re
import signal
import subprocess
import tempfile
import threading
import time
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import IO
from urllib.parse import urlencode

from donebase.postgres.initdb import initialise
from donebase.postgres.programs import ClusterFailed, Programs, last_error
from donebase.signals import signals_deferred

_PORT = 5432  # part of the socket's name; nothing listens on TCP
# The address of a Unix socket has 104 bytes on macOS and 108 on Linux, the last of them zero.
_LONGEST_FOLDER = 103 - len(f"/.s.PGSQL.{_PORT}")
_POLL = 0.02
_LOCK_WAIT = 60.0
_STOP_WAIT = 60.0


class Cluster:
    """The cluster in `folder`/postgresql. Several processes may start it at the same time: one of them starts a server.

    A server holds a lock on `folder`/server.lock as long as any of its processes lives, because all of them inherit
    the open file. A process that gets the lock therefore knows that no server uses the data, not even in a container.

    One thread uses it at a time; only `url` and `stopping.set` may be used while another does (decision 0002).
    """

    def __init__(self, folder: Path, programs: Programs) -> None:
        self.data = folder / "postgresql"
        self.stopping = threading.Event()  # ends the wait of a start
        self._folder = folder
        self._programs = programs
        self._sockets: Path | None = None
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The URL of the started server. It stays the same when the server is started again."""
        return f"postgresql://postgres@/postgres?{urlencode({'host': self._sockets, 'port': _PORT}, safe='/')}"

    def start(self) -> bool:
        """Find the running server or start one, creating the cluster if needed. Return True if this process started it.

        Waits until the server is ready, also through a recovery from a crash. Raises ClusterFailed and OSError.
        """
        with open_private(self._folder / "server.lock") as lock:
            if not self._acquire_or_find(lock):
                return False
            self._programs.grant_access(self._folder)
            if not (self.data / "PG_VERSION").exists():
                initialise(self.data, self._programs)
            self._start(lock)
            return True

    def running(self) -> int | None:
        """Return the process id of the server, or None if none runs.

        Another process may have got the pid in postmaster.pid since: only a PostgreSQL whose working directory is this
        folder is the server.
        """
        if self._child and self._child.poll() is None:
            return self._child.pid
        try:
            pid = int(self._lock_file()[0])
        except (ValueError, IndexError):
            return None
        import psutil  # only for the server of another process, which may have been killed

        try:
            process = psutil.Process(pid)
            ours = process.name() == "postgres" and self.data.samefile(process.cwd())
        except (OSError, ValueError, psutil.Error):
            return None
        return process.pid if ours else None

    def stop(self) -> None:
        """Shut the server down: open transactions are rolled back. Raises ClusterFailed if it does not stop in time."""
        for how in (signal.SIGINT, signal.SIGQUIT):  # fast, then immediate shutdown
            server = self.running()
            if server is None or self._stopped_by(how, server):
                break
        else:
            raise ClusterFailed(f"PostgreSQL (process {server}) does not stop")
        if self._sockets and self._sockets != self.data:
            with suppress(OSError):
                self._sockets.rmdir()  # nothing but that: who runs PostgreSQL can write any path into postmaster.pid

    def _acquire_or_find(self, lock: IO[bytes]) -> bool:
        """Return True if this process got the lock, or False when the server that holds it is ready."""
        end = time.monotonic() + _LOCK_WAIT
        while time.monotonic() < end:
            locked = _locked(lock)
            if sockets := self._ready():
                self._sockets = sockets
                return False
            if self.running():
                end = time.monotonic() + _LOCK_WAIT  # it recovers from a crash, however long that takes
            elif locked:
                return True
            self._pause()
        raise ClusterFailed("another PostgreSQL is using it, perhaps in another container")

    def _start(self, lock: IO[bytes]) -> None:
        sockets = self._sockets = self._sockets or self._new_sockets()
        # With the lock, no server uses this folder; PostgreSQL would refuse to start because of the pid in these files.
        for stale in (self.data / "postmaster.pid", sockets / f".s.PGSQL.{_PORT}.lock"):
            stale.unlink(missing_ok=True)
        options = {"listen_addresses": "", "unix_socket_directories": str(sockets), "port": str(_PORT)}
        arguments = [f"--{name}={value}" for name, value in options.items()]
        with open_private(self._folder / "postgresql.log") as log:
            began = log.seek(0, os.SEEK_END)
            with signals_deferred():
                self._child = self._programs.start(
                    "postgres", "-D", str(self.data), *arguments, output=log, inherits=lock
                )
            while not self._ready():
                if self._child.poll() is not None:
                    raise ClusterFailed(
                        last_error(log, began) or f"PostgreSQL ended with status {self._child.returncode}"
                    )
                self._pause()

    def _ready(self) -> Path | None:
        """Return the folder of the server's socket if it accepts connections."""
        lines = self._lock_file()
        is_ready = len(lines) > 7 and lines[0] == str(self.running()) and lines[7].strip() == "ready"
        return Path(lines[4]) if is_ready else None

    def _lock_file(self) -> list[str]:
        """Return the lines of postmaster.pid: process, data, start, port, sockets, host, shared memory, state."""
        try:
            return (self.data / "postmaster.pid").read_text(errors="surrogateescape").split("\n")
        except OSError:
            return []

    def _new_sockets(self) -> Path:
        """Return a folder for the socket: the data's, unless its path is too long or not plain enough for libpq."""
        if _plain(self.data):
            return self.data
        sockets = Path(tempfile.mkdtemp(prefix="donebase-"))
        if not _plain(sockets):
            raise ClusterFailed("its path and TMPDIR's are too long for a Unix socket, or contain special characters")
        self._programs.give_ownership(sockets)
        return sockets

    def _stopped_by(self, how: signal.Signals, server: int) -> bool:
        with suppress(ProcessLookupError):
            os.kill(server, how)
        end = time.monotonic() + _STOP_WAIT
        while self.running() and time.monotonic() < end:
            time.sleep(_POLL)
        return self.running() is None

    def _pause(self) -> None:
        if self.stopping.wait(_POLL):
            raise ClusterFailed("donebase is shutting down")


def open_private(path: Path) -> IO[bytes]:
    """Open a file to append to it and to read it. Where it is made, other users can neither read nor lock it."""
    return open(path, "ab+", opener=partial(os.open, mode=0o600))


def _locked(lock: IO[bytes]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _plain(folder: Path) -> bool:
    return len(str(folder)) <= _LONGEST_FOLDER and bool(re.fullmatch(r"[\w/.+-]+", str(folder), re.ASCII))
