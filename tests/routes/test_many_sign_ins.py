"""Many sign-ins at once: a few are checked, some wait, the others are refused, and nobody else notices."""

import asyncio
import threading
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

import httpx
import pytest
from fastapi import FastAPI

from donebase import app as composed
from donebase.accounts.passwords import AT_ONCE, WAITING, Passwords
from donebase.app import create_app, with_middleware
from donebase.settings import Settings
from tests.support.accounts import ANOTHER, PHRASE, Member, new_address
from tests.support.at_once import at_once
from tests.support.in_process import serving
from tests.support.problems import refused
from tests.support.processes import Service
from tests.support.tokens import SECRET, Person, from_nowhere
from tests.support.waiting import DEADLINE, wait_for

MANY = AT_ONCE + WAITING + 40


async def sign_in(client: httpx.AsyncClient) -> httpx.Response:
    body = {"email": new_address(), "password": ANOTHER}
    return await client.post("/auth/sign-in", json=body, headers=from_nowhere())


class HeldUp(Passwords):
    """Passwords that are not checked until they may be."""

    def __init__(self, wait: float) -> None:
        super().__init__(wait)
        self.go = threading.Event()
        hashing = self._hashing
        held = self

        class Held:
            hash = hashing.hash

            def verify_and_update(self, password: str, hashed: str) -> tuple[bool, str | None]:
                assert held.go.wait(DEADLINE)
                right, new_hash = hashing.verify_and_update(password, hashed)
                return right, new_hash

        self._hashing = Held()  # type: ignore[assignment]


class Scene(NamedTuple):
    """A service in this process, whose passwords are held up."""

    app: FastAPI
    address: str
    passwords: HeldUp


@pytest.fixture
def scene(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    monkeypatch.setattr(composed, "Passwords", HeldUp)
    settings = Settings.read(
        database_url=database_url, database_timeout=600, database_pool_wait=600, database_pool_size=2,
        auth="required", auth_jwt_secret=SECRET, trusted_proxies="127.0.0.1",
    )  # fmt: skip
    app = create_app(settings)
    with serving(with_middleware(app)) as address:
        yield Scene(app, address, app.state.passwords)
        app.state.passwords.go.set()


@pytest.mark.long
def test_while_all_turns_are_taken_others_are_answered_and_no_connection_is_held(scene: Scene) -> None:
    answers: list[httpx.Response] = []

    async def one() -> None:
        transport = httpx.AsyncHTTPTransport(verify=False)
        async with httpx.AsyncClient(base_url=scene.address, transport=transport) as client:
            answers.append(await sign_in(client))

    async def all_of_them() -> None:
        await asyncio.gather(*(one() for _ in range(MANY)))

    thread = threading.Thread(target=asyncio.run, args=(all_of_them(),))
    thread.start()
    try:
        wait_for(lambda: len(answers) == MANY - AT_ONCE - WAITING, lambda: f"{len(answers)} were refused")
        with httpx.Client(base_url=scene.address) as client:
            person = Person.new(client)
            for _ in range(20):
                assert client.get("/users/me/tasks", headers=person.headers).status_code == 200
        # The service has statements of its own; a sign-in that held a connection would hold it until it may go on.
        wait_for(lambda: scene.app.state.database.pool_state().in_use == 0)
        assert len(answers) == MANY - AT_ONCE - WAITING
        for response in answers:
            refused(response, 503, "OVERLOADED")
            assert int(response.headers["retry-after"]) >= 1
    finally:
        scene.passwords.go.set()
        thread.join(DEADLINE)
    assert Counter(response.status_code for response in answers) == {
        503: MANY - AT_ONCE - WAITING,
        401: AT_ONCE + WAITING,
    }


def test_after_hundreds_at_once_everything_is_as_it_was(guarded: Service, guarded_client: httpx.Client) -> None:
    person, member = Person.new(guarded_client), Member.new(guarded_client)

    async def request(client: httpx.AsyncClient, turn: int) -> httpx.Response:
        return await (sign_in(client) if turn % 3 else client.get("/users/me/tasks", headers=person.headers))

    responses = at_once(guarded, 450, request)
    assert {response.status_code for response in responses[::3]} == {200}
    signed_in = [response for turn, response in enumerate(responses) if turn % 3]
    assert {response.status_code for response in signed_in} <= {401, 503}
    assert sum(response.status_code == 401 for response in signed_in) >= AT_ONCE + WAITING
    assert all("retry-after" in response.headers for response in signed_in if response.status_code == 503)
    assert member.knows(PHRASE)
    assert guarded_client.get("/users/me/tasks", headers=person.headers).status_code == 200
