"""The servers that are measured: how each is started, on its core, and what it costs while it runs."""

import http.client
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.support.processes import clean_environment

from bench import RunFailed, node, processes, tokens

DONEBASE, FLOOR, TUTORIAL, FASTIFY = "donebase", "floor", "tutorial", "fastify"
USUAL = (DONEBASE, FLOOR, TUTORIAL, FASTIFY)
GUARDED = "guarded"
"""donebase with AUTH=required, which accepts the tokens of `bench.tokens`."""

_ROOT = Path(__file__).parent.parent
_START_TIMEOUT, _STOP_TIMEOUT = 120.0, 15.0


class Server:
    """One of the servers over one database, as a process on `cores`, with its log in a file.

    `under` is a command that runs the server's. Making one takes until it has answered for the first time; `ready_s`
    is how many seconds that took.
    """

    def __init__(self, name: str, url: str, cores: set[int], under: Sequence[str] = (), **environment: str) -> None:
        self.name = name
        self.port = _free_port()
        self._folder = tempfile.TemporaryDirectory(prefix=f"donebase-bench-{name}-")
        began = time.perf_counter()
        with (Path(self._folder.name) / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [*under, *_command(name, self.port)],
                cwd=self._folder.name,
                env=_environment(name, url, self.port) | environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        processes.pin(self._process.pid, cores)
        try:
            self._first_answer(began + _START_TIMEOUT)
        except BaseException:
            self.stop()
            raise
        self.ready_s = time.perf_counter() - began

    @property
    def process(self) -> int:
        """The number of its first process."""
        return self._process.pid

    def cpu_seconds(self) -> float:
        """Return the CPU time of all its processes so far, in seconds."""
        return processes.cpu_seconds(self.process)

    def memory_mb(self) -> float:
        """Return the resident memory of all its processes, in MB."""
        return processes.memory_mb(self.process)

    def stop(self) -> None:
        """End it, and wait until it has ended."""
        self._process.terminate()
        try:
            self._process.wait(_STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._folder.cleanup()

    def _end_of_log(self) -> str:
        return (Path(self._folder.name) / "log").read_text(errors="replace")[-2000:]

    def _first_answer(self, end: float) -> None:
        while True:
            if self._process.poll() is not None or time.perf_counter() > end:
                raise RunFailed(f"{self.name} did not start: {self._end_of_log()}")
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=_START_TIMEOUT)
            try:
                connection.request("GET", "/users/1/tasks")
                connection.getresponse().read()
                return
            except OSError:
                time.sleep(0.002)
            finally:
                connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, error: BaseException | None, _at: TracebackType | None
    ) -> None:
        try:
            if isinstance(error, RunFailed):
                raise RunFailed(f"{error}\nThe log of {self.name} ends with: {self._end_of_log()}") from error
        finally:
            self.stop()


def _command(name: str, port: int) -> list[str]:
    if name in (DONEBASE, GUARDED):  # as `make run` does
        return [str(Path(sys.executable).parent / "donebase"), "serve", "--port", str(port)]
    if name == FASTIFY:
        return ["node", str(node.FOLDER / "server.js")]
    options = ["--app-dir", str(_ROOT), "--port", str(port), "--no-access-log", "--log-level", "warning"]
    if name == FLOOR:  # as donebase has them
        options += ["--no-proxy-headers", "--no-server-header", "--ws", "none", "--timeout-keep-alive", "75"]
    return [sys.executable, "-m", "uvicorn", f"bench.{name}:app", *options]


def _environment(name: str, url: str, port: int) -> dict[str, str]:
    if name == FASTIFY:
        return node.environment(url, port)
    guarded = {"AUTH": "required", "AUTH_JWT_SECRET": tokens.ISSUERS_KEY} if name == GUARDED else {}
    return clean_environment(DATABASE_URL=url, **guarded)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port
