"""So many attempts may fail for one key, and not one more: whoever they come from, and however many at once."""

import asyncio
import secrets
from datetime import timedelta

import asyncpg
import pytest

from donebase.accounts.attempts import (
    CHECK,
    LIMIT,
    RECORD,
    WINDOW,
    attempt_keys,
    check_attempts,
    record_failure,
)
from donebase.core.errors import DatabaseFailed, TooManyAttempts
from donebase.postgres.compiled import compile_statement
from donebase.postgres.database import PostgresDatabase
from tests.support.databases import fetchval
from tests.support.distribution import expressions
from tests.support.waiting import DEADLINE
from tests.support.with_database import with_database, with_databases

MINUTES = 60
PATIENT = {"database_timeout": DEADLINE, "database_pool_wait": 600}
FAILED_AT = "SELECT failed_at FROM attempts WHERE key = $1"
COUNT = "SELECT cardinality(failed_at) FROM attempts WHERE key = $1"
AGE = "UPDATE attempts SET failed_at = array(SELECT at - $2::interval FROM unnest(failed_at) AS at) WHERE key = $1"


@pytest.fixture
def email() -> bytes:
    """The key of an e-mail address that nobody else has heard of."""
    return secrets.token_bytes(32)


@pytest.fixture
def ip() -> bytes:
    """The key of an IP address that nobody else has heard of."""
    return secrets.token_bytes(32)


def fail(url: str, *keys: bytes, times: int = 1) -> None:
    """Let so many attempts fail that are counted."""

    async def story(database: PostgresDatabase) -> None:
        for _ in range(times):
            await record_failure(database, keys)

    with_database(url, story, **PATIENT)


def refused_for(url: str, *keys: bytes) -> int | None:
    """Return for how many seconds an attempt with these keys is refused, or None if it may be made."""
    try:
        with_database(url, lambda database: check_attempts(database, keys), **PATIENT)
    except TooManyAttempts as refused:
        return refused.retry_after
    return None


def age(url: str, key: bytes, **by: float) -> None:
    """Let the failures of a key be so much longer ago."""
    fetchval(url, AGE, key, timedelta(**by))


def test_nobody_is_refused_until_the_last_of_ten_has_failed(database_url: str, email: bytes, ip: bytes) -> None:
    fail(database_url, email, ip, times=LIMIT - 1)
    assert refused_for(database_url, email, ip) is None
    fail(database_url, email, ip)
    seconds = refused_for(database_url, email, ip)
    assert seconds is not None
    assert MINUTES < seconds <= 15 * MINUTES
    with pytest.raises(TooManyAttempts) as refused:
        fail(database_url, email, ip)
    assert MINUTES < refused.value.retry_after <= 15 * MINUTES
    assert (10, timedelta(minutes=15)) == (LIMIT, WINDOW)


def test_each_of_the_keys_is_counted_by_itself(database_url: str, email: bytes, ip: bytes) -> None:
    others = [secrets.token_bytes(32) for _ in range(2)]
    fail(database_url, email, others[0], times=6)
    fail(database_url, email, others[1], times=4)
    assert refused_for(database_url, email, ip) is not None
    assert refused_for(database_url, others[0], ip) is None
    assert refused_for(database_url, ip, email) is not None, "the order matters"
    assert refused_for(database_url, ip) is None
    fail(database_url, ip, times=LIMIT)
    assert refused_for(database_url, ip, others[0]) is not None


@pytest.mark.parametrize("full_first", [True, False])
def test_one_key_that_is_full_is_enough(database_url: str, full_first: bool) -> None:
    keys = sorted(secrets.token_bytes(32) for _ in range(2))
    full, other = keys if full_first else reversed(keys)
    fail(database_url, full, times=LIMIT)
    for order in ([full, other], [other, full]):
        with pytest.raises(TooManyAttempts):
            fail(database_url, *order)
    assert fetchval(database_url, COUNT, full) == LIMIT


def test_where_both_keys_are_full_the_wait_lasts_until_neither_is(database_url: str, email: bytes, ip: bytes) -> None:
    fail(database_url, email, ip, times=LIMIT)
    age(database_url, email, minutes=10)
    seconds = refused_for(database_url, email, ip)
    assert seconds is not None
    assert 10 * MINUTES < seconds <= 15 * MINUTES


def test_an_attempt_without_keys_is_never_refused(database_url: str) -> None:
    fail(database_url, times=LIMIT + 1)
    assert refused_for(database_url) is None


@pytest.mark.parametrize("keys", [1, 2])
def test_of_many_at_once_exactly_ten_are_counted(database_url: str, keys: int) -> None:
    named = [secrets.token_bytes(32) for _ in range(keys)]

    async def attempt(database: PostgresDatabase, turn: int) -> int | None:
        try:
            await record_failure(database, named[::-1] if turn % 2 else named)
        except TooManyAttempts as refused:
            return refused.retry_after
        return None

    async def story(database: PostgresDatabase) -> list[int | None]:
        return await asyncio.gather(*(attempt(database, turn) for turn in range(25)))

    answers = [answer for answered in with_databases(database_url, story, story, **PATIENT) for answer in answered]
    assert answers.count(None) == LIMIT
    assert all(MINUTES < seconds <= 15 * MINUTES for seconds in answers if seconds is not None)
    for key in named:
        assert fetchval(database_url, COUNT, key) == LIMIT


def test_the_window_ends_when_the_oldest_failure_is_fifteen_minutes_old(
    database_url: str, email: bytes, ip: bytes
) -> None:
    fail(database_url, email, ip)
    age(database_url, email, minutes=10)
    fail(database_url, email, times=LIMIT - 1)
    seconds = refused_for(database_url, email, ip)
    assert seconds is not None
    assert seconds <= 5 * MINUTES
    age(database_url, email, seconds=seconds)
    assert refused_for(database_url, email, ip) is None
    fail(database_url, email)  # in the place of the oldest; the others still count
    assert refused_for(database_url, email, ip) is not None
    with pytest.raises(TooManyAttempts):
        fail(database_url, email)


def test_failures_of_a_day_that_was_not_yet_refuse_nobody_when_the_clock_is_set_right(
    database_url: str, email: bytes
) -> None:
    fail(database_url, email, times=LIMIT)
    age(database_url, email, days=-1)
    assert refused_for(database_url, email) is None
    fail(database_url, email, times=LIMIT)
    assert refused_for(database_url, email) is not None
    with pytest.raises(TooManyAttempts):
        fail(database_url, email)


def test_the_seconds_are_whole_and_lead_behind_the_end_of_the_window(database_url: str, email: bytes) -> None:
    fail(database_url, email, times=LIMIT)
    moved = "UPDATE attempts SET failed_at[10] = now() - interval '{}' WHERE key = $1 RETURNING failed_at[10]"
    sql = f"WITH moved AS ({moved.format('14 minutes 58.6 seconds')}) SELECT 1 FROM moved"
    # Within one transaction the clock stands still, for what PostgreSQL computes as well.
    assert inside_a_transaction(database_url, sql, email) == 2
    assert inside_a_transaction(database_url, sql.replace("58.6", "59"), email) == 1
    assert inside_a_transaction(database_url, sql.replace("14 minutes 58.6", "15 minutes 0"), email) is None


def inside_a_transaction(url: str, sql: str, key: bytes) -> int | None:
    """Return the seconds that CHECK selects in the transaction of a statement, which is undone."""

    async def story() -> int | None:
        connection = await asyncpg.connect(url, statement_cache_size=0)
        try:
            transaction = connection.transaction()
            await transaction.start()
            await connection.execute(sql.replace("$1", f"'\\x{key.hex()}'"))
            seconds: int | None = await connection.fetchval(compile_statement(CHECK).sql, [key])
            await transaction.rollback()
            return seconds
        finally:
            await connection.close()

    return asyncio.run(story())


def test_what_is_refused_does_not_make_the_wait_longer(database_url: str, email: bytes) -> None:
    fail(database_url, email, times=LIMIT)
    before = fetchval(database_url, FAILED_AT, email)
    for _ in range(3):
        with pytest.raises(TooManyAttempts):
            fail(database_url, email)
    assert fetchval(database_url, FAILED_AT, email) == before


def test_no_more_than_ten_are_kept_the_newest_first(database_url: str, email: bytes) -> None:
    fail(database_url, email, times=LIMIT)
    old = fetchval(database_url, FAILED_AT, email)
    age(database_url, email, minutes=16)
    fail(database_url, email, times=3)
    kept = fetchval(database_url, FAILED_AT, email)
    assert len(kept) == LIMIT
    assert kept == sorted(kept, reverse=True)
    assert kept[3:] == [at - timedelta(minutes=16) for at in old[:7]]


def test_a_database_that_fails_is_no_wrong_password() -> None:
    gone = "postgresql://nobody@127.0.0.1:1/nothing"
    with pytest.raises(DatabaseFailed):
        fail(gone, b"key")
    with pytest.raises(DatabaseFailed):
        refused_for(gone, b"key")


def test_keys_are_hashes_of_their_kind_and_what_they_are_of() -> None:
    assert attempt_keys(None, None) == []
    both = attempt_keys("ann@example.com", "192.0.2.1")
    assert both == [*attempt_keys("ann@example.com", None), *attempt_keys(None, "192.0.2.1")]
    assert [len(key) for key in both] == [32, 32]
    assert len({*both, *attempt_keys("192.0.2.1", "192.0.2.2"), *attempt_keys("", None)}) == 5


def test_an_ipv6_address_counts_as_its_network() -> None:
    def same(first: str, second: str) -> bool:
        return attempt_keys(None, first) == attempt_keys(None, second)

    assert same("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff")
    assert not same("2001:db8:1:2::1", "2001:db8:1:3::1")
    assert not same("192.0.2.1", "192.0.2.2")
    assert attempt_keys(None, "not an address") == []


def test_citus_could_count_failures(database_url: str) -> None:
    """It refuses to apply a function to a column in DO UPDATE unless it is immutable, as the index of an expression."""
    computed = {each for each in expressions(RECORD[2]) if "attempts." in each and "now()" not in each}
    assert any("||" in each for each in computed)
    assert any("interval" in each for each in computed)

    async def story() -> None:
        connection = await asyncpg.connect(database_url, statement_cache_size=0)
        try:
            async with connection.transaction():
                await connection.execute("CREATE TEMPORARY TABLE attempts (LIKE public.attempts) ON COMMIT DROP")
                for each in computed:
                    await connection.execute(f"CREATE INDEX ON attempts (({each.replace('excluded', 'attempts')}))")
        finally:
            await connection.close()

    asyncio.run(story())
