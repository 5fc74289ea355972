"""A relay in front of a PostgreSQL, which can say to its clients what a server says that ends a connection."""

import asyncio
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from donebase.database_url import DatabaseUrl


class Relay:
    """Passes on what comes, in the event loop of the test; `url` is the database's, by way of the relay."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._clients: list[asyncio.StreamWriter] = []
        self._next_answer = b""
        self._answering = True
        self._serving: list[asyncio.Task[None]] = []

    @contextmanager
    def losing_answers(self) -> Iterator[None]:
        """Pass on what clients send, and nothing of what PostgreSQL answers meanwhile."""
        self._answering = False
        try:
            yield
        finally:
            self._answering = True

    def say_fatal(self, code: str) -> None:
        """Tell every client that its connection ends, and close none."""
        for client in self._clients:
            client.write(_fatal(code))

    def answer_next_with_fatal(self, code: str) -> None:
        """Pass the next message of a client on to nobody, tell it that its connection ends, and close it."""
        self._next_answer = _fatal(code)

    async def __aenter__(self) -> Self:
        def begin(reader: asyncio.StreamReader, client: asyncio.StreamWriter) -> None:
            self._serving.append(asyncio.create_task(self._serve(reader, client)))

        self._server = await asyncio.start_server(begin, "127.0.0.1", 0)
        port = self._server.sockets[0].getsockname()[1]
        parts = urlsplit(self._url)
        self.url = f"postgresql://{parts.netloc.rpartition('@')[0]}@127.0.0.1:{port}{parts.path}?sslmode=disable"
        return self

    async def __aexit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _at: TracebackType | None
    ) -> None:
        for client in self._clients:
            client.close()
        self._server.close()
        await asyncio.gather(*self._serving)

    async def _serve(self, reader: asyncio.StreamReader, client: asyncio.StreamWriter) -> None:
        host, port = DatabaseUrl.parse(self._url).hosts[0]
        if host.startswith("/"):
            answers, server = await asyncio.open_unix_connection(f"{host}/.s.PGSQL.{port or 5432}")
        else:
            answers, server = await asyncio.open_connection(host, port or 5432)
        self._clients.append(client)
        back = asyncio.create_task(self._answer(answers, client))
        with suppress(ConnectionError):
            while data := await reader.read(65536):
                if self._next_answer:
                    client.write(self._next_answer)
                    self._next_answer = b""
                    break
                server.write(data)
        back.cancel()
        self._clients.remove(client)
        server.close()
        client.close()

    async def _answer(self, answers: asyncio.StreamReader, client: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await answers.read(65536):
                if self._answering:
                    client.write(data)
        client.close()


def _fatal(code: str) -> bytes:
    """Return an ErrorResponse (PostgreSQL documentation, "Message Formats")."""
    fields = b"".join(
        f"{name}{value}\0".encode()
        for name, value in (("S", "FATAL"), ("V", "FATAL"), ("C", code), ("M", "terminating connection"))
    )
    return b"E" + struct.pack("!I", len(fields) + 5) + fields + b"\0"
