"""A flood of sign-ins, and what other requests take meanwhile: the two clients of `bench.sign_ins`."""

import asyncio
import json
import secrets
import time
from collections import Counter
from typing import NamedTuple

from bench import RunFailed

RATE = 200
"""Requests in a second, sent at their times however long the ones before take."""
_CONNECTIONS = 20


class Flood(NamedTuple):
    """How a flood ended: answers by status, how many of them had a Retry-After, and in how many seconds."""

    answers: Counter[str]
    retry_after: int
    seconds: float


def send_flood(port: int, connections: int, each: int) -> Flood:
    """Send sign-ins for addresses that nobody has on so many connections at once, `each` on one: as soon as it can."""
    return asyncio.run(_flood(port, connections, each))


async def _flood(port: int, connections: int, each: int) -> Flood:
    answers: Counter[str] = Counter()
    retry_after = 0

    async def one(number: int) -> None:
        nonlocal retry_after
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            for turn in range(each):
                writer.write(_sign_in(number * each + turn))
                head = await _read(reader)
                answers[head[9:12].decode()] += 1
                retry_after += b"\r\nretry-after:" in head
            writer.close()
        except (OSError, asyncio.IncompleteReadError) as failure:
            answers[type(failure).__name__] += 1

    began = time.perf_counter()
    await asyncio.gather(*map(one, range(connections)))
    return Flood(answers, retry_after, time.perf_counter() - began)


def _sign_in(number: int) -> bytes:
    """Return a sign-in from an address of its own, which the service believes."""
    body = json.dumps({"email": f"{secrets.token_hex(8)}@example.com", "password": "not the right one"}).encode()
    address = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
    head = f"POST /auth/sign-in HTTP/1.1\r\nHost: bench\r\nX-Forwarded-For: {address}\r\n"
    return f"{head}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


async def _read(reader: asyncio.StreamReader) -> bytes:
    """Read an answer and return its head, in lower case."""
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    await reader.readexactly(int(head.partition(b"\r\ncontent-length: ")[2].partition(b"\r\n")[0]))
    return head


class Others:
    """People with a token who read their tasks, RATE times in a second, on connections that they have opened before."""

    def __init__(self, port: int, token: str) -> None:
        self._port = port
        self._request = f"GET /users/me/tasks HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {token}\r\n\r\n".encode()
        self._open: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def connect(self) -> None:
        """Open the connections, and send a first request on each."""
        for _ in range(_CONNECTIONS):
            self._open.append(await asyncio.open_connection("127.0.0.1", self._port))
        await self.ask(1.0)

    async def ask(self, until: "asyncio.Future[Flood] | float") -> list[float]:
        """Ask until a flood is over, or for so many seconds. Return what each answer took since it was due, in ms.

        Raises RunFailed for any answer but 200.
        """
        due: asyncio.Queue[float | None] = asyncio.Queue()
        took: list[float] = []
        asking = [asyncio.create_task(self._ask_when_due(*streams, due, took)) for streams in self._open]
        began, number = time.perf_counter(), 0
        while not until.done() if isinstance(until, asyncio.Future) else number < until * RATE:
            at = began + number / RATE
            await asyncio.sleep(max(0.0, at - time.perf_counter()))
            due.put_nowait(at)
            number += 1
        for _ in asking:
            due.put_nowait(None)
        await asyncio.gather(*asking)
        return took

    async def _ask_when_due(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        due: "asyncio.Queue[float | None]",
        took: list[float],
    ) -> None:
        while (at := await due.get()) is not None:
            writer.write(self._request)
            head = await _read(reader)
            if not head.startswith(b"http/1.1 200 "):
                raise RunFailed(f"another request was answered with {head[9:12].decode()}")
            took.append((time.perf_counter() - at) * 1000)
