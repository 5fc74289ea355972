"""How the service says how it is."""

import asyncio
import socket

import httpx

from donebase import __version__
from donebase.app import create_app
from donebase.settings import Settings
from tests.support.waiting import DEADLINE


def test_all_is_well(client: httpx.Client) -> None:
    """002 T038."""
    response = client.get("/health")
    assert response.status_code == 200
    assert response.json() == {"status": "ok", "database": "ok", "version": __version__}
    assert client.get("/livez").json() == {"status": "ok"}


def test_a_database_that_hangs_is_told_whatever_a_request_may_wait() -> None:
    patient = {"database_timeout": 600, "database_pool_wait": 600}
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"postgresql://127.0.0.1:{silent.getsockname()[1]}/nothing"
        app = create_app(Settings.read(database_url=url, **patient))

        async def ask() -> list[httpx.Response]:
            transport = httpx.ASGITransport(app=app)
            async with (
                asyncio.timeout(DEADLINE),
                httpx.AsyncClient(transport=transport, base_url="http://test") as client,
                asyncio.TaskGroup() as group,
            ):
                health = [group.create_task(client.get("/health")) for _ in range(20)]
                assert (await client.get("/livez")).status_code == 200
                assert not any(each.done() for each in health)
            await app.state.database.close()
            return [each.result() for each in health]

        health = asyncio.run(ask())
    for response in health:
        assert response.status_code == 503
        assert response.json() == {"status": "unavailable", "database": "unavailable", "version": __version__}
