"""Clients that create tasks while their service ends, and what they were told."""

import asyncio
from urllib.parse import urlsplit

from tests.support.families import USERS
from tests.support.held_up import Onlooker
from tests.support.kept_alive import NO_ANSWER, KeptAlive, Reply
from tests.support.processes import Service
from tests.support.waiting import until


class Told:
    """What the clients of one user were told of the tasks that they wanted."""

    def __init__(self, user: int) -> None:
        self.user = user
        self.made: set[str] = set()
        self.refused: list[Reply] = []
        self.unanswered: set[str] = set()
        self.goodbyes = 0

    async def create(self, connection: KeptAlive, title: str) -> Reply:
        """Create a task. Raises one of NO_ANSWER."""
        try:
            reply = await connection.ask("POST", USERS.address(self.user), {"title": title})
        except NO_ANSWER:
            self.unanswered.add(title)
            raise
        if reply.status == 201:
            self.made.add(title)
        else:
            self.refused.append(reply)
        return reply

    async def stored(self, onlooker: Onlooker) -> set[str]:
        """Return the titles of this user's tasks as the database has them."""
        rows = await onlooker.fetch(f"SELECT title FROM tasks WHERE user_id = {self.user}")
        return {str(title) for (title,) in rows}


async def on_one_connection(service: Service, told: Told, name: str) -> None:
    """Create one task after the other on a connection that is kept, until an answer says that it is the last."""
    connection = KeptAlive(service.address)
    turn, reply = 0, None
    while reply is None or reply.headers.get("connection") != "close":
        turn += 1
        reply = await told.create(connection, f"{name} {turn}")
    told.goodbyes += 1


async def on_new_connections(service: Service, told: Told, name: str) -> None:
    """Create one task after the other, each on a connection of its own, until there is no connection to be had."""
    turn = 0
    while True:
        turn += 1
        connection = KeptAlive(service.address)
        try:
            await told.create(connection, f"{name} {turn}")
        except ConnectionRefusedError:
            return
        except NO_ANSWER:
            continue
        await connection.close()


async def stop(service: Service) -> int:
    """Ask a service to end, and return its exit status."""
    return await asyncio.to_thread(service.stop)


async def no_longer_takes_connections(service: Service) -> None:
    """Wait until a service refuses new clients."""

    place = urlsplit(service.address)

    async def taken() -> int:
        try:
            _, connection = await asyncio.open_connection(place.hostname, place.port)
        except ConnectionRefusedError:
            return False
        except ConnectionResetError:  # the listener was closed before it was accepted
            return True
        connection.transport.abort()
        return True

    await until(taken, wanted=False)
