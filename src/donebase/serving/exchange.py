"""One request and its response: the `receive` and `send` of ASGI."""

import asyncio
from typing import Protocol

from starlette.types import Message, Scope
from uvicorn.server import ServerState

from donebase.http.middleware import ClientGone
from donebase.serving import framing
from donebase.serving.request_head import expects_continue
from donebase.serving.stream import Stream

_MOST_UNREAD = 2**16  # bytes of a body that are kept until the application takes them
_MOST_COPIED = 2**14  # bytes of a piece that are copied behind the head


class Answering(Protocol):
    """The queue of requests that an exchange belongs to."""

    stream: Stream
    server: ServerState

    def read_on(self) -> None:
        """Resume reading, unless other requests wait."""

    def answered(self, exchange: "Exchange") -> None:
        """Continue after the last byte of a response was written."""


class Exchange:
    """A request with its body, which may still be arriving, and the response to it.

    `keep_alive` says whether the connection stays open after the response. It can be set to False until the response
    begins.
    """

    __slots__ = (
        "_end_received",
        "_framing",
        "_pieces",
        "_pipeline",
        "_start",
        "_unread",
        "_woken",
        "complete",
        "disconnected",
        "input_ended",
        "keep_alive",
        "more_body",
        "scope",
        "task",
    )

    def __init__(self, pipeline: Answering, scope: Scope, keep_alive: bool) -> None:
        self._pipeline = pipeline
        self.scope = scope
        self.keep_alive = keep_alive
        self._pieces: list[bytes] = []
        self._unread = 0
        self.more_body = True  # the body has not arrived whole
        self._end_received = False  # by the application
        self._woken: asyncio.Future[None] | None = None  # made when the application waits
        self._start: Message | None = None
        self._framing: framing.Framing | None = None  # known once the head is written
        self.complete = False
        self.disconnected = False
        self.input_ended = False
        self.task: asyncio.Task[None] | None = None

    @property
    def begun(self) -> bool:
        """Whether the application has begun its response."""
        return self._start is not None

    def add_body(self, piece: bytes) -> None:
        """Add a piece of the body that has arrived. After the complete response, pieces are dropped."""
        if self.complete:
            return
        self._pieces.append(piece)
        self._unread += len(piece)
        if self._unread > _MOST_UNREAD:
            self._pipeline.stream.pause_reading()
        self._wake()

    def end_body(self) -> None:
        """Note that the body is complete."""
        self.more_body = False
        self._wake()

    def disconnect(self) -> None:
        """Tell the application that the client has disconnected: nothing more is received or sent."""
        self.disconnected = True
        self._wake()

    def end_input(self) -> None:
        """Note that the client sends nothing more: it may have disconnected, or may read the response to its end."""
        self.input_ended = True
        self._wake()

    async def receive(self) -> Message:
        """Return what has arrived of the body; after its end, wait for the end of the exchange (ASGI `receive`).

        The end of what the client sends is the end for an application that waits. One that does not, such as that of a
        list, can still send its response.
        """
        while not (self.complete or self.disconnected):
            if self._pieces or not (self.more_body or self._end_received):
                return self._take()
            if self.input_ended:
                break
            if self._woken is None:
                self._continue()
            self._pipeline.read_on()
            if self._woken is None or self._woken.done():
                self._woken = asyncio.get_running_loop().create_future()
            await self._woken
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        """Send a part of the response, when the client has taken enough of what came before (ASGI `send`).

        The head is sent together with the first piece of the body. Raises ClientGone for any piece but the last if the
        client has disconnected; ValueError and RuntimeError for an invalid response.
        """
        if message["type"] == "http.response.start":
            if self._start is not None:
                raise RuntimeError("the response has begun already")
            self._start = message
            return
        if self._start is None or self.complete:
            raise RuntimeError("a body belongs between the beginning of a response and its end")
        stream = self._pipeline.stream
        if stream.writing_paused:
            await stream.drain()
        more = message.get("more_body", False)
        if self.disconnected:
            if more:
                raise ClientGone
            return
        head = b"" if self._framing else self._head(self._start)
        assert self._framing
        piece = self._framing(message.get("body", b""), more)
        if len(piece) <= _MOST_COPIED:
            stream.write(head + piece)
        else:  # which many clients may be sent, and take slowly
            stream.writelines((head, piece))
        if not more:
            self.complete = True
            self._wake()
            self._pipeline.answered(self)

    def _take(self) -> Message:
        body = b"".join(self._pieces)
        self._pieces.clear()
        self._unread = 0
        self._end_received = not self.more_body
        return {"type": "http.request", "body": body, "more_body": self.more_body}

    def _continue(self) -> None:
        """Send 100 to a client that waits for it before it sends its body (RFC 9110, 10.1.1)."""
        if self.more_body and not self.begun and expects_continue(self.scope):
            self._pipeline.stream.write(framing.CONTINUE)

    def _wake(self) -> None:
        if self._woken is not None and not self._woken.done():
            self._woken.set_result(None)

    def _head(self, start: Message) -> bytes:
        """Decide how the body is framed, and return the head."""
        scope = self.scope
        headers = [*self._pipeline.server.default_headers, *start.get("headers", ())]
        head, self._framing, self.keep_alive = framing.response_head(
            scope["method"], scope["http_version"], self.keep_alive, start["status"], headers
        )
        return head
