"""kill -9 between a commit and its answer: the same request again, with its key, is answered and not done again.

A relay loses the answer of PostgreSQL; that the write was committed is seen by way of another connection.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from tests.support.databases import fetchval
from tests.support.families import API, USERS, Json
from tests.support.kept_alive import NO_ANSWER, KeptAlive, Reply
from tests.support.postgresql import Postgresql
from tests.support.processes import Service
from tests.support.relay import Relay
from tests.support.waiting import until

ENDS: dict[str, Callable[[Postgresql], None]] = {
    "pg_ctl stop -m immediate": lambda server: server.stop("immediate"),
    "a power cut": lambda server: server.kill(),
}


class Client:
    """A user whose writes all have keys, and what is kept of them."""

    def __init__(self, service: Service, url: str, user: int) -> None:
        self.connection = KeptAlive(service.address)
        self._url = url
        self._user = user

    async def write(self, kind: str, task_id: int, key: str) -> Reply:
        """Create a task, or toggle or delete one."""
        ask = self.connection.ask
        match kind:
            case "create":
                return await ask("POST", USERS.address(self._user), {"title": "Buy milk"}, key)
            case "toggle":
                return await ask("PATCH", f"{API.one(self._user, task_id)}/complete", None, key)
            case _:
                return await ask("DELETE", USERS.one(self._user, task_id), None, key)

    async def tasks(self) -> list[Json]:
        """Return the tasks of the user."""
        found: list[Json] = (await self.connection.ask("GET", USERS.address(self._user))).json()
        return found

    async def without_an_answer(self, relay: Relay, kind: str, task_id: int, end: Callable[[], object]) -> None:
        """Write, and end something when that is committed but not answered."""
        with relay.losing_answers():
            writing = asyncio.create_task(self.write(kind, task_id, "lost"))
            await until(self._committed, 1)
            assert not writing.done()
            await asyncio.to_thread(end)
            with suppress(*NO_ANSWER):
                assert (await writing).status == 500

    async def again(self, kind: str, task_id: int) -> Reply:
        """Write once more, as often as it takes for the database to come back, and see that it is a repetition."""
        replies: list[Reply] = []

        async def answered() -> int:
            replies.append(await self.write(kind, task_id, "lost"))
            return replies[-1].status != 500

        await until(answered, wanted=True)
        reply = replies[-1]
        assert reply.headers["idempotent-replayed"] == "true", reply
        assert (await self.write(kind, task_id, "lost")).content == reply.content
        return reply

    async def _committed(self) -> int:
        sql = "SELECT count(*) FROM idempotency_keys WHERE user_id = $1 AND key = 'lost'"
        return int(await asyncio.to_thread(fetchval, self._url, sql, self._user))


@asynccontextmanager
async def serving(relay: Relay, folder: Path, url: str, user: int) -> AsyncIterator[tuple[Service, Client]]:
    """Start a service that has one connection to PostgreSQL, by way of a relay, and give it a client.

    A statement that this connection has seen before is sent in one piece, so an answer to it means that it is done.
    """
    with Service(folder, DATABASE_URL=relay.url, DATABASE_POOL_SIZE="1", DATABASE_TIMEOUT="600") as service:
        await asyncio.to_thread(service.ready)
        client = Client(service, url, user)
        yield service, client
        await client.connection.close()


def is_as_written(kind: str, reply: Reply, before: list[Json], after: list[Json]) -> None:
    """See that a write has been done once, and that its answer tells so."""
    others, task = before[:-1], before[-1]
    if kind == "create":
        assert (reply.status, after) == (201, [*before, reply.json()])
    elif kind == "toggle":
        assert (reply.status, after) == (200, [*others, reply.json()])
        assert reply.json()["completed"] is not task["completed"]
    else:
        assert (reply.status, after) == (200, others)


async def prepared(client: Client, kind: str) -> list[Json]:
    """Let the statement of a write be seen once, and return the tasks that there are then."""
    for key in ("1", "2", "3"):
        await client.write("create", 0, key)
    await client.write(kind, (await client.tasks())[0]["id"], "4")
    return await client.tasks()


@pytest.mark.parametrize("kind", ["create", "delete"])
def test_a_write_of_a_service_that_was_killed_is_answered_by_the_next(
    own_database: str, folder: Path, alice: int, kind: str
) -> None:
    async def story() -> None:
        async with Relay(own_database) as relay:
            async with serving(relay, folder, own_database, alice) as (service, client):
                before = await prepared(client, kind)
                await client.without_an_answer(relay, kind, before[-1]["id"], service.kill)
            async with serving(relay, folder, own_database, alice) as (_, client):
                reply = await client.again(kind, before[-1]["id"])
                is_as_written(kind, reply, before, await client.tasks())

    asyncio.run(story())


@pytest.mark.parametrize(("kind", "end"), [("create", "a power cut"), ("toggle", "pg_ctl stop -m immediate")])
def test_a_write_of_a_postgresql_that_was_killed_is_answered_when_it_is_back(
    server: Postgresql, database: str, folder: Path, alice: int, kind: str, end: str
) -> None:
    async def story() -> None:
        url = server.url(database)
        async with Relay(url) as relay, serving(relay, folder, url, alice) as (_, client):
            before = await prepared(client, kind)
            await client.without_an_answer(relay, kind, before[-1]["id"], lambda: ENDS[end](server))
            await asyncio.to_thread(server.start)
            reply = await client.again(kind, before[-1]["id"])
            is_as_written(kind, reply, before, await client.tasks())

    asyncio.run(story())
