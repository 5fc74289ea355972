"""What a process trusts of tokens: for how long, and how it learns that one was revoked."""

import asyncio
import math
import time
from datetime import UTC, datetime, timedelta

import jwt
import pytest

from donebase.accounts import known_grants
from donebase.accounts.access_tokens import AccessTokens
from donebase.accounts.authenticator import Authenticator
from donebase.accounts.callers import READ, Caller, Claims
from donebase.accounts.personal_tokens import create_token, delete_token
from donebase.core.errors import DatabaseFailed
from tests.support.authentication import (
    Clock,
    Watched,
    authenticator_of,
    hash_of,
    header,
    is_refused,
    new_session,
    new_token,
    run,
    set_clock,
)
from tests.support.databases import fetchval


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return set_clock(monkeypatch)


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


class Stream:
    """Something that is kept open until it is ended."""

    is_open = True

    def wake(self) -> None: ...

    def end(self) -> None:
        self.is_open = False


def test_what_begins_while_the_end_of_its_token_is_noticed_ends_as_well(database_url: str, alice: int) -> None:
    async def story(database: Watched) -> None:
        known, authorization = authenticator_of(database), await new_token(database, alice)
        caller, stream = await known.authenticate(authorization), Stream()
        delete = "DELETE FROM personal_tokens WHERE hash = $1"
        await asyncio.to_thread(fetchval, database_url, delete, hash_of(authorization))

        async def begins() -> None:  # for a request that was admitted before
            known.forget(hash_of(authorization))
            known.watches.add(caller, stream)

        database.afterwards = begins
        await known.confirm()
        await known.confirm()
        assert not stream.is_open

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
