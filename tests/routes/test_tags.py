"""The tags of a user's tasks, counted, at every address."""

import httpx
import pytest

from donebase.core.tags import BATCH
from tests.support.databases import fetchval
from tests.support.families import FAMILIES, USERS, Family, Json
from tests.support.problems import invalid
from tests.support.versions import told


def test_tags_are_counted_by_whether_a_task_is_completed(
    client: httpx.Client, family: Family, alice: int, bob: int
) -> None:
    assert client.get(family.beside(alice, "tags")).json() == []
    for tags, completed in ((["shop", "home"], False), (["shop"], True), ([], False), (["Shop", "ünï", "home"], True)):
        family.created(client, alice, tags=tags, completed=completed)
    family.created(client, bob, tags=["another's"])
    expected = [
        {"tag": "Shop", "open": 0, "completed": 1},
        {"tag": "home", "open": 1, "completed": 1},
        {"tag": "shop", "open": 1, "completed": 1},
        {"tag": "ünï", "open": 0, "completed": 1},
    ]
    for each in FAMILIES:
        response = client.get(each.beside(alice, "tags"))
        assert (response.status_code, response.json()) == (200, expected)
        assert told(response) == ('W/"4"', "4")
        head = client.head(each.beside(alice, "tags"))
        assert (head.status_code, head.content, told(head)) == (200, b"", ('W/"4"', "4"))


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


def test_tags_that_are_known_are_not_sent(client: httpx.Client, family: Family, alice: int) -> None:
    address = family.beside(alice, "tags")
    for number in range(3):
        for known in (f'W/"{number}"', "*", f'"abc", "{number}"'):
            response = client.get(address, headers={"If-None-Match": known})
            assert (response.status_code, response.content, *told(response)) == (304, b"", f'W/"{number}"', str(number))
        response = client.get(address, headers={"If-None-Match": f'W/"{number + 1}"'})
        assert (response.status_code, len(response.json())) == (200, number)
        family.created(client, alice, tags=[f"{number}"])


def test_a_tag_is_as_it_is_written(client: httpx.Client, family: Family, alice: int) -> None:
    tags = ['"\\', "%_", "a\x01b", "e\u0301", "é", "\N{GRINNING FACE}" * 50, "x" * 50]
    family.created(client, alice, tags=tags)
    assert [each["tag"] for each in client.get(family.beside(alice, "tags")).json()] == sorted(tags)


@pytest.mark.parametrize("number", [BATCH, BATCH + 1, 2 * BATCH + 500])
def test_many_tags_come_whole_and_in_order(client: httpx.Client, database_url: str, alice: int, number: int) -> None:
    fetchval(
        database_url,
        "INSERT INTO tasks (user_id, title, completed, tags) SELECT $1, 'x', n % 2 = 0, ARRAY['tag ' || n, 'all']"
        " FROM generate_series(1, $2::int) AS n",
        *(alice, number - 1),
    )
    response = client.get(USERS.beside(alice, "tags"))
    counted = {f"tag {each}": {"open": each % 2, "completed": 1 - each % 2} for each in range(1, number)}
    counted["all"] = {"open": number // 2, "completed": (number - 1) // 2}
    assert response.json() == [{"tag": tag, **counted[tag]} for tag in sorted(counted)]
    assert "content-length" not in response.headers


def test_tags_that_are_asked_of_nobody_are_refused(client: httpx.Client) -> None:
    invalid(client.get("/api/v1/tags"), ("user_id", "required"))
