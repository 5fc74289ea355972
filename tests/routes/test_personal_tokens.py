"""Personal tokens: made, shown once, used within their scopes, listed, revoked."""

import hashlib
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from donebase.accounts.personal_tokens import MOST_TOKENS
from donebase.http.access import Access
from donebase.routes import GUARDED_FAMILIES, every_route
from tests.support.accounts import ANOTHER, PHRASE, Member
from tests.support.at_once import at_once
from tests.support.databases import fetchval
from tests.support.personal_tokens import TOKENS, ScriptsToken
from tests.support.processes import Service
from tests.support.tokens import Person, bearer
from tests.support.waiting import wait_for

NEW: dict[str, Any] = {"name": "a script", "scopes": ["tasks:read"]}
KNOWN = {"id", "name", "scopes", "created_at", "last_used_at", "expires_at"}
ROUTES = {f"{route.method} {route.path_format}": route for route in every_route(GUARDED_FAMILIES)}
WRITES = [name for name, route in ROUTES.items() if route.access is Access.TASKS and route.method != "GET"]
OF_THE_ACCOUNT = [name for name, route in ROUTES.items() if route.access is Access.ACCOUNT]


def listed(client: httpx.Client, person: Person) -> list[dict[str, Any]]:
    response = client.get(TOKENS, headers=person.headers)
    assert response.status_code == 200, response.text
    found: list[dict[str, Any]] = response.json()
    return found


def row(url: str, token_id: int) -> str:
    """Return the whole row of a token as text."""
    return str(fetchval(url, "SELECT t::text FROM personal_tokens t WHERE id = $1", token_id))


def plain_request(client: httpx.Client, name: str, headers: dict[str, str]) -> httpx.Response:
    """Send a request that names nothing that there is."""
    route = ROUTES[name]
    path = re.sub(r"\{(\w+)(:\w+)?\}", lambda found: "me" if found[1] == "user_id" else "1", route.path_format)
    return client.request(route.method, path, headers=headers, json={} if route.body_field else None)


def refused_for_scope(response: httpx.Response, scope: str) -> None:
    assert (response.status_code, response.json()["code"]) == (403, "INSUFFICIENT_SCOPE")
    assert response.headers["WWW-Authenticate"] == f'Bearer error="insufficient_scope", scope="{scope}"'


def test_a_token_is_shown_once_and_only_its_hash_is_kept(
    guarded_client: httpx.Client, ann: Person, database_url: str
) -> None:
    response = guarded_client.post(TOKENS, json={**NEW, "name": " backup\t"}, headers=ann.headers)
    assert response.status_code == 201, response.text
    made = response.json()
    token = made.pop("token")
    assert re.fullmatch(r"dnb_[A-Za-z0-9_-]{43}", token)
    assert set(made) == KNOWN
    assert (made["name"], made["scopes"], made["expires_at"], made["last_used_at"]) == (
        "backup",
        ["tasks:read"],
        None,
        None,
    )
    again = guarded_client.get(TOKENS, headers=ann.headers)
    assert again.json() == [made]
    assert token not in again.text
    kept = row(database_url, made["id"])
    assert hashlib.sha256(token.encode()).hexdigest() in kept
    assert token not in kept
    assert token.removeprefix("dnb_") not in kept


def test_no_two_tokens_are_the_same(guarded_client: httpx.Client, ann: Person) -> None:
    made = [ScriptsToken.made(guarded_client, ann) for _ in range(5)]
    assert len({each.token for each in made}) == len({each.id for each in made}) == 5
    assert [each["id"] for each in listed(guarded_client, ann)] == [each.id for each in made]


def test_a_script_adds_a_task_as_its_owner_and_the_list_shows_when_it_was_used(
    guarded_client: httpx.Client, ann: Person
) -> None:
    script = ScriptsToken.made(guarded_client, ann)
    created = guarded_client.post("/api/v1/tasks", json={"title": "from a script"}, headers=script.headers)
    assert (created.status_code, created.json()["user_id"]) == (201, ann.number)
    assert guarded_client.get(created.headers["Location"], headers=ann.headers).json() == created.json()
    [known] = listed(guarded_client, ann)
    assert datetime.fromisoformat(known["last_used_at"]) >= datetime.fromisoformat(known["created_at"])


@pytest.mark.parametrize("name", WRITES)
def test_a_token_that_only_reads_is_refused_by_every_operation_that_writes(
    guarded_client: httpx.Client, ann: Person, name: str
) -> None:
    reader = ScriptsToken.made(guarded_client, ann, ["tasks:read"])
    refused_for_scope(plain_request(guarded_client, name, reader.headers), "tasks:write")
    assert reader.status(guarded_client) == 200


def test_a_token_that_only_writes_reads_nothing(guarded_client: httpx.Client, ann: Person) -> None:
    writer = ScriptsToken.made(guarded_client, ann, ["tasks:write"])
    refused_for_scope(guarded_client.get("/api/v1/tasks", headers=writer.headers), "tasks:read")
    created = guarded_client.post("/api/v1/tasks", json={"title": "x"}, headers=writer.headers)
    assert created.status_code == 201


@pytest.mark.parametrize("name", OF_THE_ACCOUNT)
def test_a_personal_token_changes_nothing_of_the_account(guarded_client: httpx.Client, ann: Person, name: str) -> None:
    script = ScriptsToken.made(guarded_client, ann)
    refused_for_scope(plain_request(guarded_client, name, script.headers), "account")
    assert [each["id"] for each in listed(guarded_client, ann)] == [script.id]


def test_a_row_that_says_more_makes_no_personal_token_one_of_the_account(
    guarded_client: httpx.Client, ann: Person, database_url: str
) -> None:
    script = ScriptsToken.made(guarded_client, ann)
    scopes = ["tasks:read", "account"]
    fetchval(database_url, "UPDATE personal_tokens SET scopes = $2 WHERE id = $1", script.id, scopes)
    assert script.status(guarded_client) == 200
    refused_for_scope(guarded_client.get(TOKENS, headers=script.headers), "account")


def test_the_operations_of_tokens_are_of_the_account() -> None:
    assert {f"POST {TOKENS}", f"GET {TOKENS}", f"DELETE {TOKENS}/{{token_id}}"} <= {*OF_THE_ACCOUNT}
    assert len(WRITES) > 20


@pytest.mark.parametrize(
    ("body", "faults"),
    [
        ({}, [("name", "required"), ("scopes", "required")]),
        ({**NEW, "name": ""}, [("name", "blank")]),
        ({**NEW, "name": " \u200b\u3000"}, [("name", "blank")]),
        ({**NEW, "name": "x" * 101}, [("name", "too_long")]),
        ({**NEW, "name": "a\0b"}, [("name", "nul_character")]),
        ({**NEW, "name": None}, [("name", "wrong_type")]),
        ({**NEW, "scopes": []}, [("scopes", "out_of_range")]),
        ({**NEW, "scopes": None}, [("scopes", "wrong_type")]),
        ({**NEW, "scopes": "tasks:read"}, [("scopes", "wrong_type")]),
        ({**NEW, "scopes": ["tasks:read", "tasks:read"]}, [("scopes", "repeated_scope")]),
        ({**NEW, "scopes": ["tasks:read", "account"]}, [("scopes[1]", "unknown_value")]),
        ({**NEW, "scopes": ["TASKS:READ"]}, [("scopes[0]", "unknown_value")]),
        ({**NEW, "scopes": [1]}, [("scopes[0]", "wrong_type")]),
        ({**NEW, "expires_at": 1}, [("expires_at", "wrong_type")]),
        ({**NEW, "expires_at": "2100-01-01"}, [("expires_at", "invalid_time")]),
        ({**NEW, "expires_at": "2100-01-01T00:00:00"}, [("expires_at", "invalid_time")]),
        ({**NEW, "expires_at": "2100-02-30T00:00:00Z"}, [("expires_at", "invalid_time")]),
        ({**NEW, "expires_at": "2100-01-01T24:00:00Z"}, [("expires_at", "invalid_time")]),
        ({**NEW, "expires_at": "9999-12-31T23:59:59-00:01"}, [("expires_at", "invalid_time")]),
        ({**NEW, "expires_at": "9999-12-31T23:59:59.999999Z"}, [("expires_at", "invalid_time")]),
        ({**NEW, "expires_at": "0001-01-01T00:00:00+00:01"}, [("expires_at", "invalid_time")]),
        ({**NEW, "expires_at": "2020-01-01T00:00:00Z"}, [("expires_at", "in_the_past")]),
        ({**NEW, "token": "dnb_mine"}, [("token", "unknown_field")]),
        ({**NEW, "user_id": 1}, [("user_id", "unknown_field")]),
    ],
)
def test_what_is_wrong_with_a_new_token_is_told_and_none_is_made(
    guarded_client: httpx.Client, ann: Person, body: dict[str, Any], faults: list[tuple[str, str]]
) -> None:
    response = guarded_client.post(TOKENS, json=body, headers=ann.headers)
    assert (response.status_code, response.json()["code"]) == (400, "VALIDATION_ERROR")
    assert [(fault["field"], fault["code"]) for fault in response.json()["errors"]] == faults
    assert listed(guarded_client, ann) == []


@pytest.mark.parametrize("name", ["x", "x" * 100, "\N{GRINNING FACE}" * 100, 'a <b> & "c" \\'])
@pytest.mark.parametrize("scopes", [["tasks:read"], ["tasks:write", "tasks:read"]])
def test_a_name_and_scopes_are_kept_as_they_were_given(
    guarded_client: httpx.Client, ann: Person, name: str, scopes: Sequence[str]
) -> None:
    ScriptsToken.made(guarded_client, ann, scopes, name=name)
    [known] = listed(guarded_client, ann)
    assert (known["name"], known["scopes"]) == (name, scopes)


@pytest.mark.parametrize(
    ("sent", "answered"),
    [
        ("2100-01-01T00:00:00Z", "2100-01-01T00:00:00Z"),
        ("2100-01-01t01:00:00.25+01:00", "2100-01-01T00:00:00.250000Z"),
        ("9999-12-31T23:59:59.999998z", "9999-12-31T23:59:59.999998Z"),
    ],
)
def test_the_end_of_a_token_is_answered_in_utc(
    guarded_client: httpx.Client, ann: Person, sent: str, answered: str
) -> None:
    script = ScriptsToken.made(guarded_client, ann, expires_at=sent)
    [known] = listed(guarded_client, ann)
    assert known["expires_at"] == answered
    assert script.status(guarded_client) == 200


def test_a_token_that_is_remembered_expires_all_the_same(guarded_client: httpx.Client, ann: Person) -> None:
    for seconds in (3, 20, 120):  # the first is enough, unless the machine is very busy
        end = datetime.now(UTC) + timedelta(seconds=seconds)
        made = guarded_client.post(TOKENS, json={**NEW, "expires_at": end.isoformat()}, headers=ann.headers)
        headers = {"Authorization": f"Bearer {made.json().get('token')}"}
        if guarded_client.get("/users/me/tasks", headers=headers).status_code == 200:
            break
    wait_for(lambda: guarded_client.get("/users/me/tasks", headers=headers).status_code == 401)
    assert datetime.now(UTC) >= end
    assert datetime.fromisoformat(made.json()["expires_at"]) == end


def test_a_token_that_had_expired_before_it_was_seen_is_refused(
    guarded_client: httpx.Client, ann: Person, database_url: str
) -> None:
    script = ScriptsToken.made(guarded_client, ann)
    fetchval(database_url, "UPDATE personal_tokens SET expires_at = now() WHERE id = $1", script.id)
    assert script.status(guarded_client) == 401


def test_a_revoked_token_is_refused_at_once_and_the_same_as_one_that_never_was(
    guarded_client: httpx.Client, ann: Person, database_url: str
) -> None:
    script, kept = (ScriptsToken.made(guarded_client, ann) for _ in range(2))
    assert script.status(guarded_client) == 200
    script.revoked(guarded_client, ann)
    refused = guarded_client.get("/users/me/tasks", headers={**script.headers, "X-Request-ID": "x"})
    never = guarded_client.get(
        "/users/me/tasks", headers={"Authorization": f"Bearer dnb_{'x' * 43}", "X-Request-ID": "x"}
    )
    assert (refused.status_code, refused.json()["code"]) == (401, "UNAUTHORIZED")
    assert (refused.content, refused.headers["WWW-Authenticate"]) == (never.content, never.headers["WWW-Authenticate"])
    assert kept.status(guarded_client) == 200
    assert [each["id"] for each in listed(guarded_client, ann)] == [kept.id]
    assert row(database_url, script.id) == "None"


def test_a_token_outlives_the_session_and_the_password_of_its_owner(guarded_client: httpx.Client) -> None:
    member = Member.new(guarded_client)
    script = ScriptsToken.made(guarded_client, Person("", member.number, member.headers), ["tasks:read"])
    assert member.ask("PATCH", "me", password=ANOTHER, current_password=PHRASE).status_code == 200
    assert member.ask("POST", "sign-out").status_code == 204
    assert not member.is_admitted()
    assert script.status(guarded_client) == 200
    assert guarded_client.get("/auth/me", headers=script.headers).json()["email"] == member.email


def test_the_token_of_another_is_the_same_404_as_one_that_is_missing(
    guarded_client: httpx.Client, ann: Person, ben: Person
) -> None:
    script = ScriptsToken.made(guarded_client, ann)
    answers = [
        guarded_client.delete(f"{TOKENS}/{each}", headers={**ben.headers, "X-Request-ID": "x"})
        for each in (script.id, 2**63 - 1)
    ]
    assert [(each.status_code, each.json()["code"]) for each in answers] == [(404, "TOKEN_NOT_FOUND")] * 2
    assert answers[0].content == answers[1].content
    assert answers[0].headers == answers[1].headers
    assert listed(guarded_client, ben) == []
    assert script.status(guarded_client) == 200


@pytest.mark.parametrize("wrong", ["abc", "0", "-1", "1.5", "+1", "01", str(2**63)])
def test_an_id_that_is_none_is_invalid(guarded_client: httpx.Client, ann: Person, wrong: str) -> None:
    response = guarded_client.delete(f"{TOKENS}/{wrong}", headers=ann.headers)
    assert (response.status_code, response.json()["code"]) == (400, "VALIDATION_ERROR")
    assert [fault["field"] for fault in response.json()["errors"]] == ["token_id"]


def filled(url: str, person: Person, number: int) -> None:
    """Give somebody so many tokens that nobody knows."""
    rows = (
        "SELECT sha256(($1::bigint || ':' || n)::bytea), $1, 'x', '{tasks:read}' FROM generate_series(1, $2::int) AS n"
    )
    fetchval(url, f"INSERT INTO personal_tokens (hash, user_id, name, scopes) {rows}", person.number, number)


def test_nobody_has_more_than_a_hundred_tokens(
    guarded_client: httpx.Client, ann: Person, ben: Person, database_url: str
) -> None:
    filled(database_url, ann, MOST_TOKENS - 1)
    last = ScriptsToken.made(guarded_client, ann)
    refused = guarded_client.post(TOKENS, json=NEW, headers=ann.headers)
    assert (refused.status_code, refused.json()["code"]) == (400, "VALIDATION_ERROR")
    assert [(fault["field"], fault["code"]) for fault in refused.json()["errors"]] == [("body", "too_many_tokens")]
    assert len(listed(guarded_client, ann)) == MOST_TOKENS == 100
    assert ScriptsToken.made(guarded_client, ben)
    last.revoked(guarded_client, ann)
    assert ScriptsToken.made(guarded_client, ann)


def test_nobody_has_more_than_a_hundred_tokens_that_were_made_at_once(
    guarded: Service, guarded_client: httpx.Client, ann: Person, database_url: str
) -> None:
    filled(database_url, ann, MOST_TOKENS - 10)
    answers = at_once(guarded, 40, lambda client, _: client.post(TOKENS, json=NEW, headers=ann.headers))
    assert {answer.status_code for answer in answers} <= {201, 400}
    made = {answer.json()["id"] for answer in answers if answer.status_code == 201}
    known = {each["id"] for each in listed(guarded_client, ann)}
    assert made <= known
    assert len(known) == MOST_TOKENS - 10 + len(made) <= MOST_TOKENS
    for _ in range(len(known), MOST_TOKENS):
        assert ScriptsToken.made(guarded_client, ann)
    assert guarded_client.post(TOKENS, json=NEW, headers=ann.headers).status_code == 400


@pytest.mark.parametrize("scope", ["account", "account tasks:read"])
def test_a_token_makes_none_that_allows_more_than_itself(guarded_client: httpx.Client, ann: Person, scope: str) -> None:
    limited = ann._replace(headers=bearer(ann.subject, scope=scope))
    for wanted in (["tasks:write"], ["tasks:read", "tasks:write"]):
        missing = next(each for each in wanted if each not in scope.split())
        refused_for_scope(guarded_client.post(TOKENS, json=NEW | {"scopes": wanted}, headers=limited.headers), missing)
    allowed = guarded_client.post(TOKENS, json=NEW, headers=limited.headers)
    assert allowed.status_code == (201 if "tasks:read" in scope else 403)
    assert len(listed(guarded_client, ann)) == (1 if "tasks:read" in scope else 0)
