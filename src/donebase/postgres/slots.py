"""A limit on how many tasks may do something at once: a counter, and a queue of the tasks that wait."""

import asyncio
from collections import deque


class Slots:
    """A fixed number of slots, given in the order in which they were asked for.

    While there are free slots, nothing waits and `try_acquire` takes one; a slot that is released goes to the first in
    the queue.
    """

    def __init__(self, number: int) -> None:
        self.number = number
        self._free = number
        self._queue: deque[asyncio.Future[None]] = deque()

    @property
    def in_use(self) -> int:
        """How many slots are taken."""
        return self.number - self._free

    @property
    def waiting(self) -> int:
        """How many tasks wait for a slot."""
        return len(self._queue)

    def try_acquire(self) -> bool:
        """Take a slot if one is free, and return whether it was."""
        if not self._free:
            return False
        self._free -= 1
        return True

    async def acquire(self) -> None:
        """Wait in the queue for the next slot that is released. Call it only if `try_acquire` has returned False."""
        given: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queue.append(given)
        try:
            await given
        except asyncio.CancelledError:
            if not given.cancelled():
                self.release()  # the slot was given before the task was cancelled
            raise
        finally:
            self._queue.remove(given)

    def release(self) -> None:
        """Return a slot: it goes to the first task in the queue, or becomes free."""
        # Those that are done leave the queue when their tasks run next.
        for given in self._queue:
            if not given.done():
                given.set_result(None)
                return
        self._free += 1
