"""The service as a real process: started, found by what it prints, stopped, killed."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psutil

from tests.support.forked import ForkedCommand
from tests.support.waiting import DEADLINE

DONEBASE = (sys.executable, "-W", "error", "-m", "donebase")  # the command, whose warnings are errors


class Service:
    """One `donebase serve`, on any free port unless PORT is given, with no other setting than a test has given.

    `open_files` is the most that it may have open at a time. It is forked from a process that has imported what it
    needs, where that is the same but for the time: a start takes a fifth of it.
    """

    _may_be_forked = True

    def __init__(self, folder: Path, open_files: int | None = None, /, **environment: str) -> None:
        self.folder = folder
        self.lines: list[dict[str, Any]] = []
        self.address = ""
        self._arrived = threading.Condition()
        limit = ["sh", "-c", f'ulimit -n {open_files} && exec "$@"', "sh"] if open_files else []
        everything = clean_environment(**{"PORT": "0"} | environment)
        self.process: subprocess.Popen[str] | ForkedCommand
        if limit or not self._may_be_forked or not _can_be_forked(environment):
            self.process = subprocess.Popen(
                [*limit, *DONEBASE, "serve"],
                cwd=folder,
                env=everything,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        else:
            self.process = ForkedCommand(["serve"], folder, everything)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def ready(self) -> Self:
        """Wait for the line that says where it listens."""
        self.address = self.wait_for("listening")["address"]
        return self

    def wait_for(self, event: str, **fields: Any) -> dict[str, Any]:
        """Return the first line of the log with this event and these fields, as soon as it is there."""
        end = time.monotonic() + DEADLINE
        with self._arrived:
            while True:
                for line in self.lines:
                    if line["event"] == event and all(line.get(name) == value for name, value in fields.items()):
                        return line
                left = end - time.monotonic()
                if left <= 0 or not self._reader.is_alive():
                    raise AssertionError(f"no {event!r} {fields} in the log: {self.lines[-20:]}; {self._last_words()}")
                self._arrived.wait(min(left, 0.2))

    def workers(self) -> list[psutil.Process]:
        """Return the worker processes, where it has several."""
        found = []
        supervisor = psutil.Process(self.process.pid)
        for child in supervisor.children():
            with suppress(psutil.NoSuchProcess):  # it has ended meanwhile
                if child.cmdline() == supervisor.cmdline() or "spawn_main" in str(child.cmdline()):
                    found.append(child)
        return found

    def descriptors(self) -> int:
        """Return how many files and connections it has open."""
        number: int = psutil.Process(self.process.pid).num_fds()
        return number

    def stop(self) -> int:
        """Ask it to end, as an operator's system does, and return its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self._ended()

    def kill(self) -> int:
        """End it without a chance to tidy up."""
        self.process.kill()
        return self._ended()

    def _ended(self) -> int:
        status = self.process.wait(timeout=DEADLINE)
        self._reader.join(timeout=DEADLINE)
        assert self.process.stdout
        assert self.process.stderr
        self.process.stdout.close()
        self.process.stderr.close()
        return status

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            with self._arrived:
                self.lines.append(json.loads(line))
                self._arrived.notify_all()

    def _last_words(self) -> str:
        if self.process.poll() is None:
            return "still running"
        assert self.process.stderr
        return f"exit status {self.process.returncode}: {self.process.stderr.read()}"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _at: TracebackType | None
    ) -> None:
        if self.process.stdout and not self.process.stdout.closed:
            self.stop()


class ExecutedService(Service):
    """The same as its users start it: a program from its first line on."""

    _may_be_forked = False


def _can_be_forked(environment: dict[str, str]) -> bool:
    """Tell whether nothing in an environment is read before `serve` begins."""
    early = [name for name in environment if name.startswith("PYTHON")]
    return not early and "COVERAGE_PROCESS_CONFIG" not in os.environ


def clean_environment(**environment: str) -> dict[str, str]:
    """Return this environment without donebase's settings, and with those that are given."""
    from donebase.settings import Settings

    ours = {name.upper() for name in Settings.model_fields}
    return {name: value for name, value in os.environ.items() if name not in ours} | environment


def run_donebase(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command of donebase to its end. It is forked where a service would be."""
    everything = clean_environment(**environment)
    command = [*DONEBASE, *arguments]
    if not _can_be_forked(environment):
        return subprocess.run(
            command, cwd=folder, env=everything, capture_output=True, text=True, timeout=DEADLINE, check=False
        )
    process = ForkedCommand(arguments, folder, everything)
    assert process.stdout
    assert process.stderr
    with process.stdout, process.stderr, ThreadPoolExecutor() as both:
        output, errors = (both.submit(stream.read) for stream in (process.stdout, process.stderr))
        try:
            status = process.wait(DEADLINE)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
        return subprocess.CompletedProcess(command, status, output.result(), errors.result())
