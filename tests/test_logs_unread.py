"""A log that nobody reads: the service goes on, ends when it is told to, and says what is missing."""

import json
import os
import pty
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from donebase.telemetry.log_writer import BUFFER_BYTES, LogWriter
from tests.support.families import USERS
from tests.support.forked import ForkedCommand
from tests.support.metrics import metrics, total
from tests.support.processes import DONEBASE, clean_environment
from tests.support.servers import free_port
from tests.support.waiting import DEADLINE, wait_for

LONG_ID = "x" * 128
ENOUGH = (BUFFER_BYTES + 65536) // 250  # lines, of so many bytes at least, for what a worker keeps and for the pipe
DROPPED = "donebase_log_lines_dropped_total"


class Unread:
    """A service whose standard output is a pipe, or a terminal, that is read only when a test says so."""

    def __init__(self, folder: Path, ends: Callable[[], tuple[int, int]], **environment: str) -> None:
        self.lines: list[dict[str, Any]] = []
        self._reads, writes = ends()
        everything = clean_environment(PORT="0", **environment)
        self.process: subprocess.Popen[bytes] | ForkedCommand
        if os.isatty(writes):  # what is forked knows already that its standard output is none
            command = [*DONEBASE, "serve"]
            self.process = subprocess.Popen(command, cwd=folder, env=everything, stdout=writes, stderr=writes)
        else:
            self.process = ForkedCommand(["serve"], folder, everything, writes)
        os.close(writes)
        started = b""
        while not (match := re.search(rb'"address":"http://127\.0\.0\.1:(\d+)".*\n', started)):
            part = os.read(self._reads, 65536)
            assert part, started
            started += part
        self.port = int(match[1])

    def ask(self, number: int) -> None:
        """Send so many requests over one connection and see that each is answered."""
        request = f"GET /livez HTTP/1.1\r\nHost: x\r\nX-Request-ID: {LONG_ID}\r\n\r\n".encode()
        with socket.create_connection(("127.0.0.1", self.port), timeout=DEADLINE) as connection:
            for at in range(0, number, 10):
                now = min(10, number - at)
                connection.sendall(request * now)
                answered = b""
                while answered.count(b'{"status":"ok"}') < now:
                    part = connection.recv(65536)
                    assert part, answered
                    answered += part

    def get(self, path: str) -> httpx.Response:
        """Send a request over a connection of its own."""
        return httpx.get(f"http://127.0.0.1:{self.port}{path}", timeout=DEADLINE)

    def read(self) -> None:
        """Begin to read the log."""
        threading.Thread(target=self._read, daemon=True).start()

    def stop_reading(self) -> None:
        """Take away the reader."""
        os.close(self._reads)

    def _read(self) -> None:
        with os.fdopen(os.dup(self._reads)) as log:
            for line in log:
                self.lines.append(json.loads(line))


@contextmanager
def unread(folder: Path, ends: Callable[[], tuple[int, int]] = os.pipe, /, **environment: str) -> Iterator[Unread]:
    service = Unread(folder, ends, **environment)
    try:
        yield service
    finally:
        service.process.kill()
        service.process.wait(DEADLINE)


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_log_that_nobody_reads_stops_nothing(folder: Path, database_url: str, workers: str, alice: int) -> None:
    connections = 8  # so that each worker gets some
    each = int(workers) * ENOUGH * 3 // 2 // connections  # chance need not share them out evenly
    with unread(folder, DATABASE_URL=database_url, WORKERS=workers) as service:
        for _ in range(connections):
            service.ask(each)
        sent = connections * each
        assert service.get("/livez").status_code == 200
        with httpx.Client(base_url=f"http://127.0.0.1:{service.port}", timeout=DEADLINE) as client:
            USERS.created(client, alice)
            assert len(USERS.listed(client, alice)) == 1
        sent += 3

        def metric() -> float:
            nonlocal sent
            sent += 1
            return total(metrics(service.get("/metrics")), DROPPED)

        wait_for(lambda: metric() > 0)  # another worker's is up to a second old

        service.read()

        def told() -> int:
            dropped: int = sum(line["lines"] for line in service.lines if line["event"] == "log.dropped")
            return dropped + [line["event"] for line in service.lines].count("request")

        wait_for(lambda: told() >= sent)
        assert told() == sent
        assert service.get("/livez").status_code == 200
        wait_for(lambda: told() == sent + 1)
        service.process.terminate()
        assert service.process.wait(DEADLINE) == 0


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_stop_does_not_wait_for_who_does_not_read(folder: Path, database_url: str, workers: str) -> None:
    with unread(folder, DATABASE_URL=database_url, WORKERS=workers) as service:
        service.ask(1000)  # four times what the pipe takes
        service.process.send_signal(signal.SIGTERM)
        assert service.process.wait(DEADLINE) == 0


def test_a_terminal_that_nobody_reads_stops_nothing(folder: Path, database_url: str) -> None:
    """One whose output is paused, or whose connection hangs. It can be writable and take less than a line."""
    with unread(folder, pty.openpty, DATABASE_URL=database_url, LOG_FORMAT="json") as service:
        for _ in range(20):
            service.ask(100)
        assert service.get("/livez").status_code == 200
        service.process.terminate()
        assert service.process.wait(DEADLINE) == 0


@pytest.mark.long
def test_a_reader_that_has_gone_stops_nothing(folder: Path, database_url: str) -> None:
    with unread(folder, DATABASE_URL=database_url) as service:
        service.stop_reading()
        service.ask(10)
        wait_for(lambda: service.get("/health").status_code == 200)
        service.process.terminate()
        assert service.process.wait(DEADLINE) == 0


@pytest.mark.parametrize("closed", ["<&- >&-", "<&- 2>&-"])
def test_it_serves_with_its_standard_streams_closed(folder: Path, database_url: str, closed: str, alice: int) -> None:
    """The number of a stream that is closed must not become a connection's, which would be sent the log."""
    port = str(free_port())
    process = subprocess.Popen(
        ["/bin/sh", "-c", f'exec "$@" serve {closed}', "sh", *DONEBASE],
        cwd=folder,
        env=clean_environment(PORT=port, DATABASE_URL=database_url),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=DEADLINE) as client:
            wait_for(lambda: process.poll() is not None or _listens(port))
            assert process.poll() is None, process.communicate()
            for number in range(3):
                USERS.created(client, alice, title=f"task {number}")
            assert len(USERS.listed(client, alice)) == 3
        process.terminate()
        log, errors = process.communicate(timeout=DEADLINE)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 0
    assert errors == ""
    assert [json.loads(line)["event"] for line in log.splitlines()].count("request") == (4 if "2>" in closed else 0)


def test_a_wrong_setting_with_its_standard_streams_closed_ends_with_2(folder: Path) -> None:
    command = ["/bin/sh", "-c", 'exec "$@" serve --port x >&- 2>&-', "sh", *DONEBASE]
    assert subprocess.run(command, cwd=folder, env=clean_environment(), check=False, timeout=DEADLINE).returncode == 2


def test_what_a_full_disk_does_not_take_is_kept_for_later() -> None:
    with Path("/dev/full").open("wb") as full:
        writer = LogWriter(full.fileno(), lambda number: b"%d lost\n" % number)
        assert not writer.write([b"one\n", b"two\n"])
        reads, writes = os.pipe()
        os.dup2(writes, full.fileno())  # room again
        assert writer.write([b"three\n"])
        assert os.read(reads, 100) == b"one\ntwo\nthree\n"
        os.close(reads)
        os.close(writes)


WRITE_LONG_AND_SHORT_LINES = """
import sys
from donebase.telemetry.log_writer import LogWriter
writer = LogWriter(1, lambda number: b"%d dropped\\n" % number)
letter = sys.argv[1].encode()
for _ in range(40):
    writer.write([letter * 20_000 + b"\\n", letter + b"\\n"])
writer.flush(60)
"""


def test_lines_that_are_longer_than_a_pipe_takes_at_once_are_not_mixed(folder: Path) -> None:
    reads, writes = os.pipe()
    command = [sys.executable, "-c", WRITE_LONG_AND_SHORT_LINES]
    processes = [subprocess.Popen([*command, letter], cwd=folder, stdout=writes) for letter in "abc"]
    os.close(writes)
    with os.fdopen(reads) as log:
        lines = log.read().splitlines()
    assert [process.wait(DEADLINE) for process in processes] == [0, 0, 0]
    assert sorted(lines) == sorted(["a", "b", "c"] * 40 + [letter * 20_000 for letter in "abc"] * 40)


def _listens(port: str) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", int(port))) == 0
