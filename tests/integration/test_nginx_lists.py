"""A list through an nginx that speaks HTTP/1.0 to the service, as nginx does unless it is told otherwise."""

import asyncio
import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from tests.support.databases import ended, execute, fill_without_history
from tests.support.families import USERS
from tests.support.nginx import Nginx, nginx
from tests.support.processes import Service
from tests.support.slow_readers import asks, everything_from

READER = 1
ROWS = 3_000


@pytest.fixture
def proxy(own_database: str, folder: Path) -> Iterator[Nginx]:
    """An nginx before a service in whose database there is a list of 12 MB."""
    fill_without_history(own_database, READER, ROWS, "x" * 4000)
    with (
        Service(folder, DATABASE_URL=own_database) as service,
        nginx(urlsplit(service.ready().address).netloc, http_version="1.0") as running,
    ):
        yield running


def test_half_a_list_is_no_whole_response_behind_nginx(proxy: Nginx, own_database: str) -> None:
    """nginx takes the end of a connection for the end of a response, but not a reset."""
    name = urlsplit(own_database).path[1:]
    assert len(httpx.get(proxy.address + USERS.address(READER)).json()) == ROWS
    with asks(proxy.address, f"GET {USERS.address(READER)} HTTP/1.1") as slow:
        assert slow.recv(1, socket.MSG_PEEK)
        asyncio.run(execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false", ended(name)))
        half = everything_from(slow)
    assert half.startswith(b"HTTP/1.1 200")
    assert b"transfer-encoding: chunked" in half.lower()
    assert not half.endswith(b"\r\n0\r\n\r\n")
