"""What a process remembers of tokens: for how long, how much, and how it learns that one was revoked."""

import asyncio
import hashlib
import math
import secrets
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import asyncpg
import jwt
import pytest
from sqlalchemy import Executable

from donebase.accounts import authenticator, known_grants
from donebase.accounts.access_tokens import KEY_ID, AccessTokens
from donebase.accounts.authenticator import MOST_REMEMBERED, Authenticator
from donebase.accounts.callers import READ, Caller, Claims
from donebase.accounts.grants import LOCK, find_personal_grant, mark_used
from donebase.accounts.personal_tokens import create_token, delete_token
from donebase.core.database import Database
from donebase.core.errors import DatabaseFailed, Unauthorized
from donebase.postgres.database import PostgresDatabase
from donebase.settings import Settings
from tests.support.databases import fetchval
from tests.support.waiting import DEADLINE

Story = Callable[["Watched"], Awaitable[Any]]
LAST_USED = "SELECT last_used_at FROM personal_tokens WHERE hash = $1"
SET_LAST_USED = "UPDATE personal_tokens SET last_used_at = now() - interval '61 seconds' WHERE hash = $1"
NEW_SESSION = (
    "INSERT INTO sessions (id, user_id, secret, expires_at) VALUES ($1, $2, '', now() + interval '1 day') RETURNING id"
)


class Clock:
    """A clock that a test sets, in the place of the one that goes on by itself; that of the day is `ahead`."""

    def __init__(self) -> None:
        self.now = time.monotonic()
        self.ahead = 0.0

    def time(self) -> float:
        """Return the time of the day."""
        return time.time() + self.ahead

    def monotonic(self) -> float:
        """Return the time, later than the last time it was asked."""
        self.now = math.nextafter(self.now, math.inf)
        return self.now


class Watched:
    """A database, and what was asked of it; something can happen after a statement, or instead of all."""

    def __init__(self, database: PostgresDatabase) -> None:
        self._database = database
        self.asked: list[dict[str, Any]] = []
        self.fails = False
        self.afterwards: Callable[[], Awaitable[object]] | None = None

    async def fetch(self, statement: Executable, /, **parameters: Any) -> Sequence[Any]:
        self.asked.append(parameters)
        if self.fails:
            raise DatabaseFailed("out of order")
        rows = await self._database.fetch(statement, **parameters)
        if self.afterwards:
            afterwards, self.afterwards = self.afterwards, None
            await afterwards()
        return rows

    async def answers(self) -> bool:
        return await self._database.answers()

    def take(self) -> int:
        """Return how many statements were run since the last time."""
        number = len(self.asked)
        self.asked.clear()
        return number


class Anybody:
    """A database in which there is every personal token, and nothing else."""

    async def fetch(self, _statement: Executable, /, **_parameters: Any) -> Sequence[Any]:
        return [{"user_id": 1, "scopes": ["tasks:read"], "expires_at": None}]

    async def answers(self) -> bool:
        return True


class Nobody(Anybody):
    """A database without a row."""

    async def fetch(self, _statement: Executable, /, **parameters: Any) -> Sequence[Any]:
        return [{"secret": b"x" * 32}] if parameters.get("id") == KEY_ID else []


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    stopped = SimpleNamespace(monotonic=clock.monotonic, time=clock.time)
    monkeypatch.setattr(known_grants, "time", stopped)
    monkeypatch.setattr(authenticator, "time", stopped)
    return clock


def run(url: str, story: Story) -> Any:
    async def told() -> Any:
        database = PostgresDatabase(Settings.read(database_url=url))
        try:
            async with asyncio.timeout(DEADLINE):
                return await story(Watched(database))
        finally:
            await database.close()

    return asyncio.run(told())


def header(token: str) -> bytes:
    return f"Bearer {token}".encode()


def authenticator_of(database: Database) -> Authenticator:
    return Authenticator(database, AccessTokens(database), None)


async def new_token(database: Database, user: int) -> bytes:
    made = await create_token(database, user, "a script", ["tasks:read"], None)
    return header(made.token)


async def new_session(url: str, user: int, tokens: AccessTokens) -> tuple[bytes, bytes]:
    """Return the id of a new session of a user, and the header with an access token of it."""
    session = secrets.token_bytes(32)
    await asyncio.to_thread(fetchval, url, NEW_SESSION, session, user)
    return session, header(await tokens.issue(user, session))


def hash_of(authorization: bytes) -> bytes:
    return hashlib.sha256(authorization.removeprefix(b"Bearer ")).digest()


async def is_refused(known: Authenticator, authorization: bytes) -> bool:
    try:
        await known.authenticate(authorization)
    except Unauthorized:
        return True
    return False


def test_a_token_is_trusted_for_ten_seconds_and_longer_where_it_was_confirmed(
    database_url: str, alice: int, clock: Clock
) -> None:
    async def story(database: Watched) -> None:
        known, authorization = authenticator_of(database), await new_token(database, alice)
        assert known.known(authorization) is None
        caller = await known.authenticate(authorization)
        assert caller == Caller(alice, str(alice), frozenset({READ}), hash_of(authorization), math.inf)
        clock.now += 9.9
        assert known.known(authorization) == caller
        await known.confirm()
        clock.now += 9.9
        assert known.known(authorization) == caller
        clock.now += 0.2
        assert known.known(authorization) is None
        assert await known.authenticate(authorization) == known.known(authorization) == caller

    run(database_url, story)


class OtherIssuer:
    """An issuer whose tokens are all good for an hour."""

    async def verify(self, token: str) -> Claims:
        return Claims("", token, None, time.time() + 3600)


def test_a_token_is_known_until_it_expires(database_url: str, alice: int, clock: Clock) -> None:
    async def story(database: Watched) -> None:
        known = Authenticator(database, AccessTokens(database), OtherIssuer())
        end = datetime.now(UTC) + timedelta(hours=1)
        mine = header((await create_token(database, alice, "a script", ["tasks:read"], end)).token)
        theirs = header(jwt.encode({"sub": str(alice)}, "k" * 32, "HS256"))
        for authorization in (mine, theirs):
            await known.authenticate(authorization)
        clock.now += 5  # the token of another issuer is not confirmed
        clock.ahead += 3590
        assert known.known(mine)
        assert known.known(theirs)
        clock.ahead += 15
        assert known.known(mine) is known.known(theirs) is None

    run(database_url, story)


def test_the_token_of_another_issuer_asks_nothing_once_it_is_known(database_url: str, alice: int, clock: Clock) -> None:
    async def story(database: Watched) -> None:
        known = Authenticator(database, AccessTokens(database), OtherIssuer())
        theirs = header(jwt.encode({"sub": str(alice)}, "k" * 32, "HS256"))
        caller = await known.authenticate(theirs)
        clock.now += 3000
        database.take()
        assert known.known(theirs) == caller
        await known.confirm()
        assert database.take() == 0
        known.forget_user(caller.user_id)
        assert known.known(theirs) is None

    run(database_url, story)


def test_all_that_was_used_is_confirmed_by_one_statement_and_nothing_else_is_asked(
    database_url: str, alice: int, clock: Clock
) -> None:
    async def story(database: Watched) -> None:
        tokens = AccessTokens(database)
        known = Authenticator(database, tokens, None)
        used = [await new_token(database, alice) for _ in range(3)]
        used += [(await new_session(database_url, alice, tokens))[1] for _ in range(3)]
        unused = await new_token(database, alice)
        for authorization in (*used, unused):
            await known.authenticate(authorization)
        await known.confirm()
        assert all(map(known.known, used))
        database.take()
        await known.confirm()
        [asked] = database.asked
        assert len(asked["keys"]) == 6
        assert hash_of(unused) not in asked["keys"]
        database.take()
        await known.confirm()
        assert database.take() == 0
        clock.now += 9.9
        assert all(map(known.known, used))

    run(database_url, story)


def test_a_statement_asks_for_a_bounded_number(
    database_url: str, alice: int, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(known_grants, "MOST_AT_ONCE", 3)

    async def story(database: Watched) -> None:
        known = authenticator_of(database)
        tokens = [await new_token(database, alice) for _ in range(7)]
        for authorization in tokens:
            await known.authenticate(authorization)
        clock.now += 5
        database.take()
        await known.confirm()
        assert [len(asked["keys"]) for asked in database.asked] == [3, 3, 1]
        clock.now += 9
        assert all(map(known.known, tokens))

    run(database_url, story)


def test_two_tokens_of_one_session_are_one_grant_and_end_together(database_url: str, alice: int) -> None:
    async def story(database: Watched) -> None:
        tokens = AccessTokens(database)
        known = Authenticator(database, tokens, None)
        session, first = await new_session(database_url, alice, tokens)
        second = header(await tokens.issue(alice, session))
        kept = await new_token(database, alice)
        for authorization in (first, second, kept):
            await known.authenticate(authorization)
        known.forget(session)
        assert known.known(first) is known.known(second) is None
        assert known.known(kept)

    run(database_url, story)


def test_what_was_revoked_elsewhere_ends_with_the_next_look(database_url: str, alice: int) -> None:
    async def story(database: Watched) -> None:
        tokens = AccessTokens(database)
        known = Authenticator(database, tokens, None)
        session, first = await new_session(database_url, alice, tokens)
        second, kept = await new_token(database, alice), await new_token(database, alice)
        for authorization in (first, second, kept):
            await known.authenticate(authorization)
        for delete, key in (("sessions WHERE id", session), ("personal_tokens WHERE hash", hash_of(second))):
            await asyncio.to_thread(fetchval, database_url, f"DELETE FROM {delete} = $1", key)
        assert known.known(first)
        assert known.known(second)
        await known.confirm()
        assert known.known(first) is known.known(second) is None
        assert known.known(kept)
        assert await is_refused(known, first)
        assert await is_refused(known, second)

    run(database_url, story)


@pytest.mark.parametrize(
    "change", ["user_id = user_id + 1", "expires_at = now()"], ids=["another_user", "expired_meanwhile"]
)
def test_a_row_that_says_something_else_ends_what_is_remembered(database_url: str, alice: int, change: str) -> None:
    async def story(database: Watched) -> None:
        known, authorization = authenticator_of(database), await new_token(database, alice)
        await known.authenticate(authorization)
        update = f"UPDATE personal_tokens SET {change} WHERE hash = $1"
        await asyncio.to_thread(fetchval, database_url, update, hash_of(authorization))
        await known.confirm()
        assert known.known(authorization) is None

    run(database_url, story)


def test_where_the_database_fails_nothing_ends_and_nothing_is_trusted_for_longer(
    database_url: str, alice: int, clock: Clock
) -> None:
    async def story(database: Watched) -> None:
        known, authorization = authenticator_of(database), await new_token(database, alice)
        caller = await known.authenticate(authorization)
        clock.now += 5
        database.fails = True
        with pytest.raises(DatabaseFailed):
            await known.confirm()
        assert known.known(authorization) == caller
        clock.now += 5
        assert known.known(authorization) is None
        with pytest.raises(DatabaseFailed):
            await known.authenticate(authorization)
        database.fails = False
        assert await known.authenticate(authorization) == caller

    run(database_url, story)


def test_a_token_that_is_revoked_while_it_is_looked_for_is_not_remembered(database_url: str, alice: int) -> None:
    async def story(database: Watched) -> None:
        known, authorization = authenticator_of(database), await new_token(database, alice)

        async def revoked() -> None:
            select = "SELECT id FROM personal_tokens WHERE hash = $1"
            token_id = await asyncio.to_thread(fetchval, database_url, select, hash_of(authorization))
            known.forget(await delete_token(database, alice, token_id))

        database.afterwards = revoked
        await known.authenticate(authorization)  # it was good when the request came
        assert known.known(authorization) is None
        assert await is_refused(known, authorization)

    run(database_url, story)


def test_a_token_that_is_revoked_while_it_is_confirmed_stays_revoked(database_url: str, alice: int) -> None:
    async def story(database: Watched) -> None:
        known, authorization = authenticator_of(database), await new_token(database, alice)
        await known.authenticate(authorization)

        async def revoked() -> None:
            known.forget(hash_of(authorization))

        database.afterwards = revoked
        await known.confirm()
        assert known.known(authorization) is None

    run(database_url, story)


def test_all_tokens_of_a_user_are_forgotten_but_for_those_of_one_session(
    database_url: str, alice: int, bob: int
) -> None:
    async def story(database: Watched) -> None:
        tokens = AccessTokens(database)
        known = Authenticator(database, tokens, None)
        session, kept = await new_session(database_url, alice, tokens)
        _, ended = await new_session(database_url, alice, tokens)
        script, of_bob = await new_token(database, alice), await new_token(database, bob)
        for authorization in (kept, ended, script, of_bob):
            await known.authenticate(authorization)
        known.forget_user(alice, session)
        assert known.known(kept)
        assert known.known(of_bob)
        assert known.known(ended) is known.known(script) is None
        known.forget_user(alice)
        assert known.known(kept) is None
        assert known.known(of_bob)

    run(database_url, story)


def test_ten_thousand_tokens_are_remembered_and_the_oldest_go() -> None:
    async def story() -> None:
        known = authenticator_of(Anybody())
        tokens = [header(f"dnb_{number:043}") for number in range(MOST_REMEMBERED + 50)]
        for authorization in tokens:
            await known.authenticate(authorization)
        assert [known.known(each) is not None for each in tokens] == [False] * 50 + [True] * MOST_REMEMBERED
        assert len(known._remembered) == len(known._grants._known) == MOST_REMEMBERED == 10_000

    asyncio.run(story())


def test_a_token_takes_one_place_in_memory_however_it_is_written(database_url: str, alice: int) -> None:
    async def story(database: Watched) -> None:
        known, authorization = authenticator_of(database), await new_token(database, alice)
        caller = await known.authenticate(authorization)
        database.take()
        for prefix in (b"bearer ", b"BEARER   ", b"Bearer  "):
            assert await known.authenticate(prefix + authorization.removeprefix(b"Bearer ")) == caller
        assert database.take() == 0
        assert len(known._remembered) == 1

    run(database_url, story)


def forged(number: int) -> bytes:
    """Return a header with a token that nobody has issued: of each kind that is recognised, and of none."""
    kinds: Sequence[Callable[[], str]] = (
        lambda: f"dnb_{number:043}",
        lambda: jwt.encode({"sub": str(number)}, "k" * 32, "HS256", headers={"kid": KEY_ID}),
        lambda: jwt.encode({"sub": str(number)}, "k" * 32, "HS256", headers={"kid": str(number)}),
        lambda: f"{number}.{number}.{number}",
        lambda: f"{number}",
    )
    return header(kinds[number % len(kinds)]())


@pytest.mark.long
def test_a_hundred_thousand_forged_tokens_leave_nothing_in_memory() -> None:
    async def refused(known: Authenticator, numbers: range) -> None:
        for number in numbers:
            assert await is_refused(known, forged(number))

    async def story() -> None:
        known = authenticator_of(Nobody())
        await refused(known, range(1_000))  # what the first ones load
        before = sys.getallocatedblocks()
        await refused(known, range(1_000, 101_000))
        assert sys.getallocatedblocks() - before < 10_000

    asyncio.run(story())


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
