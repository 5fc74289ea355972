"""Follows the changes of owners while somebody listens: one statement at intervals for all of them together.

docs/decisions/0030-live-streams-are-polled.md gives the reasons.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextvars import Context
from itertools import islice
from typing import NamedTuple

from donebase.core.changes import Change, read_changes
from donebase.core.database import Database
from donebase.core.errors import DatabaseFailed, DonebaseError, HistoryPruned, Overloaded
from donebase.core.history_statements import CLOCKS, HISTORY_STATE

POLL_EVERY = 0.25  # seconds
_WINDOW = 100  # tasks that are read together
_READERS = 2  # owners whose changes are read at the same time: the connections are there for requests
_PIECE = 2**15  # bytes of events that are handed out together, unless a single event is larger
_WOKEN_TOGETHER = 100  # subscriptions between which other requests get their turn

Encode = Callable[[Change], Awaitable[bytes]]
Report = Callable[[DonebaseError | None], None]


class Piece(NamedTuple):
    """The events of the changes after `since`, up to and including `last`."""

    since: int
    last: int
    events: bytes


class Subscription:
    """One listener: `position` is the number of the change up to which it has been given events."""

    __slots__ = ("_channel", "_feed", "position", "wake")

    def __init__(self, feed: "ChangeFeed", channel: "Channel", position: int, wake: Callable[[], None]) -> None:
        self._feed = feed
        self._channel = channel
        self.position = position
        self.wake = wake

    async def next(self) -> bytes:
        """Return the next events, or nothing if there are none: `wake` is called when there may be.

        There are none as well while the database cannot be reached. Raises HistoryPruned if the next change is lost.
        """
        if self.position == self._channel.clock:
            return b""
        piece = await self._feed.read(self._channel, self.position)
        if piece is None:
            return b""
        self.position = piece.last
        return piece.events

    def close(self) -> None:
        """Listen no more."""
        self._feed.unsubscribe(self._channel, self)


class Channel:
    """The subscriptions to one owner, and what they share: the owner's clock, and the piece that was read last."""

    __slots__ = ("clock", "owner", "piece", "reading", "subscriptions", "window")

    def __init__(self, owner: int, clock: int) -> None:
        self.owner = owner
        self.clock = clock
        self.subscriptions: dict[Subscription, None] = {}
        self.piece: Piece | None = None
        self.reading = asyncio.Lock()
        self.window = _WINDOW


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
        self._with_piece: list[Channel] = []
        self._failed: set[Channel] = set()
        self._interrupted = False

    async def subscribe(self, owner: int, since: int | None, wake: Callable[[], None]) -> Subscription:
        """Listen to the changes of an owner after the number `since`, or from now on.

        Raises HistoryPruned if the history is not complete from there, DatabaseFailed or Overloaded.
        """
        [state] = await self._database.fetch(HISTORY_STATE, owner=owner)
        position = state["clock"] if since is None else since
        if not state["floor"] <= position <= state["clock"]:
            raise HistoryPruned
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
            if channel.piece is None or channel.piece.since != since:
                try:
                    async with self._readers:
                        changes = await read_changes(self._database, channel.owner, since, channel.window)
                except (DatabaseFailed, Overloaded) as failure:
                    self._interrupt(failure)
                    self._failed.add(channel)
                    return None
                channel.piece = await self._piece(channel, since, changes)
                self._with_piece.append(channel)
                self._advance(channel, channel.piece.last)  # another process may have made more than was known of
            return channel.piece

    async def _piece(self, channel: Channel, since: int, changes: list[Change]) -> Piece:
        """Encode as many of the changes as fit. Raises HistoryPruned if the first is not the one after `since`."""
        if not changes or changes[0].number != since + 1:
            raise HistoryPruned
        events: list[bytes] = []
        room = _PIECE
        for change in changes:
            event = await self._encode(change)
            room -= len(event)
            if events and room < 0:
                break
            events.append(event)
        # If the tasks are large, the rest is read again: it is not kept while a slow client takes what is before it.
        channel.window = len(events) if room < 0 else _WINDOW
        return Piece(since, changes[len(events) - 1].number, b"".join(events))

    async def _poll(self) -> None:
        while True:
            await asyncio.sleep(POLL_EVERY)
            if not self._channels:
                self._polling = None
                return
            for channel in self._with_piece:
                channel.piece = None
            self._with_piece.clear()
            asked = {owner: channel.clock for owner, channel in self._channels.items()}
            try:
                rows = await self._database.fetch(CLOCKS, owners=[*asked])
            except DonebaseError as failure:
                self._interrupt(failure)
            else:
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
                self._wake(iter([*channel.subscriptions]))
            else:
                self._advance(channel, clock)

    def _advance(self, channel: Channel, clock: int) -> None:
        if clock > channel.clock:
            channel.clock = clock
            self._wake(iter([*channel.subscriptions]))

    def _wake(self, subscriptions: Iterator[Subscription]) -> None:
        woken = 0
        for subscription in islice(subscriptions, _WOKEN_TOGETHER):
            subscription.wake()
            woken += 1
        if woken == _WOKEN_TOGETHER:
            asyncio.get_running_loop().call_soon(self._wake, subscriptions)

    def _interrupt(self, failure: DonebaseError) -> None:
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
