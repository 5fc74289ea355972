"""Cheap deadlines: one timer checks all of them four times a second.

`asyncio.timeout` creates and cancels a timer for each wait, which costs a fifth of a request. A deadline here can be up
to a quarter of a second late, which does not matter for limits of seconds.
"""

import asyncio
import math
from types import TracebackType
from typing import Any

_INTERVAL = 0.25


class Deadlines:
    """Limits waits: `with deadlines.limit(8): await …` raises TimeoutError after about 8 seconds."""

    def __init__(self) -> None:
        self._active: dict[_Deadline, None] = {}  # in the order in which they began
        self._running = False
        self.end = math.inf

    def limit(self, seconds: float) -> "_Deadline":
        """Return a deadline for the current task, in so many seconds from when it is entered."""
        return _Deadline(self, seconds)

    def end_within(self, seconds: float) -> None:
        """Let no wait, present or future, last longer than so many seconds from now."""
        self.end = min(self.end, asyncio.get_running_loop().time() + seconds)
        for deadline in self._active:
            deadline.due = min(deadline.due, self.end)

    def add(self, deadline: "_Deadline") -> None:
        """Begin to check a deadline."""
        self._active[deadline] = None
        if not self._running:
            self._running = True
            asyncio.get_running_loop().call_later(_INTERVAL, self._check)

    def remove(self, deadline: "_Deadline") -> None:
        """Stop checking a deadline."""
        self._active.pop(deadline, None)

    def _check(self) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        # Of each task only the innermost, which knows best what took too long.
        for deadline in {deadline.task: deadline for deadline in self._active if deadline.due <= now}.values():
            deadline.expire()
        self._running = bool(self._active)
        if self._running:
            loop.call_later(_INTERVAL, self._check)


class _Deadline:
    """A deadline for the awaits of one task within a `with` block."""

    __slots__ = ("_cancelling", "_deadlines", "_expired", "_seconds", "due", "task")

    def __init__(self, deadlines: Deadlines, seconds: float) -> None:
        self._deadlines = deadlines
        self._seconds = seconds
        self._expired = False

    def expire(self) -> None:
        """Cancel what is awaited."""
        self._deadlines.remove(self)
        self._expired = True
        self.task.cancel()

    def __enter__(self) -> None:
        task = asyncio.current_task()
        assert task
        self.task: asyncio.Task[Any] = task
        self._cancelling = task.cancelling()
        self.due = min(asyncio.get_running_loop().time() + self._seconds, self._deadlines.end)
        self._deadlines.add(self)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _at: TracebackType | None
    ) -> None:
        self._deadlines.remove(self)
        # Where the task was also cancelled from elsewhere, the cancellation goes on.
        if self._expired and self.task.uncancel() <= self._cancelling and kind is asyncio.CancelledError:
            raise TimeoutError from error
