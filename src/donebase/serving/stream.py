"""The transport of one connection: flow control in both directions, and the ways to end it."""

import asyncio
import socket
import struct
from contextlib import suppress

LINGER = 0.25  # seconds for what may be on its way
_RESET = struct.pack("ii", 1, 0)  # l_onoff, l_linger


class Stream:
    """A transport whose reading and writing can pause. `write` sends bytes."""

    __slots__ = (
        "_drained",
        "_reading_paused",
        "_transport",
        "address",
        "peer",
        "unsent",
        "write",
        "writelines",
        "writing_paused",
    )

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._reading_paused = False
        self._drained: asyncio.Future[None] | None = None  # made for each wait: most connections never wait
        self.writing_paused = False
        self.write = transport.write
        self.writelines = transport.writelines
        self.unsent = transport.get_write_buffer_size
        self.address = _host_and_port(transport.get_extra_info("sockname"))
        self.peer = _host_and_port(transport.get_extra_info("peername"))

    @property
    def is_closing(self) -> bool:
        """Whether the transport is closing."""
        return self._transport.is_closing()

    def pause_reading(self) -> None:
        """Read nothing more until `resume_reading`."""
        if not self._reading_paused:
            self._reading_paused = True
            self._transport.pause_reading()

    def resume_reading(self) -> None:
        """Resume reading."""
        if self._reading_paused and not self._transport.is_closing():
            self._reading_paused = False
            self._transport.resume_reading()

    def pause_writing(self) -> None:
        """Make `drain` wait: the client has not read much of what was sent."""
        self.writing_paused = True

    def resume_writing(self) -> None:
        """End the waits in `drain`: the client has read most of it, or has disconnected."""
        self.writing_paused = False
        if self._drained and not self._drained.done():
            self._drained.set_result(None)

    async def drain(self) -> None:
        """Wait while writing is paused. One task at a time may wait."""
        while self.writing_paused:
            self._drained = asyncio.get_running_loop().create_future()
            await self._drained

    def close(self) -> None:
        """Close the connection after all that was written is sent."""
        self._transport.close()

    def close_in_order(self) -> None:
        """Close the connection while the client sends: closed at once, it would be reset and the response lost."""
        self.resume_reading()
        self._transport.write_eof()
        asyncio.get_running_loop().call_later(LINGER, self._transport.close)

    def abort(self) -> None:
        """End the connection at once."""
        self._transport.abort()

    def reset(self) -> None:
        """Reset the connection, so that the client cannot take a part of a response for the whole (RFC 9112, 8)."""
        with suppress(OSError):  # macOS: the client has gone, and the event loop has not read that yet
            self._transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self._transport.abort()


def _host_and_port(address: tuple[str, int] | None) -> tuple[str, int] | None:
    """Return the host and port of an address for ASGI, None if the client has disconnected already."""
    return address and address[:2]
