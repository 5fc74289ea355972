"""Waiting for what has to come, as long as a busy machine may take for it."""

import time
from collections.abc import Callable

PATIENCE = 30.0


def wait_for(there: Callable[[], bool]) -> None:
    """Wait until it is there."""
    end = time.monotonic() + PATIENCE
    while not there():
        assert time.monotonic() < end, f"not in {PATIENCE} s"
        time.sleep(0.01)
