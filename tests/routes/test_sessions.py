"""Sessions: kept alive by refresh tokens that are good once, and ended by whoever signs out."""

import base64
import secrets

import httpx
import pytest

from tests.support.accounts import Member, auth
from tests.support.at_once import at_once
from tests.support.databases import fetchval
from tests.support.problems import invalid, refused
from tests.support.processes import Service
from tests.support.tokens import Person, bearer, from_nowhere


def is_dead(person: Member) -> bool:
    """Return whether a session has ended: both its tokens are refused, as any token that is not good."""
    response = person.refresh()
    if response.status_code == 200:
        return False
    refused(response, 401, "UNAUTHORIZED")
    assert response.headers.get_list("www-authenticate") == ['Bearer error="invalid_token"']
    assert not person.is_admitted()
    return True


def sessions_of(url: str, person: Member) -> int:
    return int(fetchval(url, "SELECT count(*) FROM sessions WHERE user_id = $1", person.number))


def test_a_refresh_token_is_exchanged_for_a_new_pair(guarded_client: httpx.Client, database_url: str) -> None:
    person = Member.new(guarded_client, name="Ann")
    response = person.refresh()
    assert (response.status_code, response.headers["content-type"]) == (200, "application/json")
    body = response.json()
    assert set(body) == {"user", "access_token", "token_type", "expires_in", "refresh_token"}
    assert body["user"] == person.ask("GET", "me").json()
    assert (body["token_type"], body["expires_in"]) == ("Bearer", 900)
    assert body["refresh_token"] != person.refresh_token
    assert body["access_token"] != person.access_token
    renewed = person._replace(access_token=body["access_token"], refresh_token=body["refresh_token"])
    assert renewed.is_admitted()
    assert sessions_of(database_url, person) == 1
    assert renewed.refreshed().refreshed().is_admitted()


def test_a_refresh_token_that_is_used_again_ends_the_whole_session(
    guarded_client: httpx.Client, database_url: str
) -> None:
    person = Member.new(guarded_client)
    other_session = person.sign_in()
    renewed = person.refreshed()
    assert renewed.is_admitted()
    refused(person.refresh(), 401, "UNAUTHORIZED")
    assert is_dead(renewed)
    assert is_dead(person)
    assert not is_dead(other_session)
    assert sessions_of(database_url, person) == 1


def test_a_token_of_long_ago_ends_the_session_as_the_last_but_one_does(guarded_client: httpx.Client) -> None:
    person = Member.new(guarded_client)
    renewed = person.refreshed().refreshed().refreshed()
    refused(person.refresh(), 401, "UNAUTHORIZED")
    assert is_dead(renewed)


def test_of_exchanges_at_once_one_succeeds_and_the_session_has_ended(guarded: Service, database_url: str) -> None:
    with httpx.Client(base_url=guarded.address) as client:
        person = Member.new(client)

        async def request(client: httpx.AsyncClient, _turn: int) -> httpx.Response:
            return await client.post(
                "/auth/refresh", json={"refresh_token": person.refresh_token}, headers=from_nowhere()
            )

        responses = at_once(guarded, 5, request)
        assert sorted(response.status_code for response in responses) == [200, 401, 401, 401, 401]
        [new] = [response.json() for response in responses if response.status_code == 200]
        assert is_dead(person._replace(access_token=new["access_token"], refresh_token=new["refresh_token"]))
        assert sessions_of(database_url, person) == 0


def test_half_a_token_ends_no_session_unless_it_is_the_half_that_only_its_holders_know(
    guarded_client: httpx.Client,
) -> None:
    """The id of a session, which is in access tokens, is not enough to end it."""
    person = Member.new(guarded_client)
    body = person.access_token.split(".")[1]
    claims = base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)).decode()
    session_id = claims.partition('"sid":"')[2].partition('"')[0]
    assert session_id
    halves = base64.urlsafe_b64decode(session_id)[:16] + secrets.token_bytes(32)
    forged = "dnr_" + base64.urlsafe_b64encode(halves).decode()
    refused(person.refresh(forged), 401, "UNAUTHORIZED")
    assert person.is_admitted()
    assert person.refresh(person.refresh_token[:30] + "A" * 38).status_code == 401
    assert is_dead(person)


@pytest.mark.parametrize(
    "token", ["", "dnr_", "x", "dnr_" + "x" * 64, "dnr_" + "x" * 65, "dnr_" + "é" * 64, "dnb_" + "x" * 43, "x" * 1_000]
)
def test_what_is_no_refresh_token_is_refused(guarded_client: httpx.Client, token: str) -> None:
    response = auth(guarded_client, "POST", "refresh", refresh_token=token)
    refused(response, 401, "UNAUTHORIZED")
    assert response.headers.get_list("www-authenticate") == ['Bearer error="invalid_token"']


def test_an_access_token_is_no_refresh_token_nor_the_other_way_round(guarded_client: httpx.Client) -> None:
    person = Member.new(guarded_client)
    refused(person.refresh(person.access_token), 401, "UNAUTHORIZED")
    refused(auth(guarded_client, "GET", "me", person.refresh_token), 401, "UNAUTHORIZED")
    assert not is_dead(person)


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ({}, ("refresh_token", "required")),
        ({"refresh_token": None}, ("refresh_token", "wrong_type")),
        ({"refresh_token": "kept-to-ourselves\x00"}, ("refresh_token", "nul_character")),
        ({"refresh_token": "x" * 1_001}, ("refresh_token", "too_long")),
        ({"refresh_token": "x", "grant_type": "refresh_token"}, ("grant_type", "unknown_field")),
    ],
    ids=str,
)
def test_what_is_invalid_is_named(guarded_client: httpx.Client, body: dict[str, str], fault: tuple[str, str]) -> None:
    invalid(guarded_client.post("/auth/refresh", json=body, headers=from_nowhere()), fault)


def test_a_session_that_was_not_refreshed_for_30_days_has_ended(
    guarded_client: httpx.Client, database_url: str
) -> None:
    person, renewed = Member.new(guarded_client), Member.new(guarded_client)
    left = "SELECT extract(epoch FROM expires_at - now())::float8 FROM sessions WHERE user_id = $1"
    almost_over = "UPDATE sessions SET expires_at = now() + interval '1 hour' WHERE user_id = $1"
    over = "UPDATE sessions SET expires_at = now() WHERE user_id = $1"
    thirty_days = pytest.approx(30 * 86_400, abs=600)
    assert fetchval(database_url, left, person.number) == thirty_days
    fetchval(database_url, almost_over, renewed.number)
    renewed = renewed.refreshed()
    assert fetchval(database_url, left, renewed.number) == thirty_days
    fetchval(database_url, over, person.number)
    refused(person.refresh(), 401, "UNAUTHORIZED")
    assert not is_dead(renewed)


def test_who_signs_out_ends_this_session_at_once_and_no_other(guarded_client: httpx.Client) -> None:
    person = Member.new(guarded_client)
    other_session = person.sign_in()
    assert person.is_admitted()
    response = person.ask("POST", "sign-out")
    assert (response.status_code, response.content) == (204, b"")
    assert is_dead(person)
    refused(person.ask("POST", "sign-out"), 401, "UNAUTHORIZED")
    assert not is_dead(other_session)


def test_who_signs_out_need_not_have_the_newest_access_token(guarded_client: httpx.Client) -> None:
    person = Member.new(guarded_client)
    renewed = person.refreshed()
    assert person.ask("POST", "sign-out").status_code == 204
    assert is_dead(renewed)


def test_nobody_signs_out_without_a_token(guarded_client: httpx.Client) -> None:
    refused(auth(guarded_client, "POST", "sign-out"), 401, "UNAUTHORIZED")


def test_a_token_of_another_issuer_has_no_session_to_end(guarded_client: httpx.Client, ann: Person) -> None:
    refused(guarded_client.post("/auth/sign-out", headers=ann.headers), 403, "FORBIDDEN")
    only_tasks = bearer(ann.subject, scope="tasks:read tasks:write")
    refused(guarded_client.post("/auth/sign-out", headers=only_tasks), 403, "INSUFFICIENT_SCOPE")
    assert guarded_client.get("/users/me/tasks", headers=ann.headers).status_code == 200
