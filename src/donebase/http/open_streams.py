"""The live streams that a process has open: begins, comments and ends each."""

import asyncio
from itertools import islice

from starlette.responses import Response

from donebase.accounts.watches import Watches
from donebase.core import events
from donebase.core.feed import ChangeFeed
from donebase.http.event_stream import EventStream

COMMENT_EVERY = 15.0  # seconds
LOOK_EVERY = 1.0  # seconds
_COMMENTED_TOGETHER = 100  # streams: each has a task meanwhile, whose memory the next ones can use


class EventStreams:
    """The streams of a process. Each is sent a comment every COMMENT_EVERY seconds, so that proxies keep it open.

    `watches` end the streams of callers whose tokens are not good any more; None where nobody is asked for a token.
    """

    def __init__(self, feed: ChangeFeed, watches: Watches | None = None) -> None:
        self._feed = feed
        self.watches = watches
        self._due: dict[EventStream, float] = {}  # when each is sent a comment, in this order
        self._is_looking = False
        self._stopping = False

    async def open(self, owner: int, since: int | None) -> Response:
        """Return a stream of the changes of an owner after a number, or from now on. Raises as `subscribe`."""
        stream = EventStream(self)
        stream.subscription = await self._feed.subscribe(owner, since, stream.wake)
        events.record("task.events", owner, None)
        return stream

    def add(self, stream: EventStream) -> None:
        """Add a stream that has begun."""
        if self._stopping:
            stream.end()
        if not self._is_looking:
            self._is_looking = True
            asyncio.get_running_loop().call_later(LOOK_EVERY, self._look)
        self._due[stream] = asyncio.get_running_loop().time() + COMMENT_EVERY

    def remove(self, stream: EventStream) -> None:
        """Remove a stream that has ended."""
        self._due.pop(stream, None)

    def stop(self) -> None:
        """End all streams, and each that begins from now on."""
        if not self._stopping:
            self._stopping = True
            self._feed.stop()
            for stream in self._due:
                stream.end()

    def _look(self) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        some = [stream for stream, due in islice(self._due.items(), _COMMENTED_TOGETHER) if due <= now]
        for stream in some:
            del self._due[stream]
            self._due[stream] = now + COMMENT_EVERY
            stream.comment()
        self._is_looking = bool(self._due)
        if len(some) == _COMMENTED_TOGETHER:
            loop.call_soon(self._look)
        elif self._is_looking:
            loop.call_later(LOOK_EVERY, self._look)
