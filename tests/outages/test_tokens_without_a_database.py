"""A database that is away makes no good token a bad one: a client would throw it away, and ask somebody to sign in."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.support.asked import REQUIRED, Asked, a_database_with_a_key, asked_at, token
from tests.support.processes import Service
from tests.support.wire import WireTap

BASE = "/users/me/tasks"


class Tapped(NamedTuple):
    """A service, and the tap on its connections to the database."""

    asked: Asked
    tap: WireTap


@pytest.fixture
def tapped(folder: Path) -> Iterator[Tapped]:
    with (
        a_database_with_a_key() as url,
        WireTap(url) as tap,
        Service(folder, DATABASE_URL=tap.url, **REQUIRED) as service,
        asked_at(service.ready().address, url) as asked,
    ):
        yield Tapped(asked, tap)


def test_a_token_that_cannot_be_looked_up_is_an_error_of_the_database(tapped: Tapped) -> None:
    client, person = tapped.asked.client, tapped.asked.person()
    known, session = person.headers, {"Authorization": f"Bearer {tapped.asked.known_of(person).own}"}
    assert client.get(BASE, headers=known).status_code == 200
    tapped.tap.cut()
    for headers in (known, session, token("somebody new"), {"Authorization": f"Bearer dnb_{'A' * 43}"}):
        response = client.get(BASE, headers=headers)
        assert (response.status_code, response.json()["code"]) == (500, "DATABASE_ERROR")
        assert response.headers["retry-after"] == "1"
        assert "www-authenticate" not in response.headers
    for refused in ({}, {"Authorization": "Bearer x"}, token("ann", aud="another"), token("ann", exp=1)):
        assert client.get(BASE, headers=refused).status_code == 401
    assert client.get("/users/7/tasks", headers=known).status_code == 403
