"""What old history is needed for is refused when it has gone; everything else is as it was."""

import httpx
import pytest

from tests.support.families import Family
from tests.support.old_history import remove_history
from tests.support.problems import refused


@pytest.fixture
def task_id(client: httpx.Client, database_url: str, family: Family, alice: int) -> int:
    """A task of alice's, of whose changes the first two have gone from the history, and the third has not."""
    task_id: int = family.created(client, alice)["id"]
    family.change(client, alice, task_id, title="two")
    remove_history(database_url, alice)
    family.change(client, alice, task_id, title="three")
    return task_id


@pytest.mark.parametrize("since", [1, 4])
@pytest.mark.usefixtures("task_id")
def test_what_it_no_longer_or_not_yet_says_is_refused(
    client: httpx.Client, family: Family, alice: int, since: int
) -> None:
    for path in ("changes", "events"):
        refused(client.get(family.beside(alice, path, since=since)), 410, "HISTORY_PRUNED")
    resumed = client.get(family.beside(alice, "events"), headers={"Last-Event-ID": str(since)})
    refused(resumed, 410, "HISTORY_PRUNED")


def test_what_follows_from_where_it_begins_is_told(
    client: httpx.Client, family: Family, alice: int, task_id: int
) -> None:
    task = family.read(client, alice, task_id).json()
    for since in (0, 2):
        page = client.get(family.beside(alice, "changes", since=since)).json()
        assert page == {"since": since, "latest": 3, "more": False, "tasks": [task], "deleted": []}
    history = client.get(family.beside(alice, "history")).json()
    assert [entry["change"] for entry in history] == [3]


def test_only_what_it_still_says_can_be_undone(client: httpx.Client, family: Family, alice: int, task_id: int) -> None:
    for gone in (1, 2):
        refused(client.post(family.beside(alice, f"history/{gone}/undo")), 410, "HISTORY_PRUNED")
    assert client.post(family.beside(alice, "history/3/undo")).status_code == 200
    assert family.read(client, alice, task_id).json()["title"] == "two"


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
