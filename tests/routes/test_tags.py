"""The tags of a user's tasks, counted, at every address."""

import httpx

from tests.support.families import USERS, Family, Json


def listed(client: httpx.Client, family: Family, user: int) -> list[Json]:
    """Return the tags of a user."""
    response = client.get(family.beside(user, "tags"))
    assert response.status_code == 200, response.text
    found: list[Json] = response.json()
    return found


def test_open_and_completed_tasks_are_counted(client: httpx.Client, family: Family, alice: int) -> None:
    tasks = [
        family.created(client, alice, tags=["shop", "Zoo"]),
        family.created(client, alice, tags=["shop"], completed=True),
        family.created(client, alice, tags=["shop", "ärgern", "a"]),
        family.created(client, alice),
    ]
    counts = [("Zoo", 1, 0), ("a", 1, 0), ("shop", 2, 1), ("ärgern", 1, 0)]  # in order of code points
    assert listed(client, family, alice) == [
        {"tag": tag, "open": open_, "completed": done} for tag, open_, done in counts
    ]
    assert family.change(client, alice, tasks[0]["id"], tags=["zoo"], completed=True).status_code == 200
    assert family.delete(client, alice, tasks[2]["id"]).is_success
    assert listed(client, family, alice) == [
        {"tag": "shop", "open": 0, "completed": 1},
        {"tag": "zoo", "open": 0, "completed": 1},
    ]


def test_tags_are_those_of_one_user(client: httpx.Client, family: Family, alice: int, bob: int) -> None:
    family.created(client, bob, tags=["shop"])
    assert listed(client, family, alice) == []
    family.created(client, alice)
    assert listed(client, family, alice) == []


def test_tags_that_are_known_are_not_sent(client: httpx.Client, family: Family, alice: int) -> None:
    family.created(client, alice, tags=["shop"])
    address = family.beside(alice, "tags")
    first = client.get(address)
    assert (first.headers["etag"], first.headers["change"]) == ('W/"1"', "1")
    known = client.get(address, headers={"If-None-Match": first.headers["etag"]})
    assert (known.status_code, known.content, known.headers["etag"]) == (304, b"", 'W/"1"')
    family.created(client, alice)
    assert client.get(address, headers={"If-None-Match": first.headers["etag"]}).status_code == 200


def test_thousands_of_tags_come_whole_and_in_order(client: httpx.Client, alice: int) -> None:
    """They are read and sent in several parts."""
    names = [f"{number:04}" + "é" * 40 for number in range(2_500)]
    tasks = [{"title": "x", "tags": names[begin::125]} for begin in range(125)]
    assert client.post(USERS.address(alice), json=tasks).status_code == 201
    assert listed(client, USERS, alice) == [{"tag": name, "open": 1, "completed": 0} for name in names]
