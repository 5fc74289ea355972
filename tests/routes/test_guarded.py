"""A service that asks for tokens: who may see and change what."""

import httpx

from tests.support.tokens import Person


def test_everybody_has_tasks_of_their_own_by_number_by_me_and_by_the_name_of_their_issuer(
    guarded_client: httpx.Client, ann: Person
) -> None:
    for name in (ann.number, "me", ann.subject):
        for base in (f"/users/{name}", f"/api/{name}", "/api/v1"):
            created = guarded_client.post(f"{base}/tasks", json={"title": "mine"}, headers=ann.headers)
            assert created.status_code == 201, created.text
            assert created.json()["user_id"] == ann.number
            assert created.headers["Location"] == f"{base}/tasks/{created.json()['id']}"
            read = guarded_client.get(created.headers["Location"], headers=ann.headers)
            assert read.json() == created.json()
    assert len(guarded_client.get("/api/v1/tasks", headers=ann.headers).json()) == 9


def test_the_tasks_of_others_are_forbidden_at_their_address_and_missing_at_ones_own(
    guarded_client: httpx.Client, ann: Person, ben: Person
) -> None:
    task = guarded_client.post("/api/v1/tasks", json={"title": "mine"}, headers=ann.headers).json()
    for name in (ann.number, ann.subject, 1, "nobody"):
        refused = guarded_client.get(f"/users/{name}/tasks/{task['id']}", headers=ben.headers)
        assert (refused.status_code, refused.json()["code"]) == (403, "FORBIDDEN")
    for base in ("/users/me", "/api/v1"):
        missing = guarded_client.delete(f"{base}/tasks/{task['id']}", headers=ben.headers)
        assert (missing.status_code, missing.json()["code"]) == (404, "TASK_NOT_FOUND")
    refused = guarded_client.post("/api/v1/tasks", json={"title": "a", "user_id": ann.number}, headers=ben.headers)
    assert (refused.status_code, refused.json()["code"]) == (403, "FORBIDDEN")


def test_without_a_token_nothing_is_told(guarded_client: httpx.Client, ann: Person) -> None:
    for path in (f"/users/{ann.number}/tasks", "/api/v1/tasks", f"/todo-backend/{ann.number}"):
        refused = guarded_client.get(path)
        assert (refused.status_code, refused.json()["code"]) == (401, "UNAUTHORIZED")
        assert refused.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'
