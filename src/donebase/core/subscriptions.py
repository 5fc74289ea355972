"""Who listens to the changes of owners: the subscriptions to one owner share a channel."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from itertools import islice

from donebase.core.pieces import WINDOW, Piece

_WOKEN_TOGETHER = 100  # subscriptions between which other requests get their turn

Read = Callable[["Channel", int], Awaitable[Piece | None]]
"""Returns what follows a number, as `Subscription.read` does."""


class Subscription:
    """One listener: `position` is the number of the change up to which it has been given events."""

    __slots__ = ("_channel", "position", "wake")

    def __init__(self, channel: "Channel", position: int, wake: Callable[[], None]) -> None:
        self._channel = channel
        self.position = position
        self.wake = wake

    async def read(self) -> Piece | None:
        """Return what follows the position, or None if nothing does: `wake` is called when something may.

        It is None as well while the database cannot be reached. The reader moves `position` on, and can read a piece
        again before. Raises HistoryPruned if the next change is lost.
        """
        if self.position == self._channel.clock:
            return None
        return await self._channel.read(self._channel, self.position)

    def close(self) -> None:
        """Listen no more. What is being read may still be returned, and `wake` is not called again."""
        self._channel.remove(self)
        self.wake = _nobody  # a listener and its subscription refer to each other


def _nobody() -> None:
    """Wake nobody: the listener has gone."""


class Channel:
    """The subscriptions to one owner, and what they share: the owner's clock, and whose turn it is to read.

    `left` is called when the last of them has been closed.
    """

    __slots__ = ("_left", "clock", "owner", "read", "reading", "subscriptions", "window")

    def __init__(self, owner: int, clock: int, read: Read, left: Callable[["Channel"], None]) -> None:
        self.owner = owner
        self.clock = clock
        self.read = read
        self._left = left
        self.subscriptions: dict[Subscription, None] = {}
        self.reading = asyncio.Lock()
        self.window = WINDOW

    def add(self, position: int, wake: Callable[[], None]) -> Subscription:
        """Return a new subscription that has been given everything up to `position`."""
        subscription = Subscription(self, position, wake)
        self.subscriptions[subscription] = None
        return subscription

    def remove(self, subscription: Subscription) -> None:
        """Remove a subscription, if it is still there."""
        self.subscriptions.pop(subscription, None)
        if not self.subscriptions:
            self._left(self)

    def advance(self, clock: int) -> None:
        """Take note of the owner's clock, and wake the subscriptions if it is further."""
        if clock > self.clock:
            self.clock = clock
            self.wake()

    def wake(self) -> None:
        """Wake all subscriptions, some in each turn of the event loop."""
        _wake(iter([*self.subscriptions]))


def _wake(subscriptions: Iterator[Subscription]) -> None:
    some = [*islice(subscriptions, _WOKEN_TOGETHER)]
    for subscription in some:
        subscription.wake()
    if some:
        asyncio.get_running_loop().call_soon(_wake, subscriptions)
