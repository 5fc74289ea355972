"""Ten failures for an address, or from one IP address, and then 429: for whoever guesses, wherever they ask."""

import asyncio
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from donebase.accounts.access_tokens import AccessTokens
from donebase.accounts.account_rows import Account, StoredAccount
from donebase.accounts.attempts import attempt_keys, record_failure
from donebase.accounts.entrance import Entrance, proven
from donebase.accounts.passwords import Passwords, Verified
from donebase.core.errors import SignInFailed, TooManyAttempts
from donebase.postgres.database import PostgresDatabase
from donebase.settings import Settings
from tests.conftest import NO_HURRY
from tests.support.accounts import ANOTHER, PHRASE, Member, new_address
from tests.support.at_once import at_once
from tests.support.databases import fetchval
from tests.support.problems import refused
from tests.support.processes import Service
from tests.support.tokens import SECRET, from_nowhere

LIMIT = 10
AT_ONCE = 50
AGE = """
    UPDATE attempts SET failed_at = array(SELECT at - $2::int * interval '1 second' FROM unnest(failed_at) AS at)
    WHERE key = $1 RETURNING 1
"""


def sign_in(client: httpx.Client, email: str, password: str, headers: dict[str, str]) -> httpx.Response:
    return client.post("/auth/sign-in", json={"email": email, "password": password}, headers=headers)


def too_many(response: httpx.Response) -> int:
    """See that a request is refused because of those before it, and return for how many seconds."""
    refused(response, 429, "TOO_MANY_ATTEMPTS")
    [seconds] = response.headers.get_list("retry-after")
    assert seconds.isdecimal()
    assert 1 <= int(seconds) <= 900
    assert "www-authenticate" not in response.headers
    return int(seconds)


@pytest.mark.long
def test_the_eleventh_guess_for_an_address_is_refused_from_wherever_it_comes(guarded_client: httpx.Client) -> None:
    person = Member.new(guarded_client)
    for number in range(LIMIT):
        refused(sign_in(guarded_client, person.email, f"{ANOTHER} {number}", from_nowhere()), 401, "UNAUTHORIZED")
    for password in (ANOTHER, PHRASE):  # nobody learns whether it would have been right
        assert too_many(sign_in(guarded_client, person.email, password, from_nowhere())) > 60
        assert too_many(sign_in(guarded_client, person.email.upper(), password, from_nowhere())) > 60
    assert person.is_admitted()
    Member.new(guarded_client)


def test_an_address_that_nobody_has_is_refused_just_the_same(guarded_client: httpx.Client) -> None:
    email = new_address()
    for _ in range(LIMIT):
        refused(sign_in(guarded_client, email, ANOTHER, from_nowhere()), 401, "UNAUTHORIZED")
    too_many(sign_in(guarded_client, email, ANOTHER, from_nowhere()))


def test_the_eleventh_guess_from_one_network_is_refused_whoever_it_is_for(guarded_client: httpx.Client) -> None:
    network = f"2001:db8:{secrets.token_hex(2)}:{secrets.token_hex(2)}"
    person = Member.new(guarded_client)
    for number in range(LIMIT):
        there = {"X-Forwarded-For": f"{network}::{number + 1}"}
        refused(sign_in(guarded_client, new_address(), ANOTHER, there), 401, "UNAUTHORIZED")
    there = {"X-Forwarded-For": f"{network}:1:2:3:4"}
    too_many(sign_in(guarded_client, person.email, PHRASE, there))
    body = {"email": new_address(), "password": PHRASE}
    too_many(guarded_client.post("/auth/sign-up", json=body, headers=there))
    assert person.knows(PHRASE), "the address itself has no failures"


def test_failures_to_sign_up_count_for_the_network_and_not_for_the_address(guarded_client: httpx.Client) -> None:
    person, there = Member.new(guarded_client), from_nowhere()
    for number in range(LIMIT):
        body = {"email": person.email, "password": f"{PHRASE} {number}"}
        refused(guarded_client.post("/auth/sign-up", json=body, headers=there), 409, "EMAIL_TAKEN")
    too_many(sign_in(guarded_client, new_address(), PHRASE, there))
    assert person.knows(PHRASE)


def test_a_sign_up_that_another_one_overtakes_counts_as_well(guarded: Service, database_url: str) -> None:
    email, there = new_address(), from_nowhere()

    async def sign_up(client: httpx.AsyncClient, _turn: int) -> httpx.Response:
        return await client.post("/auth/sign-up", json={"email": email, "password": PHRASE}, headers=there)

    responses = at_once(guarded, 4, sign_up)
    assert sorted(response.status_code for response in responses) == [201, 409, 409, 409]
    [key] = attempt_keys(None, there["X-Forwarded-For"])
    assert fetchval(database_url, "SELECT cardinality(failed_at) FROM attempts WHERE key = $1", key) == 3


def test_what_succeeds_does_not_count_and_forgives_nothing(guarded_client: httpx.Client) -> None:
    person, there = Member.new(guarded_client), from_nowhere()

    def answers(*passwords: str) -> list[int]:
        return [sign_in(guarded_client, person.email, each, there).status_code for each in passwords]

    assert answers(*[ANOTHER] * 9) == [401] * 9
    assert answers(*[PHRASE] * 4) == [200] * 4
    assert answers(ANOTHER, ANOTHER, PHRASE) == [401, 429, 429]


def test_what_is_invalid_does_not_count(guarded_client: httpx.Client) -> None:
    person, there = Member.new(guarded_client), from_nowhere()
    for _ in range(LIMIT + 1):
        assert sign_in(guarded_client, person.email, "x" * 1_001, there).status_code == 400
        assert guarded_client.post("/auth/sign-in", content=b"{", headers=there).status_code in (400, 415)
    assert sign_in(guarded_client, person.email, PHRASE, there).status_code == 200


def test_after_the_window_the_right_password_is_right_again(guarded_client: httpx.Client, database_url: str) -> None:
    person = Member.new(guarded_client)
    for _ in range(LIMIT):
        sign_in(guarded_client, person.email, ANOTHER, from_nowhere())
    seconds = too_many(sign_in(guarded_client, person.email, PHRASE, from_nowhere()))
    [key] = attempt_keys(person.email, None)
    assert fetchval(database_url, AGE, key, 600) == 1
    assert too_many(sign_in(guarded_client, person.email, PHRASE, from_nowhere())) <= seconds - 600
    assert fetchval(database_url, AGE, key, seconds - 600) == 1
    assert person.knows(PHRASE)


@pytest.fixture(scope="module")
def another_service(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Another service over the same database, in two processes."""
    folder = tmp_path_factory.mktemp("another")
    settings = {"AUTH": "required", "AUTH_JWT_SECRET": SECRET, "TRUSTED_PROXIES": "127.0.0.1", "WORKERS": "2"}
    with Service(folder, DATABASE_URL=database_url, HISTORY_DAYS="0", **settings, **NO_HURRY) as running:
        yield running.ready()


@pytest.mark.parametrize("by", ["address", "network"])
def test_of_many_guesses_at_once_at_two_services_ten_are_answered(
    guarded: Service, another_service: Service, by: str
) -> None:
    email, there = new_address(), from_nowhere()

    async def guess(client: httpx.AsyncClient, turn: int) -> httpx.Response:
        address = (guarded if turn % 2 else another_service).address
        body = {"email": email if by == "address" else new_address(), "password": f"{ANOTHER} {turn}"}
        headers = from_nowhere() if by == "address" else there
        return await client.post(f"{address}/auth/sign-in", json=body, headers=headers)

    responses = at_once(guarded, AT_ONCE, guess)
    assert sorted(response.status_code for response in responses) == [401] * LIMIT + [429] * (AT_ONCE - LIMIT)
    for response in responses:
        if response.status_code == 429:
            too_many(response)


class Slow(Passwords):
    """Passwords that are right, while others fail meanwhile."""

    def __init__(self, failures: int, database: PostgresDatabase, keys: list[bytes]) -> None:
        super().__init__()
        self._meanwhile = (failures, database, keys)

    async def verify(self, password: str, hashed: str | None) -> Verified:
        failures, database, keys = self._meanwhile
        for _ in range(failures):
            await record_failure(database, keys)
        return await super().verify(password, hashed)


@pytest.mark.parametrize(("failures", "comes_too_late"), [(LIMIT - 1, False), (LIMIT, True)])
def test_the_right_one_of_many_guesses_at_once_counts_if_it_is_one_of_the_first_ten(
    database_url: str, failures: int, comes_too_late: bool
) -> None:
    keys = attempt_keys(new_address(), None)

    async def story() -> Any:
        database = PostgresDatabase(Settings.read(database_url=database_url))
        passwords = Slow(failures, database, keys)
        entrance = Entrance(database, passwords, AccessTokens(database), None, None)  # type: ignore[arg-type]
        account = StoredAccount(Account(1, None, None, None), "", await passwords.hash(PHRASE))  # type: ignore[arg-type]
        try:
            return await proven(entrance, account, PHRASE, keys, SignInFailed)
        finally:
            await database.close()

    if comes_too_late:
        with pytest.raises(TooManyAttempts):
            asyncio.run(story())
    else:
        assert asyncio.run(story()).account.user_id == 1


def test_where_no_proxy_is_trusted_nobody_can_claim_another_address(own_database: str, folder: Path) -> None:
    with (
        Service(folder, DATABASE_URL=own_database, AUTH="required", **NO_HURRY) as service,
        httpx.Client(base_url=service.ready().address) as client,
    ):
        answers = [sign_in(client, new_address(), ANOTHER, from_nowhere()).status_code for _ in range(LIMIT + 1)]
    assert answers == [401] * LIMIT + [429]
