"""Signing up: an account for each e-mail address, and a session."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.accounts import PHRASE, Member, auth, new_address
from tests.support.at_once import at_once
from tests.support.databases import fetchval
from tests.support.problems import invalid, refused
from tests.support.processes import Service
from tests.support.tokens import SECRET, from_nowhere

ANSWER = {"user", "access_token", "token_type", "expires_in", "refresh_token"}


def sign_up(client: httpx.Client, **body: Any) -> httpx.Response:
    return auth(client, "POST", "sign-up", **body)


def accounts_of(url: str, email: str) -> int:
    return int(fetchval(url, "SELECT count(*) FROM accounts WHERE email = $1", email))


def test_whoever_signs_up_has_an_account_and_a_session(guarded_client: httpx.Client) -> None:
    email = new_address()
    response = sign_up(guarded_client, email=email, password=PHRASE, name=" Ann ")
    assert response.status_code == 201
    assert response.headers["content-type"] == "application/json"
    assert response.headers["cache-control"] == "no-store"
    body = response.json()
    assert set(body) == ANSWER
    assert set(body["user"]) == {"id", "email", "name", "created_at"}
    assert (body["user"]["email"], body["user"]["name"]) == (email, "Ann")
    assert body["user"]["created_at"].endswith("Z")
    assert (body["token_type"], body["expires_in"]) == ("Bearer", 900)
    assert body["refresh_token"].startswith("dnr_")
    tasks = guarded_client.get(
        f"/users/{body['user']['id']}/tasks", headers={"Authorization": f"Bearer {body['access_token']}"}
    )
    assert (tasks.status_code, tasks.json()) == (200, [])


@pytest.mark.parametrize("more", [{}, {"name": None}])
def test_a_name_may_be_left_out(guarded_client: httpx.Client, more: dict[str, None]) -> None:
    response = sign_up(guarded_client, email=new_address(), password=PHRASE, **more)
    assert (response.status_code, response.json()["user"]["name"]) == (201, None)


def test_the_number_of_a_user_is_exact_in_javascript_and_not_one_that_people_choose(
    guarded_client: httpx.Client,
) -> None:
    one, other = Member.new(guarded_client), Member.new(guarded_client)
    assert 2**32 <= one.number < 2**53
    assert abs(one.number - other.number) > 1


@pytest.mark.parametrize(
    ("first", "again"),
    [
        ("{}@example.com", "{}@EXAMPLE.com"),
        ("ann-{}@example.com", " ANN-{}@example.com "),
        ("straße-{}@example.com", "STRASSE-{}@example.com"),
        ("\N{LATIN CAPITAL LETTER I WITH DOT ABOVE}pek-{}@example.com", "i\N{COMBINING DOT ABOVE}pek-{}@example.com"),
        ("rené-{}@example.com", "RENE\N{COMBINING ACUTE ACCENT}-{}@example.com"),
    ],
)
def test_an_address_is_one_account_in_whatever_case(
    guarded_client: httpx.Client, alice: int, first: str, again: str
) -> None:
    person = Member.new(guarded_client, first.format(alice))
    assert person.ask("GET", "me").json()["email"] == first.format(alice)
    refused(sign_up(guarded_client, email=again.format(alice), password=PHRASE), 409, "EMAIL_TAKEN")
    signed_in = auth(guarded_client, "POST", "sign-in", email=again.format(alice), password=PHRASE)
    assert (signed_in.status_code, signed_in.json()["user"]["id"]) == (200, person.number)


def test_of_many_at_once_with_the_same_address_one_signs_up(guarded: Service, database_url: str) -> None:
    email = new_address()

    async def request(client: httpx.AsyncClient, turn: int) -> httpx.Response:
        written = email if turn % 2 else email.upper()
        body = {"email": written, "password": f"{PHRASE} {turn}"}
        return await client.post("/auth/sign-up", json=body, headers=from_nowhere())

    responses = at_once(guarded, 4, request)
    assert sorted(response.status_code for response in responses) == [201, 409, 409, 409]
    [created] = [turn for turn, response in enumerate(responses) if response.status_code == 201]
    assert accounts_of(database_url, email) == 1
    body = responses[created].json()
    person = Member(httpx.Client(base_url=guarded.address), email, body["user"]["id"], body["access_token"], "")
    with person.client:
        assert person.is_admitted()
        assert [person.knows(f"{PHRASE} {turn}") for turn in range(4)] == [turn == created for turn in range(4)]


def test_who_asks_ten_times_whether_addresses_are_taken_is_stopped(guarded_client: httpx.Client) -> None:
    person, headers = Member.new(guarded_client), from_nowhere()

    def sign_up_from_there(email: str) -> httpx.Response:
        return guarded_client.post("/auth/sign-up", json={"email": email, "password": PHRASE}, headers=headers)

    for _ in range(10):
        refused(sign_up_from_there(person.email), 409, "EMAIL_TAKEN")
    for email in (person.email, new_address()):
        refused(sign_up_from_there(email), 429, "TOO_MANY_ATTEMPTS")
    assert person.knows(PHRASE)
    Member.new(guarded_client)


@pytest.mark.parametrize(
    ("body", "faults"),
    [
        ({}, [("email", "required"), ("password", "required")]),
        ({"email": None, "password": None}, [("email", "wrong_type"), ("password", "wrong_type")]),
        ({"email": 7, "password": 12345678}, [("email", "wrong_type"), ("password", "wrong_type")]),
        ({"email": "kept-to-ourselves"}, [("email", "not_an_address"), ("password", "required")]),
        ({"email": "a@b\x00", "password": PHRASE}, [("email", "nul_character")]),
        ({"email": "a" * 300 + "@b", "password": PHRASE}, [("email", "too_long")]),
        ({"email": "a@b", "password": "7 chars"}, [("password", "too_short")]),
        ({"email": "a@b", "password": "\N{GRINNING FACE}" * 7}, [("password", "too_short")]),
        ({"email": "a@b", "password": ""}, [("password", "too_short")]),
        ({"email": "a@b", "password": "x" * 1_001}, [("password", "too_long")]),
        ({"email": "a@b", "password": "kept-to-ourselves\x00"}, [("password", "nul_character")]),
        ({"email": "a@b", "password": "12345678"}, [("password", "common_password")]),
        ({"email": "a@b", "password": "PassWord"}, [("password", "common_password")]),
        ({"email": "a@b", "password": PHRASE, "name": " "}, [("name", "blank")]),
        ({"email": "a@b", "password": PHRASE, "name": "x" * 201}, [("name", "too_long")]),
        ({"email": "a@b", "password": PHRASE, "name": 7}, [("name", "wrong_type")]),
        ({"email": "a@b", "password": PHRASE, "colour": "red"}, [("colour", "unknown_field")]),
        ({"email": "a@b", "password": PHRASE, "id": 7}, [("id", "unknown_field")]),
    ],
    ids=str,
)
def test_what_is_invalid_is_named_and_nothing_is_created(
    guarded_client: httpx.Client, database_url: str, body: dict[str, Any], faults: list[tuple[str, str]]
) -> None:
    # `auth` sends no body for one without members.
    response = guarded_client.post("/auth/sign-up", json=body, headers=from_nowhere())
    invalid(response, *faults)
    assert accounts_of(database_url, "a@b") == 0


def test_of_a_hundred_fields_those_that_are_known_are_not_called_unknown(guarded_client: httpx.Client) -> None:
    body = {"email": new_address(), "password": PHRASE, "name": "Ann"} | {f"x{number}": 1 for number in range(100)}
    invalid(sign_up(guarded_client, **body), *((f"x{number}", "unknown_field") for number in range(20)))


@pytest.mark.parametrize("field", ["email", "password", "name"])
def test_a_lone_surrogate_is_refused(guarded_client: httpx.Client, field: str) -> None:
    texts = {"email": '"a@b"', "password": f'"{PHRASE}"'} | {field: r'"kept-to-ourselves\ud800@b"'}
    content = "{" + ", ".join(f'"{name}": {text}' for name, text in texts.items()) + "}"
    headers = from_nowhere() | {"Content-Type": "application/json"}
    invalid(guarded_client.post("/auth/sign-up", content=content, headers=headers), (field, "not_unicode"))


@pytest.mark.parametrize("password", ["8 chars.", "\N{GRINNING FACE}" * 8, "x" * 1_000, "\N{GRINNING FACE}" * 1_000])
def test_a_password_has_8_to_1000_characters_of_any_kind(guarded_client: httpx.Client, password: str) -> None:
    person = Member.new(guarded_client, password=password)
    assert person.knows(password)
    assert not person.knows(password[:-1])


def test_white_space_around_a_password_belongs_to_it(guarded_client: httpx.Client) -> None:
    person = Member.new(guarded_client, password=f" {PHRASE} ")
    assert person.knows(f" {PHRASE} ")
    assert not person.knows(PHRASE)


@pytest.mark.parametrize("path", ["sign-up", "sign-in"])
def test_a_password_of_10_mb_is_not_even_read(guarded_client: httpx.Client, path: str) -> None:
    response = auth(guarded_client, "POST", path, email=new_address(), password="x" * 10_000_000)
    refused(response, 413, "BODY_TOO_LARGE")


@pytest.mark.parametrize("path", ["sign-up", "sign-in"])
def test_a_password_as_large_as_a_body_may_be_is_refused(guarded_client: httpx.Client, path: str) -> None:
    body = b'{"email": "%b", "password": "%b"}'
    content = body % (new_address().encode(), b"x" * (2**20 - len(body) - 30))
    headers = from_nowhere() | {"Content-Type": "application/json"}
    response = guarded_client.post(f"/auth/{path}", content=content, headers=headers)
    invalid(response, ("password", "too_long"))


def test_nothing_that_is_kept_is_a_password_or_a_token(guarded_client: httpx.Client, database_url: str) -> None:
    person = Member.new(guarded_client)
    stored = fetchval(database_url, "SELECT password FROM accounts WHERE email = $1", person.email)
    assert stored.startswith("$argon2id$")
    kept = fetchval(
        database_url,
        "SELECT (SELECT string_agg(a::text, '') FROM accounts a WHERE user_id = $1)"
        " || (SELECT string_agg(s::text || encode(id, 'base64') || encode(secret, 'base64'), '') FROM sessions s"
        " WHERE user_id = $1)",
        person.number,
    )
    assert person.email in kept
    for secret in (PHRASE, person.refresh_token[4:], person.refresh_token[4:25], person.refresh_token[26:60]):
        assert secret not in kept


def test_where_signing_up_is_closed_nobody_does_and_the_others_sign_in(
    guarded_client: httpx.Client, database_url: str, tmp_path: Path
) -> None:
    person = Member.new(guarded_client)
    with (
        Service(
            tmp_path, DATABASE_URL=database_url, AUTH="required", SIGN_UP="closed", AUTH_JWT_SECRET=SECRET
        ) as service,
        httpx.Client(base_url=service.ready().address) as client,
    ):
        email = new_address()
        response = sign_up(client, email=email, password=PHRASE)
        refused(response, 403, "FORBIDDEN")
        assert response.json()["detail"] == "Nobody can sign up here."
        assert accounts_of(database_url, email) == 0
        assert person._replace(client=client).knows(PHRASE)


@pytest.mark.parametrize("path", ["sign-up", "sign-in", "refresh", "sign-out", "me"])
def test_in_the_open_mode_there_is_no_such_address(client: httpx.Client, path: str) -> None:
    for method in ("GET", "POST", "PATCH", "DELETE"):
        refused(client.request(method, f"/auth/{path}"), 404, "NOT_FOUND")
