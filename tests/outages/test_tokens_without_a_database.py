"""A database that is away makes no good token a bad one: a client would throw it away, and ask somebody to sign in."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.asked import Asked, asking, token

BASE = "/users/me/tasks"


@pytest.fixture
def tapped(folder: Path) -> Iterator[Asked]:
    """A service whose connections to the database a test can end."""
    with asking(folder, {}, tapped=True) as asked:
        yield asked


def test_a_token_that_cannot_be_looked_up_is_an_error_of_the_database(tapped: Asked) -> None:
    person = tapped.person()
    known, session = person.headers, {"Authorization": f"Bearer {tapped.known_of(person).own}"}
    assert tapped.client.get(BASE, headers=known).status_code == 200
    assert tapped.tap
    tapped.tap.cut()
    for headers in (known, session, token("somebody new"), {"Authorization": f"Bearer dnb_{'A' * 43}"}):
        response = tapped.client.get(BASE, headers=headers)
        assert (response.status_code, response.json()["code"]) == (500, "DATABASE_ERROR")
        assert response.headers["retry-after"] == "1"
        assert "www-authenticate" not in response.headers
    for refused in ({}, {"Authorization": "Bearer x"}, token("ann", aud="another"), token("ann", exp=1)):
        assert tapped.client.get(BASE, headers=refused).status_code == 401
    assert tapped.client.get("/users/7/tasks", headers=known).status_code == 403
