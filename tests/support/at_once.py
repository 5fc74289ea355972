"""Many requests at the same moment."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import httpx

from tests.support.processes import Service

Request = Callable[[httpx.AsyncClient, int], Coroutine[Any, Any, httpx.Response]]


def at_once(service: Service, number: int, request: Request) -> list[httpx.Response]:
    """Send a request `number` times, each on a connection of its own, all at the same moment."""

    async def one(turn: int) -> httpx.Response:
        # httpx's pool slows down with the square of its connections: 500 clients are quicker than one with 500.
        transport = httpx.AsyncHTTPTransport(verify=False)
        async with httpx.AsyncClient(base_url=service.address, transport=transport) as client:
            return await request(client, turn)

    async def all_of_them() -> list[httpx.Response]:
        return await asyncio.gather(*(one(turn) for turn in range(number)))

    return asyncio.run(all_of_them())
