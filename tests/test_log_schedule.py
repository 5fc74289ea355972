"""When lines are written: which wait for others, for how long, and that their order is kept."""

import asyncio
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from donebase.telemetry import log_schedule
from donebase.telemetry.log_schedule import LogSchedule
from donebase.telemetry.log_writer import MAX_WRITE, LogWriter
from tests.support.waiting import until

LINE = b"x" * 99 + b"\n"


@dataclass
class Log:
    """A schedule that writes into a pipe, and what the pipe has taken."""

    schedule: LogSchedule
    read: Callable[[], bytes]


@pytest.fixture
def log() -> Iterator[Log]:
    reads, writes = os.pipe()
    os.set_blocking(reads, False)

    def read() -> bytes:
        try:
            return os.read(reads, 2**20)
        except BlockingIOError:  # it is empty
            return b""

    yield Log(LogSchedule(LogWriter(writes, lambda number: b"%d lost\n" % number)), read)
    os.close(reads)
    os.close(writes)


@pytest.fixture
def _no_timer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_schedule, "HOLD_SECONDS", 3600)


async def turns() -> None:
    """Let the event loop run all that is ready."""
    for _ in range(5):
        await asyncio.sleep(0)


@pytest.mark.usefixtures("_no_timer")
def test_lines_are_held_until_one_comes_that_must_not_wait(log: Log) -> None:
    async def use() -> None:
        log.schedule.together(b"one\n")
        await turns()
        log.schedule.together(b"two\n")
        await turns()
        assert log.read() == b""
        log.schedule.soon(b"error\n")
        log.schedule.together(b"three\n")
        await turns()
        assert log.read() == b"one\ntwo\nerror\nthree\n"

    asyncio.run(use())


@pytest.mark.usefixtures("_no_timer")
def test_no_more_lines_are_held_than_a_pipe_takes_at_once(log: Log) -> None:
    fit = MAX_WRITE // len(LINE)

    async def use() -> None:
        for _ in range(fit):
            log.schedule.together(LINE)
        assert log.read() == b""
        log.schedule.together(b"next\n" + LINE)
        assert log.read() == LINE * fit
        log.schedule.flush(0)
        assert log.read() == b"next\n" + LINE

    asyncio.run(use())


def test_held_lines_are_written_in_time_again_and_again(log: Log) -> None:
    async def use() -> None:
        async def written() -> int:
            return len(log.read())

        for line in (b"one\n", b"second\n"):
            log.schedule.together(line)
            await until(written, len(line))

    asyncio.run(use())


@pytest.mark.usefixtures("_no_timer")
def test_an_event_loop_that_has_ended_holds_nothing_back(log: Log) -> None:
    async def use(line: bytes) -> None:
        log.schedule.together(line)

    asyncio.run(use(b"one\n"))
    log.schedule.together(b"two\n")
    assert log.read() == b"one\ntwo\n"
    asyncio.run(use(b"three\n"))
    log.schedule.flush(0)
    assert log.read() == b"three\n"
