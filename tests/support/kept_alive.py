"""A client that keeps its connection and costs a tenth of what a whole library does: for many requests at once."""

import asyncio
import json
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from tests.support.waiting import DEADLINE

# What a connection can do instead of answering.
NO_ANSWER = (OSError, TimeoutError, asyncio.IncompleteReadError)


class Reply(NamedTuple):
    """An answer as it came."""

    status: int
    headers: dict[str, str]
    content: bytes

    def json(self) -> Any:
        """Return what the content says."""
        return json.loads(self.content)


class KeptAlive:
    """One connection to one service, made when it is first needed and again after it was closed."""

    def __init__(self, address: str) -> None:
        self._host = urlsplit(address).netloc
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, method: str, path: str, body: Any = None, key: str = "") -> Reply:
        """Send one request, with an idempotency key if it has one, and return its answer.

        Raises one of NO_ANSWER; the connection is given up then.
        """
        try:
            async with asyncio.timeout(DEADLINE):
                return await self._ask(method, path, body, key)
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """Close the connection, where there is one."""
        if self._streams is not None:
            _, writer = self._streams
            self._streams = None
            # In order there would be a wait for what is still to be sent, to a service that may be gone.
            writer.transport.abort()
            try:
                await writer.wait_closed()
            except OSError:
                return

    async def _ask(self, method: str, path: str, body: Any, key: str) -> Reply:
        if self._streams is None:
            host, _, port = self._host.rpartition(":")
            self._streams = await asyncio.open_connection(host, int(port))
        reader, writer = self._streams
        lines = [f"{method} {path} HTTP/1.1", f"Host: {self._host}"]
        lines += [f"Idempotency-Key: {key}"] if key else []
        content = b"" if body is None else json.dumps(body).encode()
        if content:
            lines += ["Content-Type: application/json", f"Content-Length: {len(content)}"]
        writer.write("\r\n".join([*lines, "", ""]).encode() + content)
        status, *header_lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").rstrip().split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in header_lines)}
        answered = await _content(reader, headers)
        if headers.get("connection", "").lower() == "close":
            await self.close()
        return Reply(int(status.split()[1]), headers, answered)


async def _content(reader: asyncio.StreamReader, headers: dict[str, str]) -> bytes:
    if headers.get("transfer-encoding") != "chunked":
        return await reader.readexactly(int(headers.get("content-length", 0)))
    content = b""
    while length := int(await reader.readuntil(b"\r\n"), 16):
        content += (await reader.readexactly(length + 2))[:-2]
    await reader.readexactly(2)
    return content
