"""Cheap deadlines: one timer checks all of them four times a second.

`asyncio.timeout` creates and cancels a timer for each wait, which costs a fifth of a request. A deadline here can be up
to a quarter of a second late, which does not matter for limits of seconds. A check that itself comes late ends nothing:
the process stood still, and what is waited for may have come meanwhile. The next one does.
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
        self.active: dict[_Deadline, float] = {}  # in the order in which they began, and when each is due
        self.end = math.inf
        self.is_timer_set = False
        self._check_at = 0.0
        self._was_late = False

    def limit(self, seconds: float) -> "_Deadline":
        """Begin a deadline for the current task, in so many seconds from now. Its `with` block must follow."""
        # Each request begins one or two: what it costs to call further functions from here shows in a request.
        task = asyncio.current_task()
        assert task
        deadline = _Deadline()
        deadline.active = self.active
        deadline.task = task
        deadline.cancelling = task.cancelling()
        now = time.monotonic()
        due = now + seconds
        self.active[deadline] = due if due < self.end else self.end
        if not self.is_timer_set:
            self._set_timer(now)
        return deadline

    def end_within(self, seconds: float) -> None:
        """Let no wait, present or future, last longer than so many seconds from now."""
        self.end = min(self.end, time.monotonic() + seconds)
        for deadline, due in self.active.items():
            self.active[deadline] = min(due, self.end)

    def _set_timer(self, now: float) -> None:
        self.is_timer_set = True
        self._check_at = now + _INTERVAL
        asyncio.get_running_loop().call_later(_INTERVAL, self._check)

    def _check(self) -> None:
        """End what is due, and go on as long as anything is active."""
        now = time.monotonic()
        self._was_late = now > self._check_at + _INTERVAL and not self._was_late
        if not self._was_late:
            self._expire(now)
        self.is_timer_set = False
        if self.active:
            self._set_timer(now)

    def _expire(self, now: float) -> None:
        # Of each task only the innermost, which knows best what took too long.
        for deadline in {deadline.task: deadline for deadline, due in self.active.items() if due <= now}.values():
            deadline.expire()


class _Deadline:
    """A deadline for the awaits of one task within a `with` block. It is active until it ends or expires."""

    __slots__ = ("active", "cancelling", "task")

    active: dict["_Deadline", float]
    task: asyncio.Task[Any]
    cancelling: int
    """How many cancellations of the task were under way when it began."""

    def expire(self) -> None:
        """Cancel what is awaited."""
        del self.active[self]
        self.task.cancel()

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _at: TracebackType | None
    ) -> None:
        has_expired = self.active.pop(self, None) is None
        # Where the task was also cancelled from elsewhere, the cancellation goes on.
        if has_expired and self.task.uncancel() <= self.cancelling and kind is asyncio.CancelledError:
            raise TimeoutError from error
