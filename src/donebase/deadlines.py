"""Cheap deadlines: one timer checks all of them four times a second.

`asyncio.timeout` creates and cancels a timer for each wait, which costs a fifth of a request. A deadline here can be up
to a quarter of a second late, which does not matter for limits of seconds.
"""

import asyncio
import math
import time
from types import TracebackType
from typing import Any

_INTERVAL = 0.25


class Deadlines:
    """Limits waits: `with deadlines.limit(8): await …` raises TimeoutError after about 8 seconds."""

    def __init__(self) -> None:
        self.active: dict[_Deadline, None] = {}  # in the order in which they began
        self.end = math.inf
        self.is_timer_set = False

    def limit(self, seconds: float) -> "_Deadline":
        """Return a deadline for the current task, in so many seconds from when it is entered."""
        return _Deadline(self, seconds)

    def end_within(self, seconds: float) -> None:
        """Let no wait, present or future, last longer than so many seconds from now."""
        self.end = min(self.end, time.monotonic() + seconds)
        for deadline in self.active:
            deadline.due = min(deadline.due, self.end)

    def set_timer(self) -> None:
        """Check the active deadlines soon, and go on as long as there are any."""
        self.is_timer_set = True
        asyncio.get_running_loop().call_later(_INTERVAL, self._check)

    def _check(self) -> None:
        now = time.monotonic()
        # Of each task only the innermost, which knows best what took too long.
        for deadline in {deadline.task: deadline for deadline in self.active if deadline.due <= now}.values():
            deadline.expire()
        self.is_timer_set = False
        if self.active:
            self.set_timer()


class _Deadline:
    """A deadline for the awaits of one task within a `with` block."""

    # Each request enters one or two: what it costs to call further functions from here shows in a request.

    __slots__ = ("_cancelling", "_deadlines", "_expired", "_seconds", "due", "task")

    def __init__(self, deadlines: Deadlines, seconds: float) -> None:
        self._deadlines = deadlines
        self._seconds = seconds
        self._expired = False

    def expire(self) -> None:
        """Cancel what is awaited."""
        del self._deadlines.active[self]
        self._expired = True
        self.task.cancel()

    def __enter__(self) -> None:
        task = asyncio.current_task()
        assert task
        self.task: asyncio.Task[Any] = task
        self._cancelling = task.cancelling()
        deadlines = self._deadlines
        due = time.monotonic() + self._seconds
        self.due = due if due < deadlines.end else deadlines.end
        deadlines.active[self] = None
        if not deadlines.is_timer_set:
            deadlines.set_timer()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _at: TracebackType | None
    ) -> None:
        if not self._expired:
            del self._deadlines.active[self]
        # Where the task was also cancelled from elsewhere, the cancellation goes on.
        elif self.task.uncancel() <= self._cancelling and kind is asyncio.CancelledError:
            raise TimeoutError from error
