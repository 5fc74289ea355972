"""The history: what each change did to each task, the newest first; it is also the trash."""

from typing import Any

import httpx
import pytest

from tests.support.databases import fetchval, fill
from tests.support.families import USERS, Family, Json
from tests.support.psql import Psql


def history(client: httpx.Client, family: Family, user: int, **query: Any) -> list[Json]:
    response = client.get(family.about(user, "history", **query))
    assert response.status_code == 200, response.text
    entries: list[Json] = response.json()
    return entries


def pages(client: httpx.Client, address: str) -> list[list[Json]]:
    """Return the entries of each page, followed by their links."""
    found = []
    while True:
        response = client.get(address)
        assert response.status_code == 200, response.text
        found.append(response.json())
        if "next" not in response.links:
            return found
        address = response.links["next"]["url"]


def test_each_change_tells_what_it_did(client: httpx.Client, family: Family, alice: int) -> None:
    born = family.created(client, alice, title="a", description="about", priority="low")
    task_id = born["id"]
    renamed = family.change(client, alice, task_id, title="b", description="about").json()
    done = family.change(client, alice, task_id, completed=True).json()
    assert family.delete(client, alice, task_id).is_success
    deleted, completed, changed, created = history(client, family, alice)
    about = {"task_id": task_id}
    assert created == about | {
        "change": 1,
        "action": "created",
        "before": None,
        "after": born,
        "at": born["updated_at"],
    }
    assert changed == about | {
        "change": 2,
        "action": "changed",
        "before": {"title": "a"},
        "after": {"title": "b"},
        "at": renamed["updated_at"],
    }
    assert completed["before"] == {"completed": False, "completed_at": None}
    assert completed["after"] == {"completed": True, "completed_at": done["completed_at"]}
    assert deleted == about | {"change": 4, "action": "deleted", "before": done, "after": None, "at": deleted["at"]}
    assert deleted["at"] > done["updated_at"]
    assert [list(entry) for entry in (created, deleted)] == [
        ["change", "task_id", "action", "before", "after", "at"] for _ in range(2)
    ]
    assert list(created["after"]) == list(born) == list(deleted["before"])


def test_entries_are_found_by_task_and_by_action(client: httpx.Client, family: Family, alice: int) -> None:
    one, other = (family.created(client, alice)["id"] for _ in range(2))
    family.change(client, alice, one, title="x")
    family.delete(client, alice, other)

    def found(**query: Any) -> list[int]:
        return [entry["change"] for entry in history(client, family, alice, **query)]

    assert found() == [4, 3, 2, 1]
    assert found(task_id=one) == [3, 1]
    assert found(action="created") == [2, 1]
    assert found(action="changed") == [3]
    assert found(action="deleted") == [4]
    assert found(task_id=one, action="deleted") == []
    assert found(task_id=other, action="created") == [2]
    assert found(after=3) == [2, 1]
    assert found(after=3, limit=1) == [2]
    assert found(after=1) == []


def test_a_deleted_task_stays_in_the_trash(client: httpx.Client, family: Family, alice: int) -> None:
    tasks = [family.created(client, alice, title=title, description="x" * 5000) for title in ("a", "b")]
    for task in tasks:
        family.delete(client, alice, task["id"])
    trash = history(client, family, alice, action="deleted")
    assert [entry["before"] for entry in trash] == tasks[::-1]


@pytest.mark.parametrize("limit", [1, 3, 4, 7, 50])
def test_pages_neither_split_nor_repeat_an_entry(
    client: httpx.Client, database_url: str, family: Family, alice: int, limit: int
) -> None:
    fill(database_url, alice, 5)  # one change of five tasks
    fetchval(database_url, "UPDATE tasks SET title = 'x' WHERE user_id = $1", alice)
    family.created(client, alice)
    found = pages(client, family.about(alice, "history", limit=limit))
    entries = [(entry["change"], entry["task_id"]) for page in found for entry in page]
    assert entries == sorted(set(entries), reverse=True)
    assert [change for change, _ in entries] == [3, *[2] * 5, *[1] * 5]
    assert [len(page) for page in found[:-1]] == [limit] * (len(found) - 1)
    created = pages(client, family.about(alice, "history", limit=limit, action="created"))
    assert sum(map(len, created)) == 6


def test_a_link_keeps_the_query(client: httpx.Client, owned: Family, alice: int) -> None:
    task = owned.created(client, alice)
    for title in "abc":
        owned.change(client, alice, task["id"], title=title)
    response = client.get(owned.about(alice, "history", limit=2, task_id=task["id"], action="changed"))
    path = owned.about(alice, "history")
    query = f"limit=2&task_id={task['id']}&action=changed&after=3.{task['id']}"
    assert response.headers["Link"] == f'<{path}?{query}>; rel="next"'
    last = client.get(response.links["next"]["url"])
    assert [entry["change"] for entry in last.json()] == [2]
    assert "Link" not in last.headers


def test_fifty_entries_are_a_page(client: httpx.Client, database_url: str, alice: int) -> None:
    fill(database_url, alice, 60)
    assert [len(page) for page in pages(client, USERS.about(alice, "history"))] == [50, 10]


def test_the_history_is_of_one_owner(client: httpx.Client, family: Family, alice: int, bob: int) -> None:
    task = family.created(client, alice)
    assert history(client, family, bob) == []
    assert history(client, family, bob, task_id=task["id"]) == []


def test_what_psql_does_is_there(client: httpx.Client, database_url: str, alice: int) -> None:
    psql = Psql(database_url, alice)
    try:
        [task] = psql.create("from psql")
        psql.change("priority = 'high'", task)
    finally:
        psql.close()
    changed, created = history(client, USERS, alice)
    assert (created["action"], created["after"]["title"]) == ("created", "from psql")
    assert (changed["before"], changed["after"]) == ({"priority": None}, {"priority": "high"})


def test_a_page_of_many_large_entries_is_whole(client: httpx.Client, database_url: str, alice: int) -> None:
    fill(database_url, alice, 200, description="é" * 5000)
    entries = history(client, USERS, alice, limit=1000)
    assert [entry["after"] for entry in entries[::-1]] == USERS.listed(client, alice)
