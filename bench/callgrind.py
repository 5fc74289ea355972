"""A server under valgrind's callgrind, and how many instructions it has executed since it was last asked."""

import os
import re
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from tests.support.processes import clean_environment

from bench import RunFailed
from bench.servers import Server

MISSING = "valgrind is not installed (Debian: apt install valgrind). Nothing was measured."
_ANSWER_TIMEOUT = 120.0
# The process looks for what it is told each so many blocks of code. It is not interrupted for it, which needs ptrace.
_VALGRIND = ("valgrind", "--tool=callgrind", "--instr-atstart=no", "--dump-line=no", "--vgdb-poll=500")


class Instructions(NamedTuple):
    """How many instructions a process has executed in user space, and in how many seconds."""

    executed: int
    seconds: float


class CountedServer:
    """One of the servers in `bench.servers` under callgrind, on all cores. Its start is not counted.

    Hashes of strings are the same in each process, so that sets and dictionaries are. Raises RunFailed.
    """

    def __init__(self, name: str, url: str) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="donebase-callgrind-")
        self._profile = Path(self._folder.name) / "profile"
        self._pipes = f"--vgdb-prefix={self._folder.name}/vgdb"
        command = (*_VALGRIND, self._pipes, f"--callgrind-out-file={self._profile}")
        self._server = Server(name, url, os.sched_getaffinity(0), command, PYTHONHASHSEED="0")
        self.port = self._server.port
        self._tell("instrumentation", "on")
        self._since = time.perf_counter()

    def count(self, profile: Path | None = None) -> Instructions:
        """Return what was executed since the last count; `profile` is where to keep it for callgrind_annotate."""
        self._tell("dump")
        now = time.perf_counter()
        [dump] = self._profile.parent.glob("profile.*")
        [executed] = re.findall(r"^totals: (\d+)", dump.read_text(), re.MULTILINE)
        counted = Instructions(int(executed), now - self._since)
        self._since = now
        if profile:
            shutil.copy(dump, profile)
        dump.unlink()
        return counted

    def _tell(self, *words: str) -> None:
        command = ["vgdb", self._pipes, "--max-invoke-ms=0", f"--pid={self._server.process}", *words]
        try:
            # The names of valgrind's pipes contain HOST, which is also a setting of donebase.
            told = subprocess.run(
                command, env=clean_environment(), capture_output=True, text=True, timeout=_ANSWER_TIMEOUT, check=False
            )
        except subprocess.TimeoutExpired:
            raise RunFailed(f"callgrind did not answer to {' '.join(words)}") from None
        if told.returncode:
            raise RunFailed(f"callgrind refused {' '.join(words)}: {told.stderr}")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _at: TracebackType | None
    ) -> None:
        self._server.stop()
        self._folder.cleanup()


def available() -> bool:
    """Tell whether valgrind is here."""
    return shutil.which("valgrind") is not None
