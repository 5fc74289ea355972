"""A service that trusts another issuer, which publishes its keys and is not always there."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from donebase.accounts import download, key_set
from donebase.app import create_service
from donebase.settings import Settings
from tests.support.forgeries import ANOTHER, KEYS, forgeries
from tests.support.in_process import serving
from tests.support.issuers import Behaviour, KeyServer, SigningKey, drip, hang
from tests.support.processes import Service
from tests.support.waiting import DEADLINE, wait_for

ISSUER = "https://id.example.com"


def me(client: httpx.Client, key: SigningKey, subject: str = "ann") -> httpx.Response:
    """Ask for the tasks of somebody whom the issuer names so."""
    return client.get("/users/me/tasks", headers=key.bearer(subject, iss=ISSUER))


@pytest.mark.long
def test_a_service_starts_without_its_issuer_and_goes_on_without_it(database_url: str, folder: Path) -> None:
    key, unknown = SigningKey("EdDSA"), SigningKey("EdDSA", 1)
    issuer = KeyServer(key)
    url = issuer.url.replace("//", "//me:secret@") + "?key=secret"
    settings = {"AUTH": "required", "AUTH_JWKS_URL": url, "AUTH_ISSUER": ISSUER}
    with Service(folder, DATABASE_URL=database_url, **settings) as service:
        service.wait_for("issuer.unreachable", host="127.0.0.1")
        with httpx.Client(base_url=service.ready().address) as client:
            refused = me(client, key)
            assert (refused.status_code, refused.json()["code"]) == (503, "OVERLOADED")
            assert refused.headers["Retry-After"] == "10"
            assert client.get("/users/me/tasks").status_code == 401

            with issuer:
                service.wait_for("issuer.reachable", host="127.0.0.1", keys=1)
                assert me(client, key).status_code == 200
                assert me(client, unknown).status_code == 401

            named = key.bearer("auth0|ann", iss=ISSUER)
            created = client.post("/api/auth0%7Cann/tasks", json={"title": "mine"}, headers=named)
            assert created.status_code == 201, created.text
            assert client.get("/api/me/tasks", headers=named).json() == [created.json()]
            other = key.bearer("auth0|ben", iss=ISSUER)
            assert client.get("/api/auth0%7Cann/tasks", headers=other).status_code == 403
            assert client.get("/api/auth0%7Cann/tasks", headers=key.bearer("auth0|ann")).status_code == 401
        assert service.stop() == 0
    assert sum(line["event"] == "issuer.unreachable" for line in service.lines) == 1
    assert "secret" not in str(service.lines)


def test_every_forged_token_gets_the_same_answer(database_url: str, folder: Path) -> None:
    with KeyServer(*KEYS.values()) as issuer, KeyServer(*ANOTHER.values()) as elsewhere:
        settings = {"AUTH": "required", "AUTH_JWKS_URL": issuer.url}
        with (
            Service(folder, DATABASE_URL=database_url, **settings) as service,
            httpx.Client(base_url=service.ready().address, headers={"X-Request-ID": "same"}) as client,
        ):
            for key in KEYS.values():  # as soon as they are loaded, for which the service gives an issuer five seconds
                good = key.bearer("ann")
                wait_for(lambda good=good: client.get("/users/me/tasks", headers=good).status_code == 200)  # type: ignore[misc]
            nobody = client.get("/users/me/tasks")
            assert nobody.status_code == 401
            for name, token in forgeries(elsewhere.url).items():
                answer = client.get("/users/me/tasks", headers={"Authorization": f"Bearer {token}"})
                assert (answer.status_code, answer.content) == (401, nobody.content), name
                assert _without_date(answer) == _without_date(nobody), name
        assert elsewhere.requests == []


def _without_date(answer: httpx.Response) -> list[tuple[str, str]]:
    return [(name, value) for name, value in answer.headers.multi_items() if name != "date"]


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let whoever waits for an issuer wait for as long as it takes."""
    monkeypatch.setattr(download, "SECONDS", 10 * DEADLINE)
    monkeypatch.setattr(key_set, "SECONDS", 10 * DEADLINE)
    monkeypatch.setattr(key_set, "RETRY", 0)


@pytest.fixture
def issuer() -> Iterator[KeyServer]:
    with KeyServer() as server:
        yield server


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize("misbehaviour", [hang, drip])
def test_who_has_a_known_key_waits_for_no_issuer(own_database: str, issuer: KeyServer, misbehaviour: Behaviour) -> None:
    known, unknown = SigningKey(), SigningKey()
    issuer.publish(known)
    settings = Settings.read(database_url=own_database, auth="required", auth_jwks_url=issuer.url)
    with (
        serving(create_service(settings)) as address,
        httpx.Client(base_url=address) as client,
        ThreadPoolExecutor() as threads,
    ):
        assert me(client, known).status_code == 200
        issuer.behaviour = misbehaviour
        asked = len(issuer.requests)
        waiting = [threads.submit(me, client, unknown, f"person {number}") for number in range(20)]
        wait_for(lambda: len(issuer.requests) > asked)
        try:
            for number in range(20):
                assert me(client, known, f"other {number}").status_code == 200
            assert not any(each.done() for each in waiting)
            assert len(issuer.requests) == asked + 1
        finally:
            issuer.stop()
        for each in waiting:
            assert each.result(DEADLINE).status_code == 503
