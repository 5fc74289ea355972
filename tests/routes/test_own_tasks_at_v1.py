"""`/api/v1` where AUTH is `required`: the caller's own tasks, whoever is named, and nobody else's."""

from typing import Any

import httpx
import pytest

from tests.support.asked import GUARDED, Asked, whole
from tests.support.families import Json
from tests.support.stored import stored
from tests.support.tokens import Person

TASKS = "/api/v1/tasks"
BESIDE = ("tags", "changes?since=0", "history", "events", "history/1/undo")
WITHOUT = [operation for operation in GUARDED if operation.split()[1].startswith("/api/v1/tasks")]


@pytest.fixture
def amy(asked: Asked) -> Person:
    """Somebody with a token."""
    return asked.person()


@pytest.fixture
def bea(asked: Asked) -> Person:
    """Somebody else with a token."""
    return asked.person()


def created(asked: Asked, person: Person, **fields: Any) -> Json:
    """Create a task of a person's own, without saying whose."""
    response = asked.client.post(TASKS, json={"title": "mine"} | fields, headers=person.headers)
    assert response.status_code == 201, response.text
    task: Json = response.json()
    return task


def beside(asked: Asked, person: Person, what: str, name: object = None) -> httpx.Response:
    """Ask for something beside the tasks, or undo a change; a stream of events by HEAD, which ends."""
    method = "POST" if what.endswith("/undo") else "HEAD" if what == "events" else "GET"
    path, _, query = what.partition("?")
    parameters = dict([query.split("=")] if query else []) | ({} if name is None else {"user_id": str(name)})
    headers = person.headers | {"X-Request-ID": "the-only-one"}
    return asked.client.request(method, f"/api/v1/{path}", params=parameters, headers=headers)


def test_whose_a_new_task_is_need_not_be_said(asked: Asked, amy: Person) -> None:
    tasks = [created(asked, amy), created(asked, amy, user_id=None), created(asked, amy, user_id=amy.number)]
    response = asked.client.post(
        TASKS, json=[{"title": "a"}, {"title": "b", "user_id": amy.number}], headers=amy.headers
    )
    assert response.status_code == 201
    tasks += response.json()
    assert {task["user_id"] for task in tasks} == {amy.number}
    assert asked.client.get(TASKS, headers=amy.headers).json() == tasks


def test_a_task_for_somebody_else_is_refused(asked: Asked, amy: Person, bea: Person) -> None:
    task = created(asked, amy)
    before = stored(asked.url)
    one = f"{TASKS}/{task['id']}"
    for owner in (bea.number, bea.number + 1, 7):
        wrong: Json = {"title": "a", "user_id": owner}
        for method, path, body in [
            *(("POST", TASKS, wrong), ("POST", TASKS, [{"title": "a"}, wrong]), ("PUT", one, wrong)),
            *(("PATCH", one, wrong), ("PATCH", f"{one}/complete", {"user_id": owner}), ("PATCH", TASKS, wrong)),
        ]:
            response = asked.client.request(method, path, json=body, headers=amy.headers)
            refused = (403, "FORBIDDEN") if method == "POST" else (400, "VALIDATION_ERROR")
            assert (response.status_code, response.json()["code"]) == refused, (method, path)
    for name in (amy.subject, "me", str(amy.number), True, 1.0):  # which an address can say, and a body cannot
        response = asked.client.post(TASKS, json={"title": "a", "user_id": name}, headers=amy.headers)
        assert response.status_code == 400, name
    assert stored(asked.url) == before


def test_many_tasks_are_changed_and_deleted_at_once(asked: Asked, amy: Person, bea: Person) -> None:
    for person in (amy, bea):
        for priority in ("high", "low", "high"):
            created(asked, person, priority=priority)
    before = asked.client.get(TASKS, headers=bea.headers).json()
    query = {"priority": "high"}
    changed = asked.client.patch(TASKS, params=query, json={"completed": True}, headers=amy.headers)
    assert (changed.status_code, changed.json()) == (200, {"changed": 2})
    refused = asked.client.delete(TASKS, headers=amy.headers)
    assert refused.status_code == 400
    for parameters, number in ((query, 2), ({"all": "true"}, 1)):
        deleted = asked.client.delete(TASKS, params=parameters, headers=amy.headers)
        assert (deleted.status_code, deleted.json()) == (200, {"deleted": number})
    undone = asked.client.post(f"/api/v1/history/{deleted.headers['change']}/undo", headers=amy.headers)
    assert undone.status_code == 200
    assert len(asked.client.get(TASKS, headers=amy.headers).json()) == 1
    assert asked.client.get(TASKS, headers=bea.headers).json() == before


@pytest.mark.parametrize("what", BESIDE)
def test_what_is_asked_beside_the_tasks_is_ones_own(asked: Asked, amy: Person, bea: Person, what: str) -> None:
    for person in (amy, bea):
        created(asked, person, tags=[person.subject])
    names = [None, amy.number, "me", amy.subject]
    answers = [beside(asked, amy, what, name) for name in names]
    if what.endswith("/undo"):  # once
        assert [each.status_code for each in answers] == [200, 409, 409, 409]
    else:
        assert {each.status_code for each in answers} == {200}
        assert len({each.content for each in answers}) == 1
    assert bea.subject not in "".join(each.text for each in answers)
    assert asked.client.get("/api/v1/history", headers=bea.headers).json()[0]["change"] == 1


@pytest.mark.parametrize("what", BESIDE)
def test_what_is_asked_of_somebody_else_is_forbidden(asked: Asked, amy: Person, bea: Person, what: str) -> None:
    for person in (amy, bea):
        created(asked, person)
    before = stored(asked.url)
    names = [bea.number, bea.number + 1, bea.subject, 0, -1, "abc", 2**63, f"0{amy.number}", f" {amy.number}", "ME"]
    answers = {repr(whole(beside(asked, amy, what, name))) for name in names}
    assert len(answers) == 1, answers
    response = beside(asked, amy, what, bea.number)
    assert response.status_code == 403
    assert what == "events" or response.json()["code"] == "FORBIDDEN"
    repeated = asked.client.get(f"/api/v1/tags?user_id={amy.number}&user_id={bea.number}", headers=amy.headers)
    assert repeated.status_code == 400
    assert beside(asked, amy, what, "").status_code in (400, 403)
    assert stored(asked.url) == before


@pytest.mark.parametrize("operation", WITHOUT)
def test_a_task_is_asked_for_without_a_user(asked: Asked, amy: Person, bea: Person, operation: str) -> None:
    """As in the open mode: a parameter that means nothing here is refused and not passed over."""
    task = created(asked, amy)
    method, _, path = operation.partition(" ")
    for number in (amy.number, bea.number):
        address = path.format(task_id=task["id"])
        response = asked.client.request(method, f"{address}?user_id={number}", json={}, headers=amy.headers)
        assert response.status_code == 400, response.text
        assert "user_id" in [fault["field"] for fault in response.json()["errors"]]
    assert asked.client.get(TASKS, headers=amy.headers).json() == [task]


def test_the_keys_of_two_callers_do_not_meet(asked: Asked, amy: Person, bea: Person) -> None:
    key = {"Idempotency-Key": "the-same"}
    answers = [
        asked.client.post(TASKS, json={"title": "mine"}, headers=person.headers | key)
        for person in (amy, bea, amy, bea)
    ]
    assert [each.status_code for each in answers] == [201] * 4
    assert [each.headers.get("idempotent-replayed") for each in answers] == [None, None, "true", "true"]
    assert [each.json()["user_id"] for each in answers] == [amy.number, bea.number] * 2
    assert answers[0].content == answers[2].content != answers[1].content == answers[3].content
    for person, task in ((amy, answers[0].json()), (bea, answers[1].json())):
        address = f"{TASKS}/{task['id']}"
        assert asked.client.patch(address, json={"title": "x"}, headers=person.headers | key).status_code == 409
        assert asked.client.get(TASKS, headers=person.headers).json() == [task]


def test_a_key_means_nothing_at_the_task_of_somebody_else(asked: Asked, amy: Person, bea: Person) -> None:
    """Nor is what was answered to its owner ever answered to another."""
    task = created(asked, amy)
    address, key = f"{TASKS}/{task['id']}", {"Idempotency-Key": "k"}
    changed = asked.client.patch(address, json={"title": "x"}, headers=amy.headers | key)
    assert changed.status_code == 200
    for headers in (bea.headers | key, bea.headers):
        refused = asked.client.patch(address, json={"title": "x"}, headers=headers)
        assert (refused.status_code, refused.json()["code"]) == (404, "TASK_NOT_FOUND")
    assert asked.client.patch(address, json={"title": "x"}, headers=amy.headers | key).content == changed.content
