"""Deleting an account answers at once, and takes everything with it later, whatever other processes remember."""

import asyncio
from pathlib import Path

import asyncpg
import httpx
import pytest

from donebase import maintenance
from donebase.accounts import known_grants
from donebase.app import create_service
from donebase.settings import Settings
from tests.conftest import NO_HURRY
from tests.support import tokens
from tests.support.accounts import PHRASE, Member
from tests.support.databases import fetchval, fill
from tests.support.deleted import left_of, rows_of
from tests.support.event_source import EventSource
from tests.support.in_process import serving
from tests.support.personal_tokens import ScriptsToken
from tests.support.processes import Service
from tests.support.tokens import Person
from tests.support.waiting import wait_for

MANY = 20_000  # twenty steps of each kind
RECORD = {"account_deletions": 1}
TASKS = "SELECT count(*) FROM tasks WHERE user_id = $1"
REQUIRED = {"AUTH": "required", "AUTH_JWT_SECRET": tokens.SECRET, "TRUSTED_PROXIES": "127.0.0.1"}


def deleted(member: Member) -> None:
    answer = member.ask("DELETE", "me", password=PHRASE)
    assert (answer.status_code, answer.content) == (204, b"")


@pytest.mark.long
def test_a_large_account_is_deleted_at_once_and_everything_goes_later(
    guarded_client: httpx.Client, database_url: str, ben: Person
) -> None:
    """It answers while no task can be removed; meanwhile, others are served, and nothing of theirs goes."""
    member = Member.new(guarded_client)
    fill(database_url, member.number, MANY)

    async def story() -> None:
        holder = await asyncpg.connect(database_url, statement_cache_size=0)
        async with holder.transaction():
            await holder.execute(f"SELECT FROM users WHERE id = {member.number} FOR UPDATE")
            await asyncio.to_thread(deleted, member)
            assert await holder.fetchval(TASKS, member.number) == MANY
        await holder.close()

    asyncio.run(story())
    assert not {"accounts", "sessions"} & left_of_grants(database_url, member.number)
    created = []

    def others_are_served() -> None:
        task = guarded_client.post("/users/me/tasks", json={"title": "x"}, headers=ben.headers)
        assert task.status_code == 201
        created.append(task.json())

    def is_gone() -> bool:
        others_are_served()
        return bool(fetchval(database_url, TASKS, member.number) == 0)

    wait_for(is_gone, every=0.1)
    wait_for(lambda: fetchval(database_url, "SELECT count(*) FROM users WHERE id = $1", member.number) == 0, every=0.1)
    assert left_of(database_url, member.number) == RECORD
    assert guarded_client.get("/users/me/tasks", headers=ben.headers).json() == created


def left_of_grants(url: str, user: int) -> set[str]:
    """Return which tables have rows of what lets a user in."""
    names = ("accounts", "sessions", "personal_tokens", "identities")
    return {name for name in names if fetchval(url, f"SELECT count(*) FROM {name} WHERE user_id = $1", user)}


def test_everything_goes_and_nothing_of_anybody_else(
    guarded_client: httpx.Client, database_url: str, ben: Person
) -> None:
    """The history is kept for ever there (HISTORY_DAYS=0)."""
    member = Member.new(guarded_client)
    owner = Person(str(member.number), member.number, member.headers)
    ScriptsToken.made(guarded_client, owner)
    for person in (owner, ben):
        headers = person.headers | {"Idempotency-Key": "the-same-key"}
        task = guarded_client.post("/users/me/tasks", json={"title": "x"}, headers=headers).json()
        path = f"/users/me/tasks/{task['id']}"
        assert guarded_client.put(path, json={"title": "y"}, headers=person.headers).status_code == 200
    before = rows_of(database_url, ben.number)
    assert {"tasks", "history", "idempotency_keys", "users"} <= before.keys()
    deleted(member)
    wait_for(lambda: left_of(database_url, member.number) == RECORD, every=0.1)
    assert rows_of(database_url, ben.number) == before


def test_live_streams_of_the_user_end_in_every_process(
    guarded: Service, guarded_client: httpx.Client, database_url: str, folder: Path, ben: Person
) -> None:
    member = Member.new(guarded_client)
    with Service(folder, DATABASE_URL=database_url, HISTORY_DAYS="0", **REQUIRED, **NO_HURRY) as other:
        addresses = [guarded.address, other.ready().address]
        streams = [EventSource(each, "/users/me/events", member.headers).opened() for each in addresses]
        with EventSource(guarded.address, "/users/me/events", ben.headers).opened() as stays:
            deleted(member)
            assert [each.rest().replace(b":\n\n", b"") for each in streams] == [b"", b""]
            created = guarded_client.post("/users/me/tasks", json={"title": "x"}, headers=ben.headers).json()
            assert stays.next().data["tasks"] == [created]
        for each in streams:
            each.close()


def test_what_is_written_with_a_token_that_a_process_remembers_goes_as_well(
    own_database: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("FIRST_LOOK", "NEXT_LOOK"):
        monkeypatch.setattr(maintenance, name, (3600, 3600))
    monkeypatch.setattr(maintenance, "CONFIRM_EVERY", 3600)
    monkeypatch.setattr(known_grants, "TRUSTED", 3600)
    required = {name.lower(): value for name, value in REQUIRED.items()}
    settings = Settings.read(database_url=own_database, database_timeout=600, **required)
    with (
        Service(folder, DATABASE_URL=own_database, **REQUIRED, **NO_HURRY) as first,
        httpx.Client(base_url=first.ready().address) as client,
        serving(create_service(settings)) as address,
        httpx.Client(base_url=address) as other,
    ):
        member = Member.new(client)
        assert other.post("/users/me/tasks", json={"title": "x"}, headers=member.headers).status_code == 201
        deleted(member)
        first.wait_for("deleted.removed")
        assert first.stop() == 0  # nobody looks any more until the other process does
        assert left_of(own_database, member.number) == RECORD
        late = other.post("/users/me/tasks", json={"title": "late"}, headers=member.headers)
        assert late.status_code == 201
        assert fetchval(own_database, TASKS, member.number) == 1
        deleted(Member.new(other))  # which lets that process look
        wait_for(lambda: left_of(own_database, member.number) == RECORD, every=0.1)
        assert not member._replace(client=other).is_admitted()
