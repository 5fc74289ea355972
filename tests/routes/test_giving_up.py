"""A thousand clients that give up in the middle: nothing of theirs stays behind, and no task is half made."""

import asyncio
import json
import socket
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.conftest import NO_HURRY
from tests.support.connections import reset_at_close
from tests.support.databases import fill_without_history
from tests.support.families import FAMILIES, USERS
from tests.support.held_up import Onlooker
from tests.support.kept_alive import KeptAlive
from tests.support.processes import Service
from tests.support.waiting import DEADLINE, until

CLIENTS = 1_000
AT_ONCE = 100
POOL = 2
READER, WRITER = 1, 2
LONG_LIST, LONG_TEXT = 300, 2_000

Send = Callable[[socket.socket, int], None]


def create(turn: int, title: str, *, short_by: int = 0) -> tuple[bytes, bytes]:
    """Return the headers and the body of a create; the headers promise so many bytes more than the body has."""
    family = FAMILIES[turn % len(FAMILIES)]
    body = json.dumps(family.body(WRITER, title=title, description=title)).encode()
    head = [
        f"POST {family.address(WRITER)} HTTP/1.1",
        "Host: donebase.example",
        "Content-Type: application/json",
        f"Content-Length: {len(body) + short_by}",
    ]
    return "\r\n".join([*head, "", ""]).encode(), body


def in_the_headers(connection: socket.socket, turn: int) -> None:
    head, _ = create(turn, "never sent")
    connection.sendall(head[: len(head) // 2])


def after_the_headers(connection: socket.socket, turn: int) -> None:
    head, _ = create(turn, "never sent")
    connection.sendall(head)


def in_the_body(connection: socket.socket, turn: int) -> None:
    """What has arrived by then could be taken for a whole task."""
    head, body = create(turn, "half a body", short_by=100)
    connection.sendall(head + body)


def after_the_body(connection: socket.socket, turn: int) -> None:
    head, body = create(turn, f"whole {turn}")
    connection.sendall(head + body)


def in_a_long_list(connection: socket.socket, _turn: int) -> None:
    connection.sendall(f"GET {USERS.address(READER)} HTTP/1.1\r\nHost: donebase.example\r\n\r\n".encode())
    assert connection.recv(1024).startswith(b"HTTP/1.1 200 OK")


MOMENTS: tuple[Send, ...] = (in_the_headers, after_the_headers, in_the_body, after_the_body, in_a_long_list)


def give_up(service: Service, turn: int) -> None:
    """Connect, send as much as one moment wants, and go: every other client in order, the rest with a reset."""
    place = urlsplit(service.address)
    with socket.socket() as connection:
        connection.settimeout(DEADLINE)
        # Little room at this end: a long list is still on its way when its reader goes.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.connect((place.hostname, place.port))
        MOMENTS[turn % len(MOMENTS)](connection, turn)
        if turn // len(MOMENTS) % 2:
            reset_at_close(connection)


async def every_connection_works(service: Service, onlooker: Onlooker) -> None:
    """See that as many creates are at work at a time as the pool has connections, and those who wait get their turn."""
    clients = [KeptAlive(service.address) for _ in range(20)]
    create_one = {"title": "afterwards", "description": "afterwards"}
    async with onlooker.holding_up_writes():
        asked = [asyncio.create_task(client.ask("POST", USERS.address(WRITER), create_one)) for client in clients]
        await onlooker.wait_for(POOL, "wait_event_type = 'Lock'")
    assert [(await reply).status for reply in asked] == [201] * len(clients)
    for client in clients:
        await client.close()


@pytest.fixture
def service_and_database(own_database: str, folder: Path) -> Iterator[tuple[Service, str]]:
    """A service with a small pool on a database of its own, and that database's URL."""
    settings = {"DATABASE_URL": own_database, "DATABASE_POOL_SIZE": str(POOL), **NO_HURRY}
    fill_without_history(own_database, READER, LONG_LIST, "x" * LONG_TEXT)
    with Service(folder, **settings) as service:
        yield service.ready(), own_database


async def a_thousand_give_up(service: Service, url: str) -> None:
    async def more_descriptors() -> int:
        return service.descriptors() - before

    before = service.descriptors()
    async with Onlooker(url) as onlooker:
        with ThreadPoolExecutor(AT_ONCE) as threads:
            list(threads.map(partial(give_up, service), range(CLIENTS)))
        await every_connection_works(service, onlooker)
        await onlooker.wait_for(0, "state <> 'idle'")
        client = KeptAlive(service.address)
        health = await client.ask("GET", "/health")
        await client.close()
        assert (health.status, health.json()["status"]) == (200, "ok")
        await onlooker.wait_for(POOL, "true")
        await until(more_descriptors, POOL)


async def stored(url: str) -> Counter[tuple[object, ...]]:
    async with Onlooker(url) as onlooker:
        return Counter(await onlooker.fetch(f"SELECT title, description FROM tasks WHERE user_id = {WRITER}"))


def test_nothing_is_left_of_a_thousand_clients_that_gave_up(service_and_database: tuple[Service, str]) -> None:
    service, url = service_and_database
    asyncio.run(a_thousand_give_up(service, url))
    assert service.stop() == 0
    made = asyncio.run(stored(url))
    assert made.pop(("afterwards", "afterwards")) == 20
    assert made.keys() <= {(f"whole {turn}", f"whole {turn}") for turn in range(CLIENTS)}
    assert set(made.values()) == {1}
    assert {line["level"] for line in service.lines} == {"info"}
