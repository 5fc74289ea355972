"""How the service says how it is."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from donebase import __version__
from donebase.app import create_app
from donebase.postgres import database
from donebase.settings import Settings
from tests.support.waiting import DEADLINE


def test_all_is_well(client: httpx.Client) -> None:
    """002 T038."""
    response = client.get("/health")
    assert response.status_code == 200
    assert response.json() == {"status": "ok", "database": "ok", "version": __version__}
    assert client.get("/livez").json() == {"status": "ok"}


@asynccontextmanager
async def hanging() -> AsyncIterator[httpx.AsyncClient]:
    """Yield a client of a service whose database never answers, for which requests wait for ten minutes."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"postgresql://127.0.0.1:{silent.getsockname()[1]}/nothing"
        app = create_app(Settings.read(database_url=url, database_timeout=600, database_pool_wait=600))
        transport = httpx.ASGITransport(app=app)
        async with asyncio.timeout(DEADLINE), httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            yield client
        await app.state.database.close()


def test_a_database_that_hangs_is_told_whatever_a_request_may_wait() -> None:
    async def ask() -> list[httpx.Response]:
        async with hanging() as client:
            return await asyncio.gather(*(client.get("/health") for _ in range(20)))

    for response in asyncio.run(ask()):
        assert response.status_code == 503
        assert response.json() == {"status": "unavailable", "database": "unavailable", "version": __version__}


def test_the_process_is_well_while_its_database_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "_HEALTH_TIMEOUT", 600)

    async def ask() -> None:
        async with hanging() as client:
            health = [asyncio.create_task(client.get("/health")) for _ in range(20)]
            assert (await client.get("/livez")).status_code == 200
            assert not any(each.done() for each in health)
            for each in health:
                each.cancel()
            await asyncio.wait(health)

    asyncio.run(ask())
