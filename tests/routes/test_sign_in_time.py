"""How long a sign-in takes does not tell an unknown address from a wrong password.

The two are asked for in pairs, in an order drawn for each pair: whatever else the machine does happens to both alike.
If neither takes longer, each is the longer one of a pair as often as a coin shows heads. The test fails if chance does
that less than once in a million times; it knows no limit in seconds, so it is the same on a busy machine.
"""

import http.client
import random
import secrets
import time
from collections.abc import Callable
from math import comb
from urllib.parse import urlsplit

import orjson
import pytest
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from donebase import app
from donebase.accounts.passwords import LANES, MEMORY_KIB, PASSES, Passwords, Verified
from donebase.app import create_service
from donebase.settings import Settings
from tests.support.accounts import ANOTHER, PHRASE, new_address
from tests.support.databases import fetchval
from tests.support.in_process import serving
from tests.support.processes import Service
from tests.support.tokens import SECRET, from_nowhere
from tests.support.waiting import DEADLINE

PAIRS = 50
CHANCE = 1e-6
EACH = 5  # guesses for an account: below the limit of ten
INSERT = """
    INSERT INTO accounts (email, user_id, address, password)
    SELECT each, $2::bigint + row_number() OVER (), each, $3 FROM unnest($1::text[]) AS each
"""


def by_chance(heads: int, throws: int) -> float:
    """Return how probable it is that a coin shows heads so often, or so seldom, or even more so."""
    rarer = min(heads, throws - heads)
    as_rare = 2 * sum(comb(throws, number) for number in range(rarer + 1))
    return float(min(1.0, as_rare / 2**throws))


class Stopwatch:
    """Signs in at a service, with addresses that have an account and with others, and compares how long both take."""

    def __init__(self, address: str, database_url: str, most: int = PAIRS) -> None:
        self._client = http.client.HTTPConnection(urlsplit(address).netloc, timeout=DEADLINE)
        # As often each: to count the second failure for an address takes another path than to count the first.
        self._pairs = [(new_address(), new_address()) for _ in range(-(-most // EACH))] * EACH
        known = [email for email, _ in self._pairs[: len(self._pairs) // EACH]]
        hashed = PasswordHash([Argon2Hasher(PASSES, MEMORY_KIB, LANES)]).hash(PHRASE)
        fetchval(database_url, INSERT, known, secrets.randbelow(2**50), hashed)
        for _ in range(3):  # what happens once has happened then
            self._sign_in(new_address())

    def compare(self) -> bool:
        """Return whether the sign-in with a wrong password took longer than the one with an unknown address."""
        known, unknown = self._pairs.pop()
        seconds = {email: self._sign_in(email) for email in random.sample((known, unknown), 2)}
        return seconds[known] > seconds[unknown]

    def _sign_in(self, email: str) -> float:
        body = orjson.dumps({"email": email, "password": ANOTHER})
        headers = {"Content-Type": "application/json", **from_nowhere()}
        began = time.perf_counter()
        self._client.request("POST", "/auth/sign-in", body, headers)
        response = self._client.getresponse()
        took = time.perf_counter() - began
        response.read()
        assert response.status == 401
        return took

    def close(self) -> None:
        self._client.close()


def measured(address: str, database_url: str, goes_on: Callable[[int, int], bool], most: int = PAIRS) -> float:
    """Return by what chance one of the two was the longer one so often, if both take equally long."""
    stopwatch = Stopwatch(address, database_url, most)
    longer = pairs = 0
    try:
        while pairs < most and goes_on(longer, pairs):
            longer += stopwatch.compare()
            pairs += 1
    finally:
        stopwatch.close()
    return by_chance(longer, pairs)


@pytest.mark.long
def test_an_unknown_address_takes_as_long_as_a_wrong_password(guarded: Service, database_url: str) -> None:
    assert measured(guarded.address, database_url, lambda _longer, _pairs: True) > CHANCE


class WithoutDummy(Passwords):
    """Passwords that compute nothing where there is no account."""

    async def verify(self, password: str, hashed: str | None) -> Verified:
        return await super().verify(password, hashed) if hashed else Verified(right=False, new_hash=None)


def test_without_the_dummy_hash_the_difference_shows(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a rule in fewer pairs; a machine that is very busy is given time."""
    monkeypatch.setattr(app, "Passwords", WithoutDummy)
    settings = Settings.read(
        database_url=database_url, database_timeout=600, auth="required", auth_jwt_secret=SECRET,
        trusted_proxies="127.0.0.1",
    )  # fmt: skip
    with serving(create_service(settings)) as address:
        chance = measured(
            address, database_url, lambda longer, pairs: by_chance(longer, pairs) > CHANCE, most=20 * PAIRS
        )
    assert chance <= CHANCE


def test_chance_is_that_of_a_coin() -> None:
    assert by_chance(25, 50) == 1
    assert by_chance(0, 0) == 1
    assert by_chance(10, 10) == by_chance(0, 10) == pytest.approx(2 / 2**10)
    assert by_chance(50, 50) < by_chance(45, 50) < CHANCE < by_chance(40, 50)
