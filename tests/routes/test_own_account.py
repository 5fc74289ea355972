"""`/auth/me`: reading, changing and deleting one's own account."""

from typing import Any

import httpx
import pytest

from tests.support.accounts import ANOTHER, PHRASE, Member, auth, new_address
from tests.support.at_once import at_once
from tests.support.databases import fetchval
from tests.support.problems import invalid, refused
from tests.support.processes import Service
from tests.support.tokens import Person, bearer, from_nowhere

MUST_CONFIRM = [("PATCH", {"password": ANOTHER, "current_password": ANOTHER}), ("DELETE", {"password": ANOTHER})]


def test_an_account_is_read_as_it_was_answered(guarded_client: httpx.Client) -> None:
    email = new_address()
    created = auth(guarded_client, "POST", "sign-up", email=email, password=PHRASE, name="Ann").json()
    response = auth(guarded_client, "GET", "me", created["access_token"])
    assert (response.status_code, response.json()) == (200, created["user"])
    assert guarded_client.head("/auth/me", headers={"Authorization": f"Bearer {created['access_token']}"}).is_success


def test_somebody_of_another_issuer_has_no_address_and_no_name(guarded_client: httpx.Client, ann: Person) -> None:
    response = guarded_client.get("/auth/me", headers=ann.headers)
    assert response.status_code == 200
    body = response.json()
    assert body == {"id": ann.number, "email": None, "name": None, "created_at": body["created_at"]}
    assert body["created_at"].endswith("Z")
    only_reads = bearer(ann.subject, scope="tasks:read")
    assert guarded_client.get("/auth/me", headers=only_reads).json() == body


@pytest.mark.parametrize(("method", "body"), [("GET", {}), ("PATCH", {"name": "x"}), ("DELETE", {"password": PHRASE})])
def test_nobody_has_an_account_without_a_token(guarded_client: httpx.Client, method: str, body: dict[str, str]) -> None:
    refused(auth(guarded_client, method, "me", **body), 401, "UNAUTHORIZED")


@pytest.mark.parametrize(
    ("method", "body"),
    [
        ("PATCH", {}),
        ("PATCH", {"name": "x"}),
        ("PATCH", {"password": ANOTHER, "current_password": PHRASE}),
        ("DELETE", {"password": PHRASE}),
    ],
)
def test_an_account_of_another_issuer_is_changed_there(
    guarded_client: httpx.Client, ann: Person, method: str, body: dict[str, str]
) -> None:
    headers = ann.headers | from_nowhere()
    refused(guarded_client.request(method, "/auth/me", json=body, headers=headers), 403, "FORBIDDEN")
    headers = bearer(ann.subject, scope="tasks:read tasks:write") | from_nowhere()
    response = guarded_client.request(method, "/auth/me", json=body, headers=headers)
    refused(response, 403, "INSUFFICIENT_SCOPE")
    assert response.headers["www-authenticate"] == 'Bearer error="insufficient_scope", scope="account"'
    assert guarded_client.get("/auth/me", headers=ann.headers).status_code == 200


@pytest.mark.parametrize(
    ("sent", "stored"), [(" Ann ", "Ann"), ("\N{GRINNING FACE}", "\N{GRINNING FACE}"), (None, None)]
)
def test_a_name_is_changed(guarded_client: httpx.Client, sent: str | None, stored: str | None) -> None:
    person = Member.new(guarded_client, name="before")
    before = person.ask("GET", "me").json()
    response = person.ask("PATCH", "me", name=sent)
    assert (response.status_code, response.json()) == (200, before | {"name": stored})
    assert person.ask("GET", "me").json() == before | {"name": stored}
    assert person.knows(PHRASE)
    assert person.refreshed().is_admitted()


def test_a_change_of_nothing_is_one(guarded_client: httpx.Client) -> None:
    person = Member.new(guarded_client, name="Ann")
    response = guarded_client.patch("/auth/me", json={}, headers=person.headers)
    assert (response.status_code, response.json()) == (200, person.ask("GET", "me").json())


@pytest.mark.parametrize(("more", "name"), [({}, "before"), ({"name": "after"}, "after"), ({"name": None}, None)])
def test_a_new_password_ends_all_other_sessions_at_once(
    guarded_client: httpx.Client, database_url: str, more: dict[str, str | None], name: str | None
) -> None:
    person = Member.new(guarded_client, name="before")
    others = [person.sign_in(), person.sign_in().refreshed()]
    stranger = Member.new(guarded_client)
    assert all(each.is_admitted() for each in others)
    response = person.ask("PATCH", "me", password=ANOTHER, current_password=PHRASE, **more)
    assert (response.status_code, response.json()) == (200, person.ask("GET", "me").json())
    assert response.json()["name"] == name
    for other in others:
        assert not other.is_admitted()
        refused(other.refresh(), 401, "UNAUTHORIZED")
    assert person.is_admitted()
    assert person.refreshed().is_admitted()
    assert stranger.refreshed().is_admitted()
    assert fetchval(database_url, "SELECT count(*) FROM sessions WHERE user_id = $1", person.number) == 1
    assert not person.knows(PHRASE)
    assert person.knows(ANOTHER)


@pytest.mark.parametrize(("method", "body"), MUST_CONFIRM)
def test_a_wrong_present_password_changes_nothing(
    guarded_client: httpx.Client, method: str, body: dict[str, str]
) -> None:
    person = Member.new(guarded_client, name="Ann")
    other_session, before = person.sign_in(), person.ask("GET", "me").json()
    response = person.ask(method, "me", **body)
    refused(response, 403, "FORBIDDEN")
    assert response.json()["detail"] == "The present password is wrong."
    assert person.ask("GET", "me").json() == before
    assert other_session.refreshed().is_admitted()
    assert person.knows(PHRASE)


@pytest.mark.parametrize(("method", "body"), MUST_CONFIRM)
def test_the_present_password_cannot_be_guessed_with_a_token(
    guarded_client: httpx.Client, method: str, body: dict[str, str]
) -> None:
    """The eleventh attempt is refused, whatever the password."""
    person = Member.new(guarded_client)
    for _ in range(10):
        refused(person.ask(method, "me", **body), 403, "FORBIDDEN")
    right = {name: PHRASE if name == "current_password" or method == "DELETE" else each for name, each in body.items()}
    for each in (body, right):
        response = person.ask(method, "me", **each)
        refused(response, 429, "TOO_MANY_ATTEMPTS")
        assert 1 <= int(response.headers["retry-after"]) <= 900
    assert person.is_admitted()


@pytest.mark.parametrize(
    ("method", "body", "fault"),
    [
        ("PATCH", {"password": ANOTHER}, ("current_password", "required")),
        ("PATCH", {"current_password": PHRASE}, ("password", "required")),
        ("PATCH", {"current_password": PHRASE, "name": "x"}, ("password", "required")),
        ("PATCH", {"password": "12345678", "current_password": PHRASE}, ("password", "common_password")),
        ("PATCH", {"password": "7 chars", "current_password": PHRASE}, ("password", "too_short")),
        ("PATCH", {"password": None, "current_password": PHRASE}, ("password", "wrong_type")),
        ("PATCH", {"password": "x" * 1_001, "current_password": PHRASE}, ("password", "too_long")),
        ("PATCH", {"password": ANOTHER, "current_password": "x" * 1_001}, ("current_password", "too_long")),
        ("PATCH", {"password": ANOTHER, "current_password": PHRASE, "name": ""}, ("name", "blank")),
        ("PATCH", {"name": 7}, ("name", "wrong_type")),
        ("PATCH", {"email": "a@b"}, ("email", "unknown_field")),
        ("PATCH", {"id": 7}, ("id", "unknown_field")),
        ("DELETE", {}, ("password", "required")),
        ("DELETE", {"password": None}, ("password", "wrong_type")),
        ("DELETE", {"password": PHRASE, "name": "x"}, ("name", "unknown_field")),
    ],
    ids=str,
)
def test_what_is_invalid_is_named_and_changes_nothing(
    guarded_client: httpx.Client, method: str, body: dict[str, Any], fault: tuple[str, str]
) -> None:
    person = Member.new(guarded_client, name="Ann")
    before = person.ask("GET", "me").json()
    headers = person.headers | from_nowhere()
    invalid(guarded_client.request(method, "/auth/me", json=body, headers=headers), fault)
    assert person.ask("GET", "me").json() == before
    assert person.knows(PHRASE)


def test_a_deletion_without_a_body_is_refused(guarded_client: httpx.Client) -> None:
    person = Member.new(guarded_client)
    refused(person.ask("DELETE", "me"), 400, "MALFORMED_JSON")
    assert person.is_admitted()


def test_a_deleted_account_is_gone_at_once(guarded_client: httpx.Client) -> None:
    person = Member.new(guarded_client)
    other_session, stranger = person.sign_in(), Member.new(guarded_client)
    assert other_session.is_admitted()
    created = guarded_client.post("/users/me/tasks", json={"title": "x"}, headers=person.headers)
    assert created.status_code == 201
    response = person.ask("DELETE", "me", password=PHRASE)
    assert (response.status_code, response.content) == (204, b"")
    for each in (person, other_session):
        assert not each.is_admitted()
        refused(each.refresh(), 401, "UNAUTHORIZED")
        refused(each.ask("GET", "me"), 401, "UNAUTHORIZED")
    assert not person.knows(PHRASE)
    assert stranger.refreshed().is_admitted()


def test_the_address_of_a_deleted_account_can_sign_up_again_as_somebody_else(guarded_client: httpx.Client) -> None:
    person = Member.new(guarded_client)
    assert person.ask("DELETE", "me", password=PHRASE).status_code == 204
    again = Member.new(guarded_client, person.email, ANOTHER)
    assert again.number != person.number
    assert again.is_admitted()
    assert not person.is_admitted()


def test_of_two_new_passwords_at_once_one_is_the_password(guarded: Service) -> None:
    with httpx.Client(base_url=guarded.address) as client:
        person = Member.new(client)
        passwords = [f"{ANOTHER} {turn}" for turn in range(3)]

        async def request(client: httpx.AsyncClient, turn: int) -> httpx.Response:
            body = {"password": passwords[turn], "current_password": PHRASE}
            return await client.patch("/auth/me", json=body, headers=person.headers | from_nowhere())

        statuses = [response.status_code for response in at_once(guarded, 3, request)]
        assert sorted(statuses) == [200, 403, 403]
        assert [person.knows(each) for each in passwords] == [status == 200 for status in statuses]
        assert not person.knows(PHRASE)
