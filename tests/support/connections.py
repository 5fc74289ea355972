"""A connection to the service, byte for byte: what goes out is as it was given, what comes back is read strictly."""

import re
import socket
import struct
from urllib.parse import urlsplit

import httpx

from tests.support.waiting import DEADLINE

_STATUS = re.compile(rb"HTTP/1\.1 (\d{3}) [A-Za-z -]*")
_HEADER = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+): ([^\x00-\x08\x0a-\x1f\x7f]*)")
_WITHOUT_CONTENT = (100, 204, 304)


class Closed(Exception):
    """The service has closed the connection where an answer would begin."""


class Connection:
    """One connection, which reads answers in their order and knows where each ends."""

    def __init__(self, address: str) -> None:
        self._socket = connect(address)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._received = bytearray()

    def send(self, data: bytes) -> None:
        """Send; a service that has answered already may read no further, and its answer is there all the same."""
        try:
            self._socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            return

    def end(self) -> None:
        """Say that nothing more will be sent."""
        self._socket.shutdown(socket.SHUT_WR)

    def leave(self) -> None:
        """Go away without a word, with a reset where the service sends anything."""
        reset_at_close(self._socket)
        self._socket.close()

    def close(self) -> None:
        """Close the connection."""
        self._socket.close()

    def answer(self, method: str = "GET") -> httpx.Response:
        """Return the next answer. Raises Closed, and AssertionError for what is no answer to that method."""
        first, *header_lines = self._head()
        found = _STATUS.fullmatch(first)
        assert found, first
        status = int(found[1])
        matches = [_HEADER.fullmatch(line) for line in header_lines]
        assert all(matches), header_lines
        headers = [(match[1].lower(), match[2]) for match in matches if match]
        names = [name for name, _ in headers]
        assert len({b"content-length", b"transfer-encoding"} & set(names)) + names.count(b"content-length") <= 2, names
        content = b"" if method == "HEAD" or status in _WITHOUT_CONTENT else self._content(dict(headers))
        return httpx.Response(status, headers=headers, content=content)

    def is_closed(self) -> bool:
        """Wait for more and tell whether the connection was closed instead."""
        return not self._received and not self._more()

    def _head(self) -> list[bytes]:
        while b"\r\n\r\n" not in self._received:
            if not self._more():
                assert not self._received, bytes(self._received)
                raise Closed
        head, _, rest = bytes(self._received).partition(b"\r\n\r\n")
        self._received = bytearray(rest)
        return head.split(b"\r\n")

    def _content(self, headers: dict[bytes, bytes]) -> bytes:
        if headers.get(b"transfer-encoding") != b"chunked":
            return self._exactly(int(headers[b"content-length"]))
        content = b""
        while size := int(self._line(), 16):
            content += self._exactly(size)
            assert self._line() == b""
        assert self._line() == b""
        return content

    def _line(self) -> bytes:
        while b"\r\n" not in self._received:
            assert self._more(), bytes(self._received)
        line, _, rest = bytes(self._received).partition(b"\r\n")
        self._received = bytearray(rest)
        return line

    def _exactly(self, size: int) -> bytes:
        while len(self._received) < size:
            assert self._more(), bytes(self._received[:1000])
        content = bytes(self._received[:size])
        del self._received[:size]
        return content

    def _more(self) -> bool:
        try:
            data = self._socket.recv(262_144)
        except ConnectionResetError:
            data = b""
        self._received += data
        return bool(data)


def connect(address: str) -> socket.socket:
    """Connect to a service by its address, such as http://127.0.0.1:8000."""
    place = urlsplit(address)
    return socket.create_connection((place.hostname or "", place.port or 0), timeout=DEADLINE)


def until_closed(connection: socket.socket) -> bytes:
    """Return what comes until the service closes the connection, in order and not with a reset."""
    return b"".join(iter(lambda: connection.recv(2**18), b""))


def only_response(received: bytes) -> httpx.Response:
    """Return the one answer that came on a connection, as it was written."""
    head, _, content = received.partition(b"\r\n\r\n")
    status, *lines = head.split(b"\r\n")
    headers = [(name, value) for name, _, value in (line.partition(b": ") for line in lines)]
    return httpx.Response(int(status.split()[1]), headers=headers, content=content)


def reset_at_close(connection: socket.socket) -> None:
    """Let a connection end with a reset, as that of a client that was killed, when it is closed."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # l_onoff, l_linger
