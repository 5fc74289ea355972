"""Every operation where AUTH is `required`: nobody gets in who has no right to, and nobody learns why."""

from collections.abc import Callable, Iterator
from contextlib import closing
from typing import NamedTuple

import httpx
import pytest

from tests.support.accounts import ANOTHER, PHRASE, Member
from tests.support.asked import GUARDED, Asked, whole
from tests.support.families import Json
from tests.support.personal_tokens import ScriptsToken
from tests.support.processes import Service
from tests.support.psql import Psql
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


@pytest.mark.parametrize("kind", sorted(REFUSED.keys() - EVERYWHERE.keys()))
def test_it_is_refused_like_no_token(scene: Scene, kind: str) -> None:
    assert_refused(scene, REFUSED[kind](scene.known), FEW)


ENDS: dict[str, Callable[[Member], httpx.Response]] = {
    "signed out": lambda member: member.ask("POST", "sign-out"),
    "its refresh token used twice": lambda member: (member.refresh(), member.refresh())[1],
    "the password changed elsewhere": lambda member: member.sign_in().ask(
        "PATCH", "me", password=ANOTHER, current_password=PHRASE
    ),
    "the account deleted": lambda member: member.ask("DELETE", "me", password=PHRASE),
}


@pytest.fixture
def changing(guarded: Service, guarded_client: httpx.Client, database_url: str) -> Iterator[Asked]:
    """A service over a database in which what is deleted goes step by step, and the use of tokens is noted."""
    with closing(Psql(database_url)) as psql:
        yield Asked(guarded.address, guarded_client, database_url, psql)


@pytest.mark.parametrize("end", ENDS)
def test_a_session_that_has_ended_is_refused_like_no_token(changing: Asked, end: str) -> None:
    member = Member.new(changing.client)
    assert member.is_admitted()
    ENDS[end](member)
    assert_answers_alike(changing, member.number, 1, [*_raw(member.headers)], [*GUARDED])


@pytest.mark.parametrize("end", ["revoked", "its owner deleted"])
def test_a_personal_token_that_is_revoked_is_refused_like_no_token(changing: Asked, end: str) -> None:
    client, member = changing.client, Member.new(changing.client)
    owner = Person(str(member.number), member.number, member.headers)
    token = ScriptsToken.made(client, owner)
    assert token.status(client) == 200
    if end == "revoked":
        token.revoked(client, owner)
    else:
        assert member.ask("DELETE", "me", password=PHRASE).status_code == 204
    assert_answers_alike(changing, member.number, 1, [*_raw(token.headers)], [*GUARDED])


def _raw(headers: dict[str, str]) -> Iterator[Header]:
    for name, value in headers.items():
        yield name.encode(), value.encode()


def assert_refused(scene: Scene, headers: list[Header], operations: list[str]) -> None:
    """See that operations refuse these headers as they refuse none, and that nothing is stored."""
    before = stored(scene.asked.url)
    assert_answers_alike(scene.asked, scene.person.number, scene.task["id"], headers, operations)
    assert stored(scene.asked.url) == before


def assert_answers_alike(asked: Asked, user: int, task_id: int, headers: list[Header], operations: list[str]) -> None:
    """See that operations refuse these headers to the byte as they refuse none."""
    expected = whole(asked.ask(FEW[0], NO_TOKEN, user))
    assert expected.status == 401
    for operation in operations:
        is_stream = operation.endswith("/events")
        for head in (True,) if is_stream else (False, True) if operation in READING else (False,):
            found = whole(asked.ask(operation, headers, user, task_id, head=head))
            assert found == (expected._replace(content=b"") if head else expected), (operation, head)
