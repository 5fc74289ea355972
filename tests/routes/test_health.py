"""How the service says how it is."""

import asyncio
import socket
import time

import httpx

from donebase import __version__
from donebase.app import create_app
from donebase.settings import Settings


def test_all_is_well(client: httpx.Client) -> None:
    """002 T038."""
    response = client.get("/health")
    assert response.status_code == 200
    assert response.json() == {"status": "ok", "database": "ok", "version": __version__}
    assert client.get("/livez").json() == {"status": "ok"}


def test_a_database_that_hangs_is_told_within_two_seconds() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        app = create_app(Settings.read(database_url=f"postgresql://127.0.0.1:{silent.getsockname()[1]}/nothing"))

        async def ask() -> list[tuple[httpx.Response, float]]:
            transport = httpx.ASGITransport(app=app)
            async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:

                async def timed(path: str) -> tuple[httpx.Response, float]:
                    began = time.monotonic()
                    return await client.get(path), time.monotonic() - began

                answers = await asyncio.gather(*(timed("/health") for _ in range(20)), timed("/livez"))
            await app.state.database.close()
            return answers

        *health, (alive, _) = asyncio.run(ask())
    assert alive.status_code == 200
    for response, seconds in health:
        assert response.status_code == 503
        assert response.json() == {"status": "unavailable", "database": "unavailable", "version": __version__}
        assert seconds < 3  # two, and one for a machine that is busy with other tests
