"""SIGTERM in the middle of work: what has begun is answered, what is not answered was not done, and it ends in time."""

import asyncio
import signal
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

import pytest

from tests.outages.callers import Told, no_longer_takes_connections, on_new_connections, on_one_connection, stop
from tests.support.held_up import Onlooker
from tests.support.kept_alive import KeptAlive, Reply
from tests.support.problems import SHAPE
from tests.support.processes import Service
from tests.support.waiting import until

# An end that waits for these never comes.
NO_HURRY = {"SHUTDOWN_GRACE": "600", "DATABASE_TIMEOUT": "600", "DATABASE_POOL_WAIT": "600"}
# The last second and a half of it are for answers; to give a statement up takes one of them where PostgreSQL is busy.
SHORT_GRACE = {"SHUTDOWN_GRACE": "4", "DATABASE_TIMEOUT": "600", "DATABASE_POOL_WAIT": "600", "BODY_TIMEOUT": "600"}
A_MOMENT = 1.0
WAITING = 6
HALF_A_REQUEST = (
    "POST /users/1/tasks HTTP/1.1\r\nHost: donebase.example\r\n"
    'Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{"title": "'
)
A_LOCK = "wait_event_type = 'Lock'"


class Silent:
    """A client that says something, and nothing after that."""

    async def connect(self, service: Service, says: str = "") -> Self:
        place = urlsplit(service.address)
        self._from_it, self._to_it = await asyncio.open_connection(place.hostname, place.port)
        self._to_it.write(says.encode())
        return self

    async def is_answered(self) -> bytes:
        """Return the head of the next answer, which has nothing else."""
        return await self._from_it.readuntil(b"\r\n\r\n")

    async def hears(self) -> bytes:
        """Return all that it was told until the connection ended; nothing where it was reset, or never taken up."""
        try:
            response = await self._from_it.read()
        except ConnectionResetError:
            response = b""
        self._to_it.close()
        return response


@pytest.mark.parametrize("workers", ["1", "2"])
def test_what_is_asked_under_load_is_answered_or_not_done(
    database_url: str, folder: Path, alice: int, workers: str
) -> None:
    """A connection that is kept ends with an answer that says so; one that was never taken up has done nothing."""
    # A client of a busy machine may need longer than a quarter of a second for its next request.
    (folder / "sitecustomize.py").write_text("from donebase.serving import connection\nconnection.LINGER = 300\n")
    settings = {"DATABASE_URL": database_url, "WORKERS": workers, "PYTHONPATH": str(folder), **NO_HURRY}

    async def story(service: Service) -> None:
        callers = [on_one_connection(service, kept, f"kept {number}") for number in range(8)]
        callers += [on_new_connections(service, new, f"new {number}") for number in range(4)]
        at_work = asyncio.gather(*callers)
        await until(lambda: asyncio.sleep(0, len(kept.made) >= 200 and len(new.made) >= 50), wanted=True)
        assert await stop(service) == 0
        await at_work
        async with Onlooker(database_url) as onlooker:
            assert await kept.stored(onlooker) == kept.made | new.made

    kept, new = Told(alice), Told(alice)
    with Service(folder, **settings) as service:
        asyncio.run(story(service.ready()))
    assert (kept.unanswered, kept.goodbyes) == (set(), 8)
    assert kept.refused == new.refused == []
    assert {line["level"] for line in service.lines} == {"info"}


@pytest.mark.parametrize("workers", ["1", "2"])
def test_who_asks_for_nothing_does_not_keep_it_from_ending(database_url: str, folder: Path, workers: str) -> None:
    async def story(service: Service) -> None:
        never_asked = await Silent().connect(service)
        asked_before = await Silent().connect(service, "HEAD /livez HTTP/1.1\r\nHost: donebase.example\r\n\r\n")
        assert (await asked_before.is_answered()).startswith(b"HTTP/1.1 200 OK\r\n")
        assert await stop(service) == 0
        assert await never_asked.hears() == await asked_before.hears() == b""

    with Service(folder, DATABASE_URL=database_url, WORKERS=workers, **NO_HURRY) as service:
        asyncio.run(story(service.ready()))
    assert {line["level"] for line in service.lines} == {"info"}


async def waiting(onlooker: Onlooker, told: Told, clients: list[KeptAlive], what: str) -> list[asyncio.Task[Reply]]:
    """Let each client create a task, and return when all of them wait in the database."""
    asked = [asyncio.create_task(told.create(client, f"{what} {number}")) for number, client in enumerate(clients)]
    await onlooker.wait_for(len(clients), A_LOCK)
    return asked


def test_requests_that_take_their_time_are_answered(database_url: str, folder: Path, alice: int) -> None:
    """More than one signal changes nothing: a second Ctrl-C cuts off no request."""

    async def story(service: Service) -> None:
        clients = [KeptAlive(service.address) for _ in range(WAITING)]
        async with Onlooker(database_url) as onlooker, onlooker.holding_up_writes():
            asked = await waiting(onlooker, told, clients, "late")
            ended = asyncio.create_task(stop(service))
            await no_longer_takes_connections(service)
            for again in (signal.SIGTERM, signal.SIGINT, signal.SIGINT):
                await asyncio.sleep(A_MOMENT)
                assert not ended.done()
                service.process.send_signal(again)
        replies = [await each for each in asked]
        assert {reply.headers["connection"] for reply in replies} == {"close"}
        assert await ended == 0
        async with Onlooker(database_url) as onlooker:
            assert await told.stored(onlooker) == told.made

    told = Told(alice)
    with Service(folder, DATABASE_URL=database_url, **NO_HURRY) as service:
        asyncio.run(story(service.ready()))
    assert len(told.made) == WAITING
    assert {line["level"] for line in service.lines} == {"info"}


@pytest.mark.parametrize("workers", ["1", "2"])
def test_requests_that_take_too_long_do_not_keep_it_from_ending(
    database_url: str, folder: Path, alice: int, workers: str
) -> None:
    """They are told so, and are not carried out behind its back when the database goes on."""

    async def story(service: Service) -> None:
        clients = [KeptAlive(service.address) for _ in range(WAITING)]
        async with Onlooker(database_url) as onlooker:
            async with onlooker.holding_up_writes():
                # From now on the statement is prepared on each connection: all of it has been sent when it waits again.
                asked = await waiting(onlooker, told, clients, "early")
            early = {await each and f"early {number}" for number, each in enumerate(asked)}
            async with onlooker.holding_up_writes():
                asked = await waiting(onlooker, told, clients, "late")
                unfinished = await Silent().connect(service, HALF_A_REQUEST)
                ended = asyncio.create_task(stop(service))
                await no_longer_takes_connections(service)
                service.process.send_signal(signal.SIGTERM)
                status = await ended
                assert (await unfinished.hears())[:13] in (b"", b"HTTP/1.1 400 ", b"HTTP/1.1 503 ")
                await asyncio.gather(*asked, return_exceptions=True)
            assert status == 0
            await onlooker.wait_for(0, "state <> 'idle'")
            assert await told.stored(onlooker) == told.made == early

    told = Told(alice)
    with Service(folder, DATABASE_URL=database_url, WORKERS=workers, **SHORT_GRACE) as service:
        asyncio.run(story(service.ready()))
    assert told.unanswered == set()
    assert {(reply.status, reply.json()["code"]) for reply in told.refused} == {(500, "DATABASE_ERROR")}
    events = {line["event"] for line in service.lines if line["level"] != "info"}
    assert {"database_error"} <= events <= {"database_error", "shutdown_grace.exceeded"}
    assert all(set(reply.json()) == SHAPE and "retry-after" in reply.headers for reply in told.refused)
