"""Waiting for what has to come. CONTRIBUTING.md says how a test may wait."""

import asyncio
import time
from collections.abc import Awaitable, Callable

DEADLINE = 120.0  # seconds, after which what has not come is taken to hang: on no machine does it take so long


def wait_for(
    there: Callable[[], object], what: Callable[[], object] = lambda: "it is not there", every: float = 0.01
) -> None:
    """Wait until it is there, and look `every` so many seconds. Raises AssertionError after DEADLINE, with `what`."""
    end = time.monotonic() + DEADLINE
    while not there():
        assert time.monotonic() < end, f"after {DEADLINE:g} s: {what()}"
        time.sleep(every)


async def until(count: Callable[[], Awaitable[int]], wanted: int) -> None:
    """Wait until something has come to a number."""
    end = time.monotonic() + DEADLINE
    while (found := await count()) != wanted:
        assert time.monotonic() < end, f"{found} instead of {wanted}"
        await asyncio.sleep(0.02)
