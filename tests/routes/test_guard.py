"""Every operation where AUTH is `required`: nobody gets in who has no right to, and nobody learns why."""

from typing import NamedTuple

import pytest

from tests.support.asked import GUARDED, Asked, whole
from tests.support.families import Json
from tests.support.refused_tokens import EVERYWHERE, REFUSED, Header, Known
from tests.support.stored import stored
from tests.support.tokens import Person

NO_TOKEN: list[Header] = []
UNAUTHORIZED = {
    "type": "about:blank",
    "title": "Unauthorized",
    "status": 401,
    "detail": "A valid access token is required.",
    "code": "UNAUTHORIZED",
    "request_id": "the-only-one",
}
READING = [operation for operation in GUARDED if operation.startswith("GET ")]
FEW = ["GET /users/{user_id}/tasks", "DELETE /api/v1/tasks/{task_id}"]


class Scene(NamedTuple):
    """A service, somebody with a task, and good tokens of theirs."""

    asked: Asked
    person: Person
    task: Json
    known: Known


@pytest.fixture(scope="module")
def scene(asked: Asked) -> Scene:
    person = asked.person()
    task = asked.client.post("/api/v1/tasks", json={"title": "mine"}, headers=person.headers).json()
    return Scene(asked, person, task, asked.known_of(person))


def test_the_401_is_what_the_contract_says(scene: Scene) -> None:
    response = scene.asked.ask(FEW[0], NO_TOKEN, scene.person.number)
    assert (response.status_code, response.json()) == (401, UNAUTHORIZED)
    assert response.headers["www-authenticate"] == 'Bearer error="invalid_token"'
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("kind", EVERYWHERE)
def test_every_operation_refuses_it_to_the_byte_alike(scene: Scene, kind: str) -> None:
    assert_refused(scene, EVERYWHERE[kind](scene.known), [*GUARDED])


@pytest.mark.parametrize("kind", REFUSED.keys() - EVERYWHERE.keys())
def test_it_is_refused_like_no_token(scene: Scene, kind: str) -> None:
    assert_refused(scene, REFUSED[kind](scene.known), FEW)


def assert_refused(scene: Scene, headers: list[Header], operations: list[str]) -> None:
    """See that operations refuse these headers as they refuse none, and that nothing is stored."""
    asked, person, task, _ = scene
    expected = whole(asked.ask(FEW[0], NO_TOKEN, person.number))
    before = stored(asked.url)
    for operation in operations:
        is_stream = operation.endswith("/events")
        for head in (True,) if is_stream else (False, True) if operation in READING else (False,):
            found = whole(asked.ask(operation, headers, person.number, task["id"], head=head))
            assert found == (expected._replace(content=b"") if head else expected), (operation, head)
    assert stored(asked.url) == before
