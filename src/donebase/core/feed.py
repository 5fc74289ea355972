"""Follows the changes of owners while somebody listens: one statement at intervals for all of them together.

docs/decisions/0030-live-streams-are-polled.md gives the reasons.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextvars import Context
from itertools import islice

from donebase.core.changes import check_reach, read_changes
from donebase.core.database import Database
from donebase.core.errors import DatabaseFailed, Overloaded, SchemaMismatch
from donebase.core.history_statements import CLOCKS, HISTORY_STATE
from donebase.core.pieces import WINDOW, Encode, KeptPieces, Piece, encoded_piece

POLL_EVERY = 0.25  # seconds
_READERS = 2  # owners whose changes are read at the same time: the connections are there for requests
_WOKEN_TOGETHER = 100  # subscriptions between which other requests get their turn

Report = Callable[[Exception | None], None]


class Subscription:
    """One listener: `position` is the number of the change up to which it has been given events."""

    __slots__ = ("_channel", "_feed", "position", "wake")

    def __init__(self, feed: "ChangeFeed", channel: "Channel", position: int, wake: Callable[[], None]) -> None:
        self._feed = feed
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
        return await self._feed.read(self._channel, self.position)

    def close(self) -> None:
        """Listen no more. What is being read may still be returned, and `wake` is not called again."""
        self._feed.unsubscribe(self._channel, self)
        self.wake = _nobody  # a listener and its subscription refer to each other


def _nobody() -> None:
    """Wake nobody: the listener has gone."""


class Channel:
    """The subscriptions to one owner, and what they share: the owner's clock, and whose turn it is to read."""

    __slots__ = ("clock", "owner", "reading", "subscriptions", "window")

    def __init__(self, owner: int, clock: int) -> None:
        self.owner = owner
        self.clock = clock
        self.subscriptions: dict[Subscription, None] = {}
        self.reading = asyncio.Lock()
        self.window = WINDOW


class ChangeFeed:
    """Reads the changes of owners for all subscriptions of a process.

    `encode` makes the event of a change. `report` is told of the first failure of an outage, and of its end by None.
    """

    def __init__(self, database: Database, encode: Encode, report: Report) -> None:
        self._database = database
        self._encode = encode
        self._report = report
        self._channels: dict[int, Channel] = {}
        self._readers = asyncio.Semaphore(_READERS)
        self._polling: asyncio.Task[None] | None = None
        self._kept = KeptPieces()
        self._failed: set[Channel] = set()
        self._interrupted = False

    async def subscribe(self, owner: int, since: int | None, wake: Callable[[], None]) -> Subscription:
        """Listen to the changes of an owner after the number `since`, or from now on.

        Raises HistoryPruned if the history is not complete from there, DatabaseFailed or Overloaded.
        """
        [state] = await self._database.fetch(HISTORY_STATE, owner=owner)
        position = state["clock"] if since is None else since
        check_reach(state, position)
        channel = self._channels.get(owner)
        if channel is None:
            channel = self._channels[owner] = Channel(owner, state["clock"])
        self._advance(channel, state["clock"])
        subscription = Subscription(self, channel, position, wake)
        channel.subscriptions[subscription] = None
        if self._polling is None:
            # In a context of its own: that of this request has the id that its lines in the log have.
            self._polling = asyncio.get_running_loop().create_task(self._poll(), context=Context())
        return subscription

    def unsubscribe(self, channel: Channel, subscription: Subscription) -> None:
        """End a subscription."""
        channel.subscriptions.pop(subscription, None)
        if not channel.subscriptions and self._channels.get(channel.owner) is channel:
            del self._channels[channel.owner]
            self._kept.drop(channel.owner)

    def notify(self, owner: int, change: int) -> None:
        """Tell of a change that was made by this process: it is not polled for."""
        channel = self._channels.get(owner)
        if channel is not None:
            self._advance(channel, change)

    def stop(self) -> None:
        """Poll no more."""
        if self._polling is not None:
            self._polling.cancel()

    async def read(self, channel: Channel, since: int) -> Piece | None:
        """Return the piece after `since`, which all subscriptions there share; None if the database fails.

        Raises HistoryPruned.
        """
        async with channel.reading:
            if channel in self._failed:  # for another subscription
                return None
            piece = self._kept.get(channel.owner)
            if piece is None or piece.since != since:
                try:
                    async with self._readers:
                        changes = await read_changes(self._database, channel.owner, since, channel.window)
                except (DatabaseFailed, Overloaded, SchemaMismatch) as failure:
                    self._interrupt(failure)
                    self._failed.add(channel)
                    return None
                piece = await encoded_piece(since, changes, self._encode)
                channel.window = piece.next_window
                self._kept.keep(channel.owner, piece)
                self._advance(channel, piece.last)  # another process may have made more than was known of
            return piece

    async def _poll(self) -> None:
        while True:
            await asyncio.sleep(POLL_EVERY)
            self._kept.drop_unless(self._is_needed)
            if not self._channels:
                self._polling = None
                return
            try:
                await self._look()
            except Exception as failure:  # whatever it is, the streams must not wait for ever
                self._interrupt(failure)

    def _is_needed(self, owner: int, piece: Piece) -> bool:
        channel = self._channels.get(owner)  # none if the last one has gone while it was read
        return channel is not None and any(each.position == piece.since for each in channel.subscriptions)

    async def _look(self) -> None:
        asked = {owner: channel.clock for owner, channel in self._channels.items()}
        rows = await self._database.fetch(CLOCKS, owners=[*asked])
        self._compare(asked, {row["id"]: row["clock"] for row in rows})
        self._retry()

    def _compare(self, asked: dict[int, int], clocks: dict[int, int]) -> None:
        for owner, before in asked.items():
            clock = clocks.get(owner, 0)
            channel = self._channels.get(owner)
            if clock == before or channel is None:
                continue
            if clock < before == channel.clock:
                # A copy of the database has taken its place: what comes after the number of a subscription is lost.
                channel.clock = clock
                self._kept.drop(owner)
                self._wake(iter([*channel.subscriptions]))
            else:
                self._advance(channel, clock)

    def _advance(self, channel: Channel, clock: int) -> None:
        if clock > channel.clock:
            channel.clock = clock
            self._wake(iter([*channel.subscriptions]))

    def _wake(self, subscriptions: Iterator[Subscription]) -> None:
        some = [*islice(subscriptions, _WOKEN_TOGETHER)]
        for subscription in some:
            subscription.wake()
        if some:
            asyncio.get_running_loop().call_soon(self._wake, subscriptions)

    def _interrupt(self, failure: Exception) -> None:
        if not self._interrupted:
            self._interrupted = True
            self._report(failure)

    def _retry(self) -> None:
        """After a statement that was answered, wake the subscriptions for which another has failed."""
        failed, self._failed = self._failed, set()
        for channel in failed:
            self._wake(iter([*channel.subscriptions]))
        if self._interrupted and not failed:
            self._interrupted = False
            self._report(None)
