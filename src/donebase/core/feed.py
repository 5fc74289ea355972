"""Follows the changes of owners while somebody listens: one statement at intervals for all of them together.

docs/decisions/0030-live-streams-are-polled.md gives the reasons.
"""

import asyncio
from collections.abc import Callable
from contextvars import Context

from donebase.core.changes import check_reach, read_changes
from donebase.core.database import Database
from donebase.core.errors import DatabaseFailed, Overloaded, SchemaMismatch
from donebase.core.history_statements import CLOCKS, HISTORY_STATE
from donebase.core.pieces import Encode, KeptPieces, Piece, encoded_piece
from donebase.core.subscriptions import Channel, Subscription

POLL_EVERY = 0.25  # seconds
_READERS = 2  # owners whose changes are read at the same time: the connections are there for requests

Report = Callable[[Exception | None], None]


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
            channel = self._channels[owner] = Channel(owner, state["clock"], self._read, self._drop)
        channel.advance(state["clock"])
        if self._polling is None:
            # In a context of its own: that of this request has the id that its lines in the log have.
            self._polling = asyncio.get_running_loop().create_task(self._poll(), context=Context())
        return channel.add(position, wake)

    def _drop(self, channel: Channel) -> None:
        if self._channels.get(channel.owner) is channel:
            del self._channels[channel.owner]
            self._kept.drop(channel.owner)

    def notify(self, owner: int, change: int) -> None:
        """Tell of a change that was made by this process: it is not polled for."""
        channel = self._channels.get(owner)
        if channel is not None:
            channel.advance(change)

    def stop(self) -> None:
        """Poll no more."""
        if self._polling is not None:
            self._polling.cancel()

    async def _read(self, channel: Channel, since: int) -> Piece | None:
        """Return the piece after `since`, which all subscriptions there share; None if the database fails."""
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
                channel.advance(piece.last)  # another process may have made more than was known of
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
        clocks = {row["id"]: row["clock"] for row in await self._database.fetch(CLOCKS, owners=[*asked])}
        for owner, before in asked.items():
            clock = clocks.get(owner, 0)
            channel = self._channels.get(owner)
            if clock == before or channel is None:
                continue
            if clock < before == channel.clock:
                # A copy of the database has taken its place: what comes after the number of a subscription is lost.
                channel.clock = clock
                self._kept.drop(owner)
                channel.wake()
            else:
                channel.advance(clock)
        self._retry()

    def _interrupt(self, failure: Exception) -> None:
        if not self._interrupted:
            self._interrupted = True
            self._report(failure)

    def _retry(self) -> None:
        """After a statement that was answered, wake the subscriptions for which another has failed."""
        failed, self._failed = self._failed, set()
        for channel in failed:
            channel.wake()
        if self._interrupted and not failed:
            self._interrupted = False
            self._report(None)
