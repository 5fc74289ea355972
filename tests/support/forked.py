"""A command of donebase in a process that was forked from one with all its imports (`tests/support/launcher.py`)."""

import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TextIO

from tests.support.launcher import REPORT
from tests.support.made_once import made_once

ROOT = Path(__file__).parents[2]


class ForkedCommand:
    """A process that does what `donebase` does, with what the tests use of `subprocess.Popen`.

    What it writes is read from `stdout` and `stderr`, or goes to the descriptor `output`.
    """

    def __init__(
        self, arguments: Sequence[str], folder: Path, environment: Mapping[str, str], output: int | None = None
    ) -> None:
        given = [] if output is None else [output, output]
        pipes = [os.pipe() for _ in range(3 - len(given))]
        message = json.dumps({"arguments": arguments, "folder": str(folder), "environment": environment}).encode()
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as launcher:
            launcher.connect(_launcher())
            socket.send_fds(launcher, [message], [*given, *(writes for _, writes in pipes)])
        for _, writes in pipes:
            os.close(writes)
        *read, self._report = [reads for reads, _ in pipes]
        self.stdout: TextIO | None
        self.stderr: TextIO | None
        self.stdout, self.stderr = map(os.fdopen, read) if read else (None, None)
        self._lock = threading.Lock()
        self.returncode: int | None = None
        self.pid = self._reported()

    def poll(self) -> int | None:
        """Return its exit status, or the signal that ended it as a negative number, or None while it runs."""
        with self._lock:
            if self.returncode is None and self._is_reported(0):
                self.returncode = self._reported()
                os.close(self._report)
        return self.returncode

    def wait(self, timeout: float) -> int:
        """Return that within so many seconds. Raises TimeoutExpired."""
        if self.returncode is None and self._is_reported(timeout):
            self.poll()
        if self.returncode is None:
            raise subprocess.TimeoutExpired("donebase", timeout)
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send a signal, unless it has ended."""
        if self.poll() is None:
            with suppress(ProcessLookupError):  # it has ended meanwhile
                os.kill(self.pid, number)

    def terminate(self) -> None:
        """Send SIGTERM."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """Send SIGKILL."""
        self.send_signal(signal.SIGKILL)

    def _is_reported(self, timeout: float) -> bool:
        report = select.poll()
        report.register(self._report, select.POLLIN)
        return bool(report.poll(timeout * 1_000))

    def _reported(self) -> int:
        number: int
        (number,) = REPORT.unpack(os.read(self._report, REPORT.size))
        return number


@cache
def _launcher() -> str:
    """Return the address of the launcher of this run."""
    return str(made_once("launcher", _start_launcher) / "socket")


def _start_launcher(folder: Path) -> None:
    command = [sys.executable, "-W", "error", "-m", "tests.support.launcher", str(folder / "socket")]
    subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, check=True)
