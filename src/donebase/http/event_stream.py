"""Live streams of changes: `text/event-stream` (WHATWG HTML, "Server-sent events")."""

import asyncio
import time
from contextvars import copy_context
from typing import Protocol

from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from donebase.accounts.watches import Watch, Watches
from donebase.core.changes import Change
from donebase.core.errors import HistoryPruned
from donebase.core.subscriptions import Subscription
from donebase.http.bytes_response import encoded
from donebase.http.errors import report
from donebase.http.guard import CALLER
from donebase.http.headers import Headers
from donebase.http.middleware import STREAM_OPENED, ClientGone

_RECONNECT_AFTER = 1000  # milliseconds
_COMMENT = b":\n\n"
_AT_ONCE = 100  # tasks that are encoded together
_SLICE = 2**15  # bytes of a large event that wait for a client at a time, unless it has too many of them
_MOST_SLICES = 64
_LAST_WORDS = 0.25  # seconds of a stop in which a client has to take the end of its stream
_HEADERS: Headers = [(b"content-type", b"text/event-stream"), (b"x-accel-buffering", b"no")]


async def change_event(change: Change) -> bytes:
    """Return the event of a change, which can be of thousands of tasks: other requests get their turn in between."""
    parts: list[bytes] = []
    for at in range(0, len(change.tasks), _AT_ONCE):
        if at:
            await asyncio.sleep(0)
        parts.append(encoded(change.tasks[at : at + _AT_ONCE])[1:-1])
    form = b'id: %d\nevent: change\ndata: {"change":%d,"tasks":[%b],"deleted":%b}\n\n'
    return form % (change.number, change.number, b",".join(parts), encoded(change.deleted))


class Streams(Protocol):
    """The streams that are open. `watches` end those of callers whose tokens are not good any more."""

    watches: Watches | None

    def add(self, stream: "EventStream") -> None:
        """Add a stream that has begun."""

    def remove(self, stream: "EventStream") -> None:
        """Remove a stream that has ended."""


class EventStream(Response):
    """One stream. It waits for its client to disconnect, and has a task only while there is something to write."""

    __slots__ = (
        "_comment_is_due",
        "_context",
        "_ends",
        "_is_open",
        "_request",
        "_send",
        "_sent",
        "_streams",
        "_watch",
        "_writing",
        "subscription",
    )
    background = None
    media_type = "text/event-stream"
    subscription: Subscription

    def __init__(self, streams: Streams) -> None:
        self._streams = streams
        self._context = copy_context()
        self._writing: asyncio.Task[None] | None = None
        self._watch: Watch | None = None
        self._sent = 0  # bytes of the events after the position
        self._is_open = self._comment_is_due = self._ends = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send events until the client disconnects, the service stops, the next change is lost, or the token ends."""
        scope[STREAM_OPENED] = time.perf_counter()
        scope["headers"].clear()  # a browser's take 2.5 KB, and nobody reads them again
        self._send = send
        self._request = asyncio.current_task()
        try:
            await send({"type": "http.response.start", "status": 200, "headers": [*_HEADERS]})
            # An id without data is that of the last event: after a reconnect, nothing is missed even before the first.
            await send(_piece(b"retry: %d\nid: %d\n\n" % (_RECONNECT_AFTER, self.subscription.position)))
            self._is_open = True
            self._streams.add(self)
            if self._streams.watches is not None:
                self._watch = self._streams.watches.add(scope[CALLER], self)
            self.wake()
            while (await receive())["type"] != "http.disconnect":
                pass
        finally:
            self._is_open = False
            self._streams.remove(self)
            if self._watch is not None:
                self._watch.close()
                self._watch = None  # the two refer to each other
            self.subscription.close()

    def wake(self) -> None:
        """Write what there is to write."""
        if self._is_open and self._writing is None:
            self._writing = asyncio.get_running_loop().create_task(self._write(), context=self._context)

    def comment(self) -> None:
        """Send a comment, unless there are events to send."""
        self._comment_is_due = True
        self.wake()

    def end(self) -> None:
        """Send the end of the stream. A client that does not take it at once is disconnected."""
        self._ends = True
        self.wake()
        asyncio.get_running_loop().call_later(_LAST_WORDS, self._cut_off)

    async def _write(self) -> None:
        try:
            await self._write_all()
        except ClientGone:
            pass
        except HistoryPruned:  # which the client is told when it reconnects
            await self._send(_END)
        except Exception as error:
            report(error)
            self._cut_off()
        finally:
            self._writing = None

    async def _write_all(self) -> None:
        """Write until nothing is left, as fast as the client reads: what waits for it stays in PostgreSQL."""
        while self._is_open:
            await self._send(_piece(b""))  # returns when the client has read most of what it was sent
            if self._ends:
                await self._send(_END)
                return
            piece = await self.subscription.read()
            is_between_events = not self._sent
            if is_between_events and self._watch is not None and not self._watch.allows():
                piece = None
            if piece is not None:
                content = piece.events[self._sent : self._sent + max(_SLICE, len(piece.events) // _MOST_SLICES)]
                self._sent += len(content)
                if self._sent == len(piece.events):
                    self.subscription.position, self._sent = piece.last, 0
                piece = None  # it is read again for the next slice: other clients may be as slow as this one
            elif self._comment_is_due and is_between_events:
                content = _COMMENT
            elif self._ends:
                continue
            else:
                return
            self._comment_is_due = False
            await self._send(_piece(content))

    def _cut_off(self) -> None:
        if self._is_open and self._request:
            self._request.cancel()


_END: Message = {"type": "http.response.body"}


def _piece(content: bytes) -> Message:
    return {"type": "http.response.body", "body": content, "more_body": True}
