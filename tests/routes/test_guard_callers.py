"""What a good token allows at each operation where AUTH is `required`, and what it does not."""

import httpx
import pytest

from tests.support.asked import GUARDED, Asked, token, whole
from tests.support.families import Json
from tests.support.stored import stored
from tests.support.tokens import Person

ABOUT_TASKS = [operation for operation in GUARDED if "/auth/" not in operation]
ABOUT_ACCOUNTS = [operation for operation in GUARDED if "/auth/" in operation and operation != "GET /auth/me"]
NAMING_A_USER = [operation for operation in GUARDED if "{user_id}" in operation]
NAMING_A_TASK = [operation for operation in GUARDED if "{task_id}" in operation]
MISSING = 2**62


@pytest.fixture
def amy(asked: Asked) -> Person:
    """Somebody with a token."""
    return asked.person()


@pytest.fixture
def bea(asked: Asked) -> Person:
    """Somebody else with a token."""
    return asked.person()


def created(asked: Asked, person: Person) -> Json:
    """Create a task, and another one behind it, so that it can be moved."""
    tasks = [asked.client.post("/api/v1/tasks", json={"title": title}, headers=person.headers).json() for title in "ab"]
    first: Json = tasks[0]
    return first


def limited(person: Person, scope: str) -> dict[str, str]:
    """Return the header with a token of a person for no more than a scope."""
    return token(person.subject, scope=scope)


def needs(operation: str) -> str:
    """Return the scope that an operation needs."""
    if operation in ABOUT_ACCOUNTS:
        return "account"
    return "tasks:read" if operation.startswith("GET ") else "tasks:write"


def assert_insufficient(response: httpx.Response, operation: str) -> None:
    assert response.status_code == 403, operation
    assert response.headers["www-authenticate"] == f'Bearer error="insufficient_scope", scope="{needs(operation)}"'
    assert response.request.method == "HEAD" or response.json()["code"] == "INSUFFICIENT_SCOPE"


@pytest.mark.parametrize(
    "scope", ["tasks:read", "tasks:write", "account", "", "openid profile", "tasks:read2 TASKS:WRITE", "tasks"]
)
def test_a_token_allows_what_its_scopes_say(asked: Asked, amy: Person, scope: str) -> None:
    headers = limited(amy, scope)
    allowed = [operation for operation in ABOUT_TASKS if needs(operation) in scope.split()]
    task = created(asked, amy)
    before = stored(asked.url)
    for operation in ABOUT_TASKS:
        if operation not in allowed:
            assert_insufficient(asked.ask(operation, headers, amy.number, task["id"]), operation)
    assert stored(asked.url) == before
    for operation in allowed:
        task = created(asked, amy)
        response = asked.ask(operation, headers, amy.number, task["id"], change=task["version"])
        assert response.is_success, (operation, response.text)


@pytest.mark.parametrize("ahead", [2, 300])
def test_a_session_that_began_on_a_machine_whose_clock_is_ahead_goes_on_here(
    asked: Asked, amy: Person, ahead: int
) -> None:
    headers = {"Authorization": f"Bearer {asked.known_of(amy, ahead).own}"}
    assert asked.client.get("/api/v1/tasks", headers=headers).status_code == 200


@pytest.mark.parametrize("operation", ABOUT_ACCOUNTS)
def test_a_token_for_tasks_manages_no_account(asked: Asked, amy: Person, operation: str) -> None:
    before = stored(asked.url)
    assert_insufficient(asked.ask(operation, limited(amy, "tasks:read tasks:write"), amy.number), operation)
    assert stored(asked.url) == before


def test_a_scope_that_is_missing_comes_before_a_user_who_is_another(asked: Asked, amy: Person, bea: Person) -> None:
    for operation in NAMING_A_USER:
        assert_insufficient(asked.ask(operation, limited(amy, "openid"), bea.number), operation)


def test_the_address_of_another_user_is_forbidden_whether_they_exist_or_not(
    asked: Asked, amy: Person, bea: Person
) -> None:
    task = created(asked, bea)
    others = [bea.number, bea.subject, bea.number + 1, 7, 0, -1, 2**63, "abc", "ME", "me%20", "%6De%00", "v1", "..."]
    others += [f"0{amy.number}", f"+{amy.number}", f"{amy.number}%0A", amy.subject.upper(), f"{amy.subject}x"]
    before = stored(asked.url)
    answers: set[str] = set()
    for operation in NAMING_A_USER:
        for name in others:
            if name == "v1" and "/api/" in operation:
                continue  # which is nobody's name there
            for task_id in (task["id"], MISSING):
                response = asked.ask(operation, amy.headers, 0, task_id, name=str(name))
                assert response.status_code == 403, (operation, name)
                answers.add(repr(whole(response)._replace(content=b"")))
                if response.request.method != "HEAD":
                    assert response.json()["code"] == "FORBIDDEN"
                    answers.add(response.text)
    assert len(answers) == 2, answers
    assert stored(asked.url) == before


def test_a_task_of_another_user_is_as_missing_as_one_that_never_was(asked: Asked, amy: Person, bea: Person) -> None:
    theirs = created(asked, bea)
    before = stored(asked.url)
    more = [{}, {"If-Match": f'"{theirs["version"]}"'}, {"If-Match": '"77"'}, {"Idempotency-Key": "k"}]
    for operation in NAMING_A_TASK:
        for headers in more:
            found, missing = (
                whole(asked.ask(operation, amy.headers | headers, amy.number, task_id))
                for task_id in (theirs["id"], MISSING)
            )
            assert found == missing, operation
            assert (found.status, b"TASK_NOT_FOUND" in found.content) == (404, True)
    assert stored(asked.url) == before


@pytest.mark.parametrize("base", ["/api/v1", "/users/me", "/api/me"])
def test_a_task_moves_to_none_of_another_user(asked: Asked, amy: Person, bea: Person, base: str) -> None:
    own, theirs = created(asked, amy), created(asked, bea)
    answers: set[str] = set()
    for word in ("before", "after"):
        for neighbour in (theirs["id"], MISSING):
            address = f"{base}/tasks/{own['id']}/move"
            response = asked.client.post(address, json={word: neighbour}, headers=amy.headers | {"X-Request-ID": word})
            assert response.status_code == 400, response.text
            answers.add(repr(whole(response)))
    assert len(answers) == 2
