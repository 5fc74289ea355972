"""The first requests of connections: a few begin in each turn of the event loop, in the order in which they came.

The event loop reads from all connections that have sent something before it does anything else: when thousands of new
clients send at once, the requests of everybody else waited until a request of each of them had begun.
"""

import asyncio
from collections import deque
from collections.abc import Callable

AT_A_TIME = 4


class FirstRequests:
    """Says when the connections of a worker may begin with their first requests."""

    def __init__(self) -> None:
        self._begun = 0  # in this turn of the event loop; stays at the limit as long as any wait
        self._waiting: deque[Callable[[], None]] = deque()

    def may_begin(self) -> bool:
        """Return whether another one may begin at once, which it then does."""
        if self._begun >= AT_A_TIME:
            return False
        if not self._begun:
            self._call_in_next_turn()
        self._begun += 1
        return True

    def wait(self, begin: Callable[[], None]) -> None:
        """Call `begin` when it is its turn. Call this only if `may_begin` has returned False."""
        self._waiting.append(begin)

    def _call_in_next_turn(self) -> None:
        asyncio.get_running_loop().call_soon(self._next_turn)

    def _next_turn(self) -> None:
        self._begun = min(len(self._waiting), AT_A_TIME)
        if self._begun:
            self._call_in_next_turn()
        for _ in range(self._begun):
            self._waiting.popleft()()
