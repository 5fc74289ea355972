"""Deadlines: what they end, what they leave alone, and who is told."""

import asyncio
import socket
import time
from collections.abc import Callable

import pytest
import uvloop

from donebase.deadlines import Deadlines
from tests.support.waiting import until

SHORT, LONG = 0.01, 600.0

runs = pytest.mark.parametrize("run", [asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])


@runs
def test_the_inner_deadline_is_the_one_that_is_reported(run: Callable[..., None]) -> None:
    """Both are due at the same check, and the inner one knows better what took too long."""

    async def wait() -> None:
        deadlines = Deadlines()
        with deadlines.limit(SHORT), pytest.raises(TimeoutError), deadlines.limit(SHORT):
            await asyncio.sleep(LONG)
        assert not deadlines.active
        with pytest.raises(TimeoutError), deadlines.limit(SHORT), deadlines.limit(LONG):
            await asyncio.sleep(LONG)
        assert not deadlines.active

    run(wait())


@runs
def test_one_deadline_for_all_ends_present_and_future_waits(run: Callable[..., None]) -> None:
    async def wait(deadlines: Deadlines) -> None:
        with deadlines.limit(LONG):
            await asyncio.sleep(LONG)

    async def use() -> None:
        deadlines = Deadlines()
        present = asyncio.create_task(wait(deadlines))
        await asyncio.sleep(0)
        deadlines.end_within(SHORT)
        ended = await asyncio.gather(present, wait(deadlines), return_exceptions=True)
        assert [type(each) for each in ended] == [TimeoutError, TimeoutError]

    run(use())


@runs
def test_what_came_while_the_process_stood_still_is_in_time(run: Callable[..., None]) -> None:
    async def read(deadlines: Deadlines, end: socket.socket) -> bytes:
        with deadlines.limit(SHORT):
            return await asyncio.get_running_loop().sock_recv(end, 1)

    async def use() -> None:
        deadlines = Deadlines()
        ours, theirs = socket.socketpair()
        with ours, theirs:
            ours.setblocking(False)
            reading = asyncio.create_task(read(deadlines, ours))
            await asyncio.sleep(0)
            theirs.send(b"x")
            time.sleep(1)  # noqa: ASYNC251 - nothing of this process goes on
            assert await reading == b"x"
            late = asyncio.create_task(read(deadlines, ours))
            await asyncio.sleep(0)
            time.sleep(1)  # noqa: ASYNC251
            with pytest.raises(TimeoutError):
                await late

    run(use())


@pytest.mark.parametrize("expires", [False, True])
def test_a_cancellation_from_elsewhere_is_not_taken_for_a_timeout(expires: bool) -> None:
    async def wait(deadlines: Deadlines) -> None:
        with deadlines.limit(LONG):
            await asyncio.sleep(LONG)

    async def use() -> None:
        deadlines = Deadlines()
        waiting = asyncio.create_task(wait(deadlines))
        await asyncio.sleep(0)
        if expires:
            next(iter(deadlines.active)).expire()
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert waiting.cancelled()
        assert not deadlines.active

    asyncio.run(use())


def test_nothing_is_checked_while_nobody_waits() -> None:
    async def use() -> None:
        deadlines = Deadlines()

        async def is_timer_set() -> bool:
            return deadlines.is_timer_set

        with deadlines.limit(LONG):
            assert await is_timer_set()
        await until(is_timer_set, False)

    asyncio.run(use())
