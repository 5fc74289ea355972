"""What old history is needed for, when it has gone."""

import httpx

from tests.support.families import Family
from tests.support.old_history import remove_history


def test_a_key_that_has_gone_with_it_is_new(
    client: httpx.Client, database_url: str, family: Family, alice: int
) -> None:
    def create() -> httpx.Response:
        body = family.body(alice, title="x")
        return client.post(family.address(alice), json=body, headers={"Idempotency-Key": "k"})

    first = create()
    assert create().headers["Idempotent-Replayed"] == "true"
    remove_history(database_url, alice)
    again = create()
    assert again.status_code == 201
    assert "Idempotent-Replayed" not in again.headers
    assert family.listed(client, alice) == [first.json(), again.json()]
    assert create().headers["Idempotent-Replayed"] == "true"
