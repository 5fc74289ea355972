"""A server of the operating system's packages, in a folder and on a port of its own.

Most refuse to run as root; where the tests run as root, they run as `nobody`, who is a user of every machine.
"""

import os
import pwd
import re
import secrets
import socket
import subprocess
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote

from tests.support.waiting import DEADLINE, wait_for


class Server(ABC):
    """A server on 127.0.0.1 that can end and come back on the same port and folder."""

    def __init__(self, folder: Path, password: str) -> None:
        self.folder = folder
        self.port = free_port()
        self.password = password
        self._process: subprocess.Popen[bytes] | None = None

    @property
    @abstractmethod
    def _command(self) -> list[str | Path]: ...

    @abstractmethod
    def _answers(self) -> bool: ...

    def url(self, database: str = "postgres") -> str:
        """Return the URL of a database, whether it is there or not."""
        return f"postgresql://postgres:{quote(self.password, safe='')}@127.0.0.1:{self.port}/{database}"

    def start(self) -> Self:
        """Start it and wait until it takes connections."""
        assert self._process is None, "it runs already"
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                self._command, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log, **not_root()
            )
        try:
            wait_for(self._answers_or_ends, lambda: f"{self._command} did not start: {self.last_words()}", every=0.05)
            assert self._process.poll() is None, f"{self._command} ended: {self.last_words()}"
        except BaseException:
            self.kill()
            raise
        return self

    def _answers_or_ends(self) -> bool:
        return self._answers() or self._process is None or self._process.poll() is not None

    def kill(self) -> None:
        """End it without a chance to tidy up, where it has not ended yet."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(DEADLINE)
            self._process = None

    def last_words(self) -> str:
        """Return the end of what it wrote."""
        return (self.folder / "log").read_text(errors="replace")[-4000:]


@contextmanager
def a_folder() -> Iterator[Path]:
    """Make a folder where the servers may write; pytest's own are closed to every user but one."""
    with tempfile.TemporaryDirectory(prefix="donebase-server-", ignore_cleanup_errors=True) as name:
        give(Path(name))
        yield Path(name)


def give(path: Path) -> None:
    """Leave a file or a folder to the user that the servers run as, and to nobody else."""
    path.chmod(0o700 if path.is_dir() else 0o600)
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        os.chown(path, nobody.pw_uid, nobody.pw_gid)


def run(*command: str | Path) -> str:
    """Run a program to its end as the user that the servers run as, and return what it wrote."""
    ended = subprocess.run(
        command,
        cwd=tempfile.gettempdir(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=DEADLINE,
        check=False,
        **not_root(),
    )
    output: str = ended.stdout
    assert ended.returncode == 0, output
    return output


def version(path: Path) -> tuple[int, ...]:
    """Return the version that a program says it is: (15, 18)."""
    output = re.search(r"\d+(\.\d+)+", run(path, "--version"))
    assert output, f"{path} does not say its version"
    return tuple(int(number) for number in output[0].split("."))


def free_port() -> int:
    """Return a port that is free, and that nobody else is given in this run, also while its server is down."""
    for _ in range(1000):
        port = 15_000 + secrets.randbelow(17_000)  # Linux gives out those from 32,768 to connections on their way out
        try:
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", port))
            Path(os.environ["TEST_FOLDER"], f"port-{port}").touch(exist_ok=False)
        except OSError:
            continue
        return port
    raise AssertionError("no port is free")


def not_root() -> dict[str, Any]:
    """Return how a process is started so that it is not root's."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
