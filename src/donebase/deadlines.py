"""Deadlines that cost next to nothing: one timer looks after all of them, four times a second.

`asyncio.timeout` sets and cancels a timer of its own each time, which is a fifth of what a whole request costs
otherwise. A deadline here can come a quarter of a second late, and nobody who waits for seconds can tell.
"""

import asyncio
import math
from types import TracebackType
from typing import Any

_EVERY = 0.25


class Watch:
    """Ends what takes too long: `with watch.limit(8): await …` raises TimeoutError after about 8 seconds."""

    def __init__(self) -> None:
        self._limits: dict[_Limit, None] = {}  # in the order in which they began
        self._looking = False
        self.end = math.inf

    def limit(self, seconds: float) -> "_Limit":
        """Return a limit for the current task, from now on."""
        return _Limit(self, seconds)

    def end_within(self, seconds: float) -> None:
        """Let nothing take longer than that, neither what is waited for now nor what will be."""
        self.end = min(self.end, asyncio.get_running_loop().time() + seconds)
        for limit in self._limits:
            limit.due = min(limit.due, self.end)

    def add(self, limit: "_Limit") -> None:
        """Begin to look after a limit."""
        self._limits[limit] = None
        if not self._looking:
            self._looking = True
            asyncio.get_running_loop().call_later(_EVERY, self._look)

    def remove(self, limit: "_Limit") -> None:
        """Stop looking after a limit."""
        self._limits.pop(limit, None)

    def _look(self) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        # Of each task the innermost, which says best what took too long.
        for limit in {limit.task: limit for limit in self._limits if limit.due <= now}.values():
            limit.expire()
        self._looking = bool(self._limits)
        if self._looking:
            loop.call_later(_EVERY, self._look)


class _Limit:
    """One deadline around some awaits of one task."""

    __slots__ = ("_cancelling", "_expired", "_seconds", "_watch", "due", "task")

    def __init__(self, watch: Watch, seconds: float) -> None:
        self._watch = watch
        self._seconds = seconds
        self._expired = False

    def expire(self) -> None:
        """Cancel what is awaited."""
        self._watch.remove(self)
        self._expired = True
        self.task.cancel()

    def __enter__(self) -> None:
        task = asyncio.current_task()
        assert task
        self.task: asyncio.Task[Any] = task
        self._cancelling = task.cancelling()
        self.due = min(asyncio.get_running_loop().time() + self._seconds, self._watch.end)
        self._watch.add(self)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _at: TracebackType | None
    ) -> None:
        self._watch.remove(self)
        # Somebody else may have cancelled the task as well, and that has to go on.
        if self._expired and self.task.uncancel() <= self._cancelling and kind is asyncio.CancelledError:
            raise TimeoutError from error
