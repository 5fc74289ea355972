"""kill -9 while users are deleted: whatever was being done, the next process finishes it, and nothing survives."""

import asyncio
import itertools
from functools import partial
from pathlib import Path

import asyncpg
import httpx
import pytest

from donebase import maintenance
from donebase.app import create_service
from donebase.settings import Settings
from tests.support.accounts import PHRASE, Member
from tests.support.databases import fetchval, fill
from tests.support.deleted import AT_ONCE, left_of, recorded, rows_of, with_everything
from tests.support.held_up import Onlooker
from tests.support.in_process import serving
from tests.support.postgresql import Postgresql
from tests.support.processes import Service
from tests.support.waiting import wait_for

# In the order of the steps.
TABLES = (*AT_ONCE, "tasks", "history", "idempotency_keys", "users", "account_deletions")
HELD_UP = "wait_event_type = 'Lock'"
LONG_AGO = 30  # minutes: the record goes as soon as nothing is left


def service(folder: Path, url: str, **settings: str) -> Service:
    """A service that carries deletions out, keeps the whole history, and is in no hurry with a lock."""
    required = {"AUTH": "required", "TRUSTED_PROXIES": "127.0.0.1", "HISTORY_DAYS": "0", "DATABASE_TIMEOUT": "600"}
    return Service(folder, DATABASE_URL=url, **required, **settings)


def as_far_as(url: str, user: int, table: str) -> None:
    """Make a user whose deletion has come as far as a table."""
    with_everything(url, user)
    recorded(url, user, LONG_AGO)
    for each in itertools.takewhile(lambda each: each != table, TABLES):
        fetchval(url, f"DELETE FROM {each} WHERE {'id' if each == 'users' else 'user_id'} = $1", user)
        if each == "tasks" and table not in ("history", "tasks"):
            fetchval(url, "DELETE FROM history WHERE user_id = $1", user)


def killed_at(folder: Path, url: str, user: int, table: str, *, carried_out: bool) -> None:
    """Kill a service while its statement waits for a row of a user. The statement is then carried out or lost."""

    async def story() -> None:
        holder = await asyncpg.connect(url, statement_cache_size=0)
        async with Onlooker(url) as onlooker:
            async with holder.transaction():
                owner = "id" if table == "users" else "user_id"
                await holder.execute(f"SELECT FROM {table} WHERE {owner} = {user} FOR UPDATE")
                with service(folder, url) as running:
                    await onlooker.wait_for(1, f"{HELD_UP} AND query LIKE '%DELETE FROM {table}%'")
                    running.kill()
                if not carried_out:
                    await onlooker.end(HELD_UP)
                    await onlooker.wait_for(0, HELD_UP)
            await holder.close()
            await onlooker.wait_for(0, HELD_UP)

    asyncio.run(story())


@pytest.mark.long
@pytest.mark.parametrize("carried_out", [True, False])
def test_a_kill_at_any_step_loses_nothing(own_database: str, folder: Path, bob: int, carried_out: bool) -> None:
    with_everything(own_database, bob)
    before = rows_of(own_database, bob)
    for user, table in enumerate(TABLES, 1):
        as_far_as(own_database, user, table)
        killed_at(folder, own_database, user, table, carried_out=carried_out)
    users = range(1, len(TABLES) + 1)
    with service(folder, own_database):
        wait_for(lambda: not any(left_of(own_database, user) for user in users), every=0.5)
    assert rows_of(own_database, bob) == before


@pytest.mark.long
def test_many_kills_in_the_middle_of_it_lose_nothing(own_database: str, folder: Path, bob: int) -> None:
    with_everything(own_database, bob)
    before = rows_of(own_database, bob)
    with_everything(own_database, 1, 20_000)
    recorded(own_database, 1, LONG_AGO)
    # Each row of the history is to be removed as well that a removed task leaves.
    counts = {"tasks": 2, "history": 1, "idempotency_keys": 1}
    sums = (f"{weight} * (SELECT count(*) FROM {table} WHERE user_id = 1)" for table, weight in counts.items())
    count = f"SELECT {' + '.join(sums)}"

    def has_begun(left: int) -> bool:
        return left == 0 or fetchval(own_database, count) < left

    for _ in range(8):
        left = fetchval(own_database, count)
        with service(folder, own_database) as running:
            wait_for(partial(has_begun, left))
            running.kill()
    with service(folder, own_database):
        wait_for(lambda: left_of(own_database, 1) == {}, every=0.5)
    assert rows_of(own_database, bob) == before


@pytest.mark.parametrize("table", AT_ONCE)
def test_a_kill_within_the_request_loses_nothing(own_database: str, folder: Path, table: str) -> None:
    """The client does not know whether the account is gone; it is, from the first statement on."""

    async def story(running: Service, member: Member) -> None:
        holder = await asyncpg.connect(own_database, statement_cache_size=0)
        async with Onlooker(own_database) as onlooker:
            async with holder.transaction():
                await holder.execute(f"SELECT FROM {table} WHERE user_id = {member.number} FOR UPDATE")
                request = asyncio.create_task(asyncio.to_thread(member.ask, "DELETE", "me", password=PHRASE))
                await onlooker.wait_for(1, f"{HELD_UP} AND query LIKE '%DELETE FROM {table}%'")
                running.kill()
                with pytest.raises(httpx.TransportError):
                    await request
            await holder.close()

    with service(folder, own_database) as running, httpx.Client(base_url=running.ready().address) as client:
        member = Member.new(client)
        fill(own_database, member.number, 3)
        assert member.ask("POST", "tokens", name="x", scopes=["tasks:read"]).status_code == 201
        fetchval(own_database, "INSERT INTO identities VALUES ('x', '', $1)", member.number)
        asyncio.run(story(running, member))
    with service(folder, own_database) as running, httpx.Client(base_url=running.ready().address) as client:
        wait_for(lambda: left_of(own_database, member.number) == {"account_deletions": 1}, every=0.5)
        assert not member._replace(client=client).knows(PHRASE)


def test_an_outage_of_the_database_in_the_middle_of_it_loses_nothing(
    server: Postgresql, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(maintenance, "NEXT_LOOK", (0.2, 0.5))
    url = server.url(database)
    with_everything(url, 1, 10_000)
    recorded(url, 1)
    settings = Settings.read(database_url=url, auth="required", database_pool_wait=1)
    with serving(create_service(settings)) as address:
        tasks = "SELECT count(*) FROM tasks"
        wait_for(lambda: fetchval(url, tasks) < 10_000)
        server.kill()
        wait_for(lambda: httpx.get(f"{address}/health").status_code == 503)
        server.start()
        wait_for(lambda: left_of(url, 1) == {"account_deletions": 1}, every=0.5)
