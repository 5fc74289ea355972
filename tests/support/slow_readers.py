"""Clients that ask for much and read little or nothing of it."""

import socket
from collections.abc import Iterable
from contextlib import ExitStack

import httpx

from tests.support.waiting import DEADLINE


def asks(address: str, *requests: str, head: str = "Host: donebase\r\n", room: int = 1) -> socket.socket:
    """Connect and send requests in one piece, such as `GET /path HTTP/1.1`; there is little room for answers."""
    where = httpx.URL(address)
    connection = socket.socket()
    connection.settimeout(DEADLINE)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, room)
    connection.connect((where.host, where.port))
    connection.sendall("".join(f"{request}\r\n{head}\r\n" for request in requests).encode())
    return connection


def everything_from(connection: socket.socket) -> bytes:
    """Return what comes until the service ends the connection, in whatever way."""
    pieces = []
    try:
        while piece := connection.recv(2**18):
            pieces.append(piece)
    except ConnectionResetError:
        pass
    return b"".join(pieces)


def all_begun(stack: ExitStack, readers: Iterable[socket.socket]) -> list[socket.socket]:
    """Wait until each has the beginning of an answer; the stack closes them."""
    found = [stack.enter_context(reader) for reader in readers]
    for reader in found:
        assert reader.recv(1, socket.MSG_PEEK)
    return found
