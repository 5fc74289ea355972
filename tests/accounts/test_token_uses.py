"""When a personal token was last used: noted at most once a minute."""

import asyncio
from collections.abc import Iterator
from typing import Any

import asyncpg
import pytest

from donebase.accounts.grants import LOCK, find_personal_grant, mark_used
from tests.support.authentication import (
    Watched,
    authenticator_of,
    hash_of,
    new_token,
    run,
)
from tests.support.databases import a_database_with_tables, fetchval

LAST_USED = "SELECT last_used_at FROM personal_tokens WHERE hash = $1"
SET_LAST_USED = "UPDATE personal_tokens SET last_used_at = now() - interval '61 seconds' WHERE hash = $1"


@pytest.fixture(scope="module")
def database_url() -> Iterator[str]:
    """A database of this file's own: a service would note uses there as well, and nobody while another process does."""
    with a_database_with_tables() as url:
        yield url


@pytest.fixture
def script(database_url: str, alice: int) -> bytes:
    """The header with a personal token of alice."""
    return bytes(run(database_url, lambda database: new_token(database, alice)))


def test_a_use_is_noted_at_most_once_a_minute(database_url: str, script: bytes) -> None:
    key = hash_of(script)

    def used() -> Any:
        run(database_url, lambda database: find_personal_grant(database, key))
        return fetchval(database_url, LAST_USED, key)

    before = fetchval(database_url, "SELECT now()")
    assert fetchval(database_url, LAST_USED, key) is None
    first = used()
    assert before <= first
    assert used() == first
    fetchval(database_url, SET_LAST_USED, key)
    assert first < used()


def test_the_use_of_a_token_that_has_expired_is_not_noted(database_url: str, script: bytes) -> None:
    key = hash_of(script)
    fetchval(database_url, "UPDATE personal_tokens SET expires_at = now() WHERE hash = $1", key)
    assert run(database_url, lambda database: find_personal_grant(database, key)) is None
    assert fetchval(database_url, LAST_USED, key) is None


def test_the_use_of_a_token_that_is_remembered_is_noted_when_it_is_confirmed(database_url: str, script: bytes) -> None:
    key = hash_of(script)

    async def story(database: Watched) -> list[int]:
        known = authenticator_of(database)
        await known.authenticate(script)
        first = await asyncio.to_thread(fetchval, database_url, LAST_USED, key)
        database.take()
        await known.confirm()
        statements = [database.take()]
        assert await asyncio.to_thread(fetchval, database_url, LAST_USED, key) == first
        await asyncio.to_thread(fetchval, database_url, SET_LAST_USED, key)
        assert known.known(script)
        await known.confirm()
        assert await asyncio.to_thread(fetchval, database_url, LAST_USED, key) >= first
        return [*statements, database.take()]

    assert run(database_url, story) == [1, 2]


@pytest.fixture
def locked(database_url: str) -> Iterator[None]:
    """Another process that marks tokens as used, all the while."""
    runner = asyncio.Runner()
    connection = runner.run(asyncpg.connect(database_url, statement_cache_size=0))
    transaction = connection.transaction()
    runner.run(transaction.start())
    runner.run(connection.execute("SELECT pg_advisory_xact_lock($1)", LOCK))
    yield
    runner.run(transaction.rollback())
    runner.run(connection.close())
    runner.close()


@pytest.mark.usefixtures("locked")
def test_two_processes_that_note_uses_do_not_wait_for_each_other(database_url: str, script: bytes) -> None:
    run(database_url, lambda database: mark_used(database, [hash_of(script)]))
    assert fetchval(database_url, LAST_USED, hash_of(script)) is None
