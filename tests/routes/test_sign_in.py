"""Signing in: with the right password, and refused the same for a wrong password and an unknown address."""

import unicodedata
from typing import Any

import httpx
import pytest
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from tests.support.accounts import ANOTHER, PHRASE, Member, auth, new_address
from tests.support.databases import fetchval
from tests.support.problems import invalid, refused
from tests.support.tokens import from_nowhere


def sign_in(client: httpx.Client, **body: Any) -> httpx.Response:
    return auth(client, "POST", "sign-in", **body)


def hash_of(url: str, person: Member) -> str:
    return str(fetchval(url, "SELECT password FROM accounts WHERE user_id = $1", person.number))


def test_the_right_password_begins_another_session_of_the_same_user(guarded_client: httpx.Client) -> None:
    person = Member.new(guarded_client, name="Ann")
    response = sign_in(guarded_client, email=person.email, password=PHRASE)
    assert (response.status_code, response.headers["content-type"]) == (200, "application/json")
    body = response.json()
    assert body["user"] == person.ask("GET", "me").json()
    assert (body["token_type"], body["expires_in"]) == ("Bearer", 900)
    assert set(body) == {"user", "access_token", "token_type", "expires_in", "refresh_token"}
    assert body["refresh_token"] != person.refresh_token
    assert person._replace(access_token=body["access_token"]).is_admitted()
    assert person.is_admitted()


def test_a_wrong_password_and_an_unknown_address_are_answered_the_same(guarded_client: httpx.Client) -> None:
    person = Member.new(guarded_client)
    headers = from_nowhere() | {"X-Request-ID": "the-same"}
    answers = [
        guarded_client.post("/auth/sign-in", json={"email": email, "password": password}, headers=headers)
        for email, password in ((person.email, ANOTHER), (new_address(), PHRASE), (person.email, ""))
    ]
    for response in answers:
        refused(response, 401, "UNAUTHORIZED")
        assert response.json()["detail"] == "The e-mail address or the password is wrong."
        assert response.headers.get_list("www-authenticate") == ["Bearer"]
    assert len({response.content for response in answers}) == 1
    assert len({tuple(sorted(map(repr, response.headers.raw[1:]))) for response in answers}) == 1


@pytest.mark.parametrize("password", [f"{PHRASE} ", PHRASE.upper(), PHRASE[:-1], f"{PHRASE}x", "x" * 1_000])
def test_what_is_nearly_the_password_is_wrong(guarded_client: httpx.Client, password: str) -> None:
    assert not Member.new(guarded_client).knows(password)


def test_a_password_is_the_same_in_whatever_form_a_keyboard_sends_its_characters(guarded_client: httpx.Client) -> None:
    summer = "un été à la mer"
    person = Member.new(guarded_client, password=summer)
    assert person.knows(unicodedata.normalize("NFD", summer))
    assert not person.knows("un ete a la mer")


def test_a_hash_with_parameters_of_the_past_is_replaced_at_the_next_sign_in(
    guarded_client: httpx.Client, database_url: str
) -> None:
    person = Member.new(guarded_client, name="Ann")
    current = hash_of(database_url, person)
    weak = PasswordHash([Argon2Hasher(time_cost=1, memory_cost=64, parallelism=1)]).hash(PHRASE)
    fetchval(database_url, "UPDATE accounts SET password = $2 WHERE user_id = $1", person.number, weak)
    assert not person.knows(ANOTHER)
    assert hash_of(database_url, person) == weak
    assert person.knows(PHRASE)
    strong = hash_of(database_url, person)
    assert strong.split("$")[:4] == current.split("$")[:4] != weak.split("$")[:4]
    assert person.knows(PHRASE)
    assert hash_of(database_url, person) == strong
    assert not person.knows(ANOTHER)
    assert person.ask("GET", "me").json()["name"] == "Ann"


@pytest.mark.parametrize(
    ("body", "faults"),
    [
        ({}, [("email", "required"), ("password", "required")]),
        ({"email": "kept-to-ourselves", "password": PHRASE}, [("email", "not_an_address")]),
        ({"email": "a@b", "password": "x" * 1_001}, [("password", "too_long")]),
        ({"email": "a@b", "password": "kept-to-ourselves\x00"}, [("password", "nul_character")]),
        ({"email": "a@b", "password": ["x"]}, [("password", "wrong_type")]),
        ({"email": "a@b", "password": PHRASE, "name": "Ann"}, [("name", "unknown_field")]),
    ],
    ids=str,
)
def test_what_is_invalid_is_named(
    guarded_client: httpx.Client, body: dict[str, Any], faults: list[tuple[str, str]]
) -> None:
    invalid(guarded_client.post("/auth/sign-in", json=body, headers=from_nowhere()), *faults)
