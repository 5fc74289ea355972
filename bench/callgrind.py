"""A server under valgrind's callgrind, and how many instructions it has executed since it was last asked."""

import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

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
    """A server that runs under callgrind, and is counted from now on.

    `profile` is the start of the names of what callgrind writes, `pipes` is its option for where its pipes are.
    """

    def __init__(self, server: Server, profile: Path, pipes: str) -> None:
        self.port = server.port
        self._process = server.process
        self._profile = profile
        self._pipes = pipes
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
        command = ["vgdb", self._pipes, "--max-invoke-ms=0", f"--pid={self._process}", *words]
        try:
            # The names of valgrind's pipes contain HOST, which is also a setting of donebase.
            told = subprocess.run(
                command, env=clean_environment(), capture_output=True, text=True, timeout=_ANSWER_TIMEOUT, check=False
            )
        except subprocess.TimeoutExpired:
            raise RunFailed(f"callgrind did not answer to {' '.join(words)}") from None
        if told.returncode:
            raise RunFailed(f"callgrind refused {' '.join(words)}: {told.stderr}")


@contextmanager
def counted_server(name: str, url: str) -> Iterator[CountedServer]:
    """Start one of the servers in `bench.servers` under callgrind, on all cores. Its start is not counted.

    Hashes of strings are the same in each process, so that sets and dictionaries are. Raises RunFailed.
    """
    with tempfile.TemporaryDirectory(prefix="donebase-callgrind-") as folder:
        profile, pipes = Path(folder) / "profile", f"--vgdb-prefix={folder}/vgdb"
        command = (*_VALGRIND, pipes, f"--callgrind-out-file={profile}")
        with Server(name, url, os.sched_getaffinity(0), command, PYTHONHASHSEED="0") as server:
            yield CountedServer(server, profile, pipes)


def available() -> bool:
    """Tell whether valgrind is here."""
    return shutil.which("valgrind") is not None
