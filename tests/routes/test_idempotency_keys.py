"""A request that is repeated with its Idempotency-Key is carried out once and answered twice, at every address."""

from typing import Any

import httpx
import pytest

from tests.support.at_once import at_once
from tests.support.databases import fetchval
from tests.support.families import API, USERS, V1, Family
from tests.support.operations import CREATES, MOVES, OPERATIONS, Plain, plain
from tests.support.problems import refused
from tests.support.processes import Service

# An undo is shown in tests/routes/test_undo.py: it is about a change, and finds what it has changed. A move is shown in
# tests/routes/test_moves.py: it is about the other tasks as well. What is about many tasks is shown in
# tests/routes/test_create_many.py and test_write_many.py.
CHANGES_OF_TASKS = [
    name
    for name, route in OPERATIONS.items()
    if route.method != "GET" and "{task_id}" in route.path and name not in MOVES
]
WRITES = [*CREATES, *CHANGES_OF_TASKS]
DIFFER = {"idempotent-replayed", "x-request-id", "date"}
MANY = 50


def ask(client: httpx.Client, request: Plain, key: str = "k", **headers: str) -> httpx.Response:
    """Send a request with a key."""
    return request.send(client, {"Idempotency-Key": key, **headers})


def write(name: str, user: int, task_id: int) -> Plain:
    """Return a plain request of an operation, which changes something."""
    return plain(OPERATIONS[name], user, task_id)


def answer(response: httpx.Response) -> tuple[int, bytes, dict[str, str]]:
    """Return all that a repetition answers as well."""
    headers = {name: value for name, value in response.headers.items() if name not in DIFFER}
    return response.status_code, response.content, headers


def replays(again: httpx.Response, first: httpx.Response) -> None:
    """See that an answer is that of the first request, and says so."""
    assert first.is_success, first.text
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"
    assert answer(again) == answer(first)


def is_reused(response: httpx.Response) -> None:
    """See that a key is refused because it belongs to another request."""
    refused(response, 409, "IDEMPOTENCY_KEY_REUSED")


def keys(database_url: str, user: int) -> list[str]:
    """Return the keys that are kept for a user."""
    found: list[str] = fetchval(
        database_url, "SELECT coalesce(array_agg(key), '{}') FROM idempotency_keys WHERE user_id = $1", user
    )
    return found


def changes(database_url: str, user: int) -> int:
    """Return how many changes a user has made."""
    return int(fetchval(database_url, "SELECT coalesce(max(clock), 0) FROM users WHERE id = $1", user))


@pytest.mark.parametrize("name", WRITES)
def test_a_repetition_is_answered_as_the_first_request(
    service: Service, client: httpx.Client, database_url: str, name: str, alice: int
) -> None:
    request = write(name, alice, V1.created(client, alice)["id"])
    first = ask(client, request)
    replays(ask(client, request), first)
    replays(ask(client, request), first)
    assert changes(database_url, alice) == 2
    assert "change" not in service.wait_for("request", action="task.replayed", user_id=alice)
    if name in CREATES:
        assert first.headers["Location"] == f"{request.path}/{first.json()['id']}"
        assert len(USERS.listed(client, alice)) == 2


def test_a_users_first_request_can_be_repeated(client: httpx.Client, family: Family, alice: int) -> None:
    request = Plain("POST", family.address(alice), {}, family.body(alice, title="Buy milk"))
    first = ask(client, request)
    replays(ask(client, request), first)
    assert len(USERS.listed(client, alice)) == 1


@pytest.mark.parametrize("name", WRITES)
def test_a_repetition_is_answered_whatever_has_become_of_the_task(
    client: httpx.Client, database_url: str, name: str, alice: int
) -> None:
    task_id = V1.created(client, alice)["id"]
    request = write(name, alice, task_id)
    first = ask(client, request)
    about = first.json()["id"] if name in CREATES else task_id
    changed = USERS.change(client, alice, about, title="Buy more milk", completed=False, priority="low")
    assert changed.status_code == (404 if "delete" in name else 200)
    replays(ask(client, request), first)
    assert API.delete(client, alice, about).status_code == (404 if "delete" in name else 204)
    replays(ask(client, request), first)
    undo = USERS.about(alice, f"history/{changes(database_url, alice)}/undo")
    assert client.post(undo).json()["tasks"][0]["id"] == about
    replays(ask(client, request), first)
    assert about in [task["id"] for task in USERS.listed(client, alice)]


@pytest.mark.parametrize("name", CHANGES_OF_TASKS)
def test_a_condition_is_not_tried_again(client: httpx.Client, name: str, alice: int) -> None:
    request = write(name, alice, V1.created(client, alice)["id"])
    first = ask(client, request, **{"If-Match": '"1"'})
    replays(ask(client, request, **{"If-Match": '"1"'}), first)


def test_a_key_in_quotes_is_the_same_key(client: httpx.Client, alice: int) -> None:
    request = Plain("POST", USERS.address(alice), {}, {"title": "Buy milk"})
    first = ask(client, request, 'a"b\\c')
    replays(ask(client, request, r'"a\"b\\c"'), first)
    replays(ask(client, request, 'a"b\\c'), first)


def test_another_key_is_another_request(client: httpx.Client, alice: int) -> None:
    request = Plain("POST", USERS.address(alice), {}, {"title": "Buy milk"})
    for key in ("k", "K", "k1", "~" * 255):
        assert "Idempotent-Replayed" not in ask(client, request, key).headers
    assert len(USERS.listed(client, alice)) == 4


@pytest.mark.parametrize("name", WRITES)
def test_a_key_is_for_one_request_alone(client: httpx.Client, database_url: str, name: str, alice: int) -> None:
    used = write(name, alice, V1.created(client, alice)["id"])
    other = V1.created(client, alice)["id"]
    first = ask(client, used)
    for another in WRITES:
        if another != name:
            is_reused(ask(client, write(another, alice, other)))
    if name not in CREATES:
        is_reused(ask(client, write(name, alice, other)))
    if used.method != "DELETE":  # which reads no body
        is_reused(ask(client, used._replace(body={**(used.body or {}), "completed": True})))
    replays(ask(client, used), first)
    assert changes(database_url, alice) == 3


@pytest.mark.parametrize("body", [b'{"title": "x" }', b'{"title":"x"}', b'{"title": "x", "completed": false}'])
def test_a_body_is_compared_byte_for_byte(client: httpx.Client, alice: int, body: bytes) -> None:
    request = Plain("POST", USERS.address(alice), {}, None)
    json = {"Content-Type": "application/json", "Idempotency-Key": "k"}
    assert client.post(request.path, content=b'{"title": "x"}', headers=json).status_code == 201
    is_reused(client.post(request.path, content=body, headers=json))


def test_a_query_belongs_to_the_request(client: httpx.Client, alice: int) -> None:
    request = Plain("POST", USERS.address(alice), {}, {"title": "Buy milk"})
    ask(client, request)
    is_reused(ask(client, request._replace(path=f"{request.path}?&")))


def test_a_key_belongs_to_its_owner(
    client: httpx.Client, database_url: str, family: Family, alice: int, bob: int
) -> None:
    created = {
        user: ask(client, Plain("POST", family.address(user), {}, family.body(user, title="Buy milk")))
        for user in (alice, bob)
    }
    for user, first in created.items():
        assert first.status_code == 201
        task_id = first.json()["id"]
        is_reused(ask(client, Plain("DELETE", family.one(user, task_id), {}, None)))
        assert ask(client, Plain("DELETE", family.one(user, task_id), {}, None), "another").is_success
        assert sorted(keys(database_url, user)) == ["another", "k"]


def test_a_key_for_a_flat_address_is_one_of_the_tasks_owner(client: httpx.Client, alice: int, bob: int) -> None:
    of_alice, of_bob = V1.created(client, alice), V1.created(client, bob)
    assert ask(client, Plain("DELETE", API.one(alice, V1.created(client, alice)["id"]), {}, None)).status_code == 204
    delete = {task["id"]: Plain("DELETE", V1.one(0, task["id"]), {}, None) for task in (of_alice, of_bob)}
    is_reused(ask(client, delete[of_alice["id"]]))
    first = ask(client, delete[of_bob["id"]])
    replays(ask(client, delete[of_bob["id"]]), first)
    # Nobody can tell whose a task was that is gone.
    refused(ask(client, Plain("PATCH", V1.one(0, of_bob["id"]), {}, {"title": "x"})), 404, "TASK_NOT_FOUND")


@pytest.mark.parametrize("name", CHANGES_OF_TASKS)
def test_a_refused_request_keeps_no_key(
    client: httpx.Client, database_url: str, name: str, alice: int, bob: int
) -> None:
    task = V1.created(client, alice)
    request = write(name, alice, task["id"])
    missing = write(name, alice, 2**62)
    refused(ask(client, missing), 404, "TASK_NOT_FOUND")
    no_id = missing._replace(path=missing.path.replace(str(2**62), "x"))
    refused(ask(client, no_id), 400, "VALIDATION_ERROR", ("task_id", "out_of_range"))
    if request.body is not None:
        owned = {**request.body, "user_id": bob}
        refused(ask(client, request._replace(body=owned)), 400, "VALIDATION_ERROR", ("user_id", "another_owner"))
    assert ask(client, request, **{"If-Match": '"9"'}).status_code == 412
    assert keys(database_url, alice) == []
    assert "Idempotent-Replayed" not in ask(client, request).headers
    assert keys(database_url, alice) == ["k"]


@pytest.mark.parametrize("body", [{}, {"title": "Buy milk"}, {"completed": False, "description": None}])
def test_a_request_that_changes_nothing_keeps_no_key(
    client: httpx.Client, database_url: str, family: Family, alice: int, body: dict[str, Any]
) -> None:
    task = family.created(client, alice)
    request = Plain(family.change_method, family.one(alice, task["id"]), {}, body)
    for _ in range(2):
        nothing = ask(client, request)
        assert (nothing.status_code, nothing.json()) == (200, task)
        assert "Idempotent-Replayed" not in nothing.headers
    assert keys(database_url, alice) == []
    ask(client, request._replace(body={"title": "Buy more milk"}))
    is_reused(ask(client, request))


@pytest.mark.parametrize(
    "name", [*CREATES, "api_complete_task", "users_change_task", "v1_replace_task", "v1_delete_task"]
)
def test_of_many_at_once_one_is_carried_out(
    service: Service, client: httpx.Client, database_url: str, name: str, alice: int
) -> None:
    request = write(name, alice, V1.created(client, alice)["id"])

    async def same(session: httpx.AsyncClient, _turn: int) -> httpx.Response:
        headers = {"Idempotency-Key": "k"}
        return await session.request(request.method, request.path, json=request.body, headers=headers)

    responses = at_once(service, MANY, same)
    [first] = [each for each in responses if "Idempotent-Replayed" not in each.headers]
    for each in responses:
        if each is not first:
            replays(each, first)
    assert changes(database_url, alice) == 2
    assert keys(database_url, alice) == ["k"]


def test_many_keys_of_a_new_user_at_once(service: Service, client: httpx.Client, alice: int) -> None:
    """Each of ten keys is sent five times; the user is created by one of them."""

    async def create(session: httpx.AsyncClient, turn: int) -> httpx.Response:
        body, headers = {"title": f"task {turn % 10}"}, {"Idempotency-Key": f"k{turn % 10}"}
        return await session.post(USERS.address(alice), json=body, headers=headers)

    responses = at_once(service, MANY, create)
    assert {each.status_code for each in responses} == {201}
    assert sum("Idempotent-Replayed" in each.headers for each in responses) == MANY - 10
    born = {each.json()["id"]: each.json() for each in responses}
    assert sorted(task["title"] for task in born.values()) == [f"task {number}" for number in range(10)]
    assert USERS.listed(client, alice) == [born[task_id] for task_id in sorted(born)]
