"""Clients that ask for much and read little or nothing of it, and lists that are long enough for that."""

import asyncio
import socket
from collections.abc import Iterable
from contextlib import ExitStack

import asyncpg
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


def fill(url: str, user: int, number: int, text: str) -> None:
    """Give a user so many tasks with this description."""
    new = "SELECT $1, 'task ' || n, $3 FROM generate_series(1, $2::int) AS n"
    _run(url, "INSERT INTO users (id) VALUES ($1)", user)
    _run(url, f"INSERT INTO tasks (user_id, title, description) {new}", user, number, text)


def empty(url: str, user: int) -> None:
    """Delete the tasks of a user."""
    _run(url, "DELETE FROM tasks WHERE user_id = $1", user)


def _run(url: str, sql: str, *arguments: object) -> None:
    async def run() -> None:
        connection = await asyncpg.connect(url, statement_cache_size=0)
        try:
            await connection.execute(sql, *arguments)
        finally:
            await connection.close()

    asyncio.run(run())
