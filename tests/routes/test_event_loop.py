"""Nothing that a client sends holds the event loop: the CPU time of each of its callbacks, over all that is hostile.

CPU time of the loop's thread, not time on a clock, and beside what this machine needs for a piece of work: neither a
busy machine nor a slow one must matter. What is over the limit is sent again, and its least counts.
"""

import asyncio
import re
import secrets
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest

from donebase.app import create_service
from donebase.settings import Settings
from tests.support import giants
from tests.support.connections import connect
from tests.support.databases import fill
from tests.support.hostile import TABLES, Ids, lines, wire
from tests.support.in_process import serving
from tests.support.slow_readers import everything_from

LIMIT = 20.0  # milliseconds, where `work` takes no longer than REFERENCE
REFERENCE = 4.0
AGAIN = 5
IDS = Ids(7, 1, another=8)


class LoopProbe:
    """Keeps the longest callback of the event loop for each thing that is sent."""

    def __init__(self) -> None:
        self.longest: dict[str, float] = {}
        self.sent = "nothing"

    @contextmanager
    def over(self, patch: pytest.MonkeyPatch, test: int) -> Iterator[None]:
        """Measure the callbacks of every thread but the test's own."""
        run = asyncio.Handle._run

        def measured(handle: asyncio.Handle) -> None:
            sys.settrace(None)  # what measures coverage is no work of the service's
            began = time.thread_time()
            run(handle)
            if threading.get_ident() != test:
                took = time.thread_time() - began
                self.longest[self.sent] = max(took, self.longest.get(self.sent, 0))

        with patch.context() as patched:
            patched.setattr(asyncio.Handle, "_run", measured)
            yield

    def worst(self) -> list[tuple[float, str]]:
        """Return the longest ones, in milliseconds."""
        return sorted(((round(took * 1000, 1), name) for name, took in self.longest.items()), reverse=True)

    def holds(self, again: Callable[[set[str]], None]) -> None:
        """See that none is too long each time: `again` sends at least those that it is told the names of."""
        most = LIMIT * max(1.0, min(work() for _ in range(10)) / REFERENCE)
        for _ in range(AGAIN):
            if over := {name for took, name in self.worst() if took >= most}:
                before, self.longest = self.longest, {}
                again(over)
                self.longest = {name: min(took, self.longest.get(name, took)) for name, took in before.items()}
        worst = self.worst()[:10]
        print(most, *worst, sep="\n")  # noqa: T201 - `pytest -rP` shows it
        assert worst[0][0] < most, worst


def work() -> float:
    """Return the milliseconds of CPU time that some work takes, the same on every machine."""
    tracing = sys.gettrace()
    sys.settrace(None)
    began = time.thread_time()
    for number in range(50_000):
        str(number)
    took = time.thread_time() - began
    sys.settrace(tracing)
    return took * 1000


def everything() -> Iterator[tuple[str, bytes]]:
    """Yield the corpus, each line by the first operation that it is sent to, and the giants."""
    for line in lines(*TABLES):
        yield str(line), next(line.requests(lambda: IDS)).written()
    for line in lines("bytes"):
        yield str(line), wire(re.sub(r"<<(pause|answer|close|leave)>>", "", IDS.filled_in(line.cells["send"])))
    create, complete = ("POST", "/users/7/tasks"), ("PATCH", "/api/7/tasks/1/complete")
    for (method, path), bodies in ((create, giants.bodies), (complete, giants.bodies), (create, giants.arrays)):
        for name, body in bodies():
            head = f"{method} {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            yield f"{method} {name}", f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body
    yield from giants.heads()
    yield from giants.streams()


def exchange(address: str, data: bytes) -> bytes:
    """Send everything on a connection of its own, and return everything that comes back."""
    with connect(address) as connection:
        with suppress(BrokenPipeError, ConnectionResetError):  # what is refused need not be read to its end
            connection.sendall(data)
        with suppress(OSError):
            connection.shutdown(socket.SHUT_WR)
        return everything_from(connection)


@pytest.mark.long
def test_nothing_that_is_sent_holds_the_event_loop(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    probe = LoopProbe()
    service = create_service(Settings.read(database_url=database_url, database_timeout=100.0))
    with serving(service) as address:
        for path in ("/livez", "/users/7/tasks"):  # what happens once has happened then
            assert exchange(address, f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode()).startswith(b"HTTP/1.1 200")

        def send(names: set[str]) -> None:
            for probe.sent, data in everything():
                if not names or probe.sent in names:
                    exchange(address, data)

        with probe.over(monkeypatch, threading.get_ident()):
            send(set())
            assert len(probe.longest) > 1_000
            probe.holds(send)


def long_to_answer(user: int) -> Iterator[tuple[str, bytes]]:
    """Yield requests of a user with a thousand long tasks, each with a name."""
    base = f"/users/{user}"
    asked = [f"GET {base}/{each}" for each in ("tasks", "changes?since=0", "changes?since=1", "history?limit=1000")]
    asked += [f"POST {base}/history/{number}/undo" for number in (1, 2, 2)]  # the last one is a repetition
    asked += [f"POST {base}/tasks"] * 2
    new = b"[%b]" % b",".join([b'{"title":"x","description":"%b"}' % (b"x" * 1_000)] * 1_000)
    for number, line in enumerate(asked):
        body = new if line.endswith("/tasks") and line.startswith("POST") else b""
        head = f"{line} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        key = f"Idempotency-Key: {line[-6:]}\r\n" if line.startswith("POST") else ""
        yield f"{number} {line.replace(base, '')}", f"{head}{key}\r\n".encode() + body


@pytest.mark.long
def test_nothing_that_is_long_to_answer_holds_the_event_loop(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    probe = LoopProbe()
    service = create_service(Settings.read(database_url=database_url, database_timeout=100.0))
    with serving(service) as address:

        def send(_names: set[str]) -> None:
            user = secrets.randbelow(2**62) + 1
            fill(database_url, user, 1000, description="é" * 5000)
            for probe.sent, data in long_to_answer(user):
                response = exchange(address, data)
                assert response.startswith(b"HTTP/1.1 20"), response[:500]

        with probe.over(monkeypatch, threading.get_ident()):
            send(set())
            probe.holds(send)
