"""Every task that a filter names is changed or deleted by one request, as one change."""

from typing import Any

import httpx
import pytest

from tests.support.databases import fetchval
from tests.support.families import USERS, V1, Family, Json
from tests.support.operations import OPERATIONS
from tests.support.problems import invalid, refused

MILK = {"title": "Buy milk", "tags": ["shop"], "priority": "high"}
BREAD = {"title": "Buy bread", "tags": ["shop"], "due": {"date": "2000-01-01"}}
WALK = {"title": "Walk", "completed": True}


def create(client: httpx.Client, user: int, *tasks: Any) -> list[Json]:
    """Create tasks, and return them."""
    response = client.post(USERS.address(user), json=[*tasks])
    assert response.status_code == 201, response.text
    found: list[Json] = response.json()
    return found


def change(client: httpx.Client, family: Family, user: int, query: str, body: Json, key: str = "") -> httpx.Response:
    """Change the tasks that a query names."""
    headers = {"Idempotency-Key": key} if key else {}
    return client.patch(f"{family.address(user)}{query}", json=body, headers=headers)


def delete(client: httpx.Client, family: Family, user: int, query: str, key: str = "") -> httpx.Response:
    """Delete the tasks that a query names."""
    headers = {"Idempotency-Key": key} if key else {}
    return client.delete(f"{family.address(user)}{query}", headers=headers)


def did(response: httpx.Response, told: Json, number: int | None) -> None:
    """See what an answer tells, and the number of the change."""
    assert (response.status_code, response.json()) == (200, told), response.text
    assert response.headers.get("change") == (None if number is None else str(number))
    assert not {"etag", "location", "link"} & set(response.headers)


def test_what_is_sent_changes_in_every_task_that_is_named(client: httpx.Client, owned: Family, alice: int) -> None:
    milk, bread, walk = create(client, alice, MILK, BREAD, WALK)
    did(change(client, owned, alice, "?tag=shop", {"completed": True, "priority": None}), {"changed": 2}, 2)
    listed = {task["title"]: task for task in owned.listed(client, alice)}
    assert listed["Walk"] == walk
    for before in (milk, bread):
        after = listed[before["title"]]
        moved = {name for name in before if before[name] != after[name]}
        assert moved == {"completed", "completed_at", "version", "updated_at"} | (
            {"priority"} if before is milk else set()
        )
        assert (after["version"], after["completed_at"]) == (2, after["updated_at"])


def test_every_field_can_be_set_in_many_tasks(client: httpx.Client, owned: Family, alice: int) -> None:
    create(client, alice, MILK, BREAD, WALK)
    for name, value in {
        "title": "x",
        "description": "y",
        "completed": True,
        "due": {"date": "2026-12-01", "time": None, "time_zone": None},
        "priority": "low",
        "tags": ["a", "b"],
        "order": 2.5,
    }.items():
        changed = change(client, owned, alice, "", {name: value}).json()["changed"]
        assert changed == (2 if name == "completed" else 3)
        assert [task[name] for task in owned.listed(client, alice)] == [value] * 3


def test_only_what_is_new_counts(client: httpx.Client, owned: Family, alice: int) -> None:
    create(client, alice, MILK, BREAD, WALK)
    did(change(client, owned, alice, "", {"completed": True}), {"changed": 2}, 2)
    for body in ({"completed": True}, {}, {"user_id": alice}, {"user_id": None}):
        did(change(client, owned, alice, "", body), {"changed": 0}, None)
    did(change(client, owned, alice, "?q=nothing", {"completed": False}), {"changed": 0}, None)
    did(delete(client, owned, alice, "?q=nothing"), {"deleted": 0}, None)
    assert client.head(USERS.address(alice)).headers["change"] == "2"


@pytest.mark.parametrize(
    ("query", "left"),
    [
        ("?tag=shop", ["Walk"]),
        ("?completed=false&priority=high", ["Buy bread", "Walk"]),
        ("?q=BUY%20mi", ["Buy bread", "Walk"]),
        ("?due=overdue&time_zone=Europe/Berlin", ["Buy milk", "Walk"]),
        ("?due_to=2000-01-01&due=any", ["Buy milk", "Walk"]),
        ("?priority=none&completed=true", ["Buy milk", "Buy bread"]),
        ("?due=none&tag=x", ["Buy milk", "Buy bread", "Walk"]),
        ("?all=true", []),
    ],
)
def test_the_tasks_that_are_named_are_deleted(
    client: httpx.Client, owned: Family, alice: int, bob: int, query: str, left: list[str]
) -> None:
    kept = create(client, bob, MILK, BREAD, WALK)
    create(client, alice, MILK, BREAD, WALK)
    did(delete(client, owned, alice, query), {"deleted": 3 - len(left)}, 2 if len(left) < 3 else None)
    assert [task["title"] for task in owned.listed(client, alice)] == left
    assert owned.listed(client, bob) == kept


@pytest.mark.parametrize("write", ["change", "delete"])
def test_one_undo_puts_all_of_it_back(client: httpx.Client, owned: Family, alice: int, write: str) -> None:
    before = create(client, alice, *[MILK, BREAD, WALK] * 20)
    if write == "change":
        change(client, owned, alice, "?tag=shop", {"title": "x", "tags": []})
    else:
        delete(client, owned, alice, "?tag=shop")
    undone = client.post(owned.beside(alice, "history/2/undo")).json()
    assert (undone["change"], len(undone["tasks"]), undone["deleted"]) == (3, 40, [])
    after = owned.listed(client, alice)
    assert [without_version(task) for task in after] == [without_version(task) for task in before]
    redone = client.post(owned.beside(alice, "history/3/undo")).json()
    assert len(redone["tasks"] or redone["deleted"]) == 40


def without_version(task: Json) -> Json:
    return {name: value for name, value in task.items() if name not in ("version", "updated_at")}


def test_changes_and_history_tell_of_one_change(client: httpx.Client, owned: Family, alice: int) -> None:
    milk, bread, _ = create(client, alice, MILK, BREAD, WALK)
    change(client, owned, alice, "?tag=shop", {"completed": True})
    delete(client, owned, alice, "?tag=shop")
    page = client.get(owned.beside(alice, "changes", since=2)).json()
    assert (page["latest"], page["tasks"], page["deleted"]) == (3, [], [milk["id"], bread["id"]])
    entries = client.get(owned.beside(alice, "history", limit=4)).json()
    ids = [bread["id"], milk["id"]]
    assert [(each["change"], each["task_id"], each["action"]) for each in entries] == [
        *((3, task_id, "deleted") for task_id in ids),
        *((2, task_id, "changed") for task_id in ids),
    ]


@pytest.mark.parametrize("write", ["change", "delete"])
def test_a_repetition_is_answered_as_the_first_request_was(
    client: httpx.Client, database_url: str, owned: Family, alice: int, write: str
) -> None:
    create(client, alice, MILK, BREAD, WALK)

    def ask(query: str = "?tag=shop", **fields: Any) -> httpx.Response:
        if write == "change":
            return change(client, owned, alice, query, {"completed": True, **fields}, key="k")
        return delete(client, owned, alice, query, key="k")

    first = ask()
    did(first, {"changed" if write == "change" else "deleted": 2}, 2)
    create(client, alice, MILK)
    for _ in range(2):
        again = ask()
        assert again.headers["idempotent-replayed"] == "true"
        assert (again.status_code, again.content, again.headers["change"]) == (200, first.content, "2")
    assert len(owned.listed(client, alice)) == (4 if write == "change" else 2)
    refused(ask("?tag=other"), 409, "IDEMPOTENCY_KEY_REUSED")
    assert fetchval(database_url, "SELECT count(*) FROM idempotency_keys WHERE user_id = $1", alice) == 1


def test_what_changes_nothing_keeps_no_key(client: httpx.Client, database_url: str, owned: Family, alice: int) -> None:
    create(client, alice, WALK)
    for _ in range(2):
        did(change(client, owned, alice, "", {"completed": True}, key="k"), {"changed": 0}, None)
        did(delete(client, owned, alice, "?completed=false", key="k"), {"deleted": 0}, None)
    assert fetchval(database_url, "SELECT count(*) FROM idempotency_keys WHERE user_id = $1", alice) == 0


def test_all_is_said_where_no_filter_says_which(client: httpx.Client, owned: Family, alice: int) -> None:
    tasks = create(client, alice, MILK, BREAD)
    invalid(delete(client, owned, alice, ""), ("all", "required"))
    invalid(delete(client, owned, alice, "?all=false"), ("all", "required"))
    invalid(delete(client, owned, alice, "?all=true&completed=false"), ("all", "not_applicable"))
    invalid(delete(client, owned, alice, "?all=yes"), ("all", "wrong_type"))
    invalid(delete(client, owned, alice, "?q=%CC%81%E2%80%8B"), ("q", "blank"))  # what stands in every text
    invalid(delete(client, owned, alice, "?all=true&all=true"), ("all", "repeated_parameter"))
    invalid(change(client, owned, alice, "?all=true", {"completed": True}), ("all", "unknown_parameter"))
    for parameter in ("limit=1", "after=1", "sort=id", "count=true"):
        name = parameter.partition("=")[0]
        invalid(delete(client, owned, alice, f"?{parameter}"), (name, "unknown_parameter"))
        invalid(change(client, owned, alice, f"?{parameter}", {}), (name, "unknown_parameter"))
    assert owned.listed(client, alice) == tasks


def test_a_version_is_a_condition_on_one_task(client: httpx.Client, owned: Family, alice: int) -> None:
    tasks = create(client, alice, MILK, BREAD)
    invalid(change(client, owned, alice, "", {"completed": True, "version": 1}), ("version", "not_applicable"))
    for tag in ('"1"', "*", 'W/"1"', "nonsense"):
        headers = {"If-Match": tag}
        invalid(
            client.patch(owned.address(alice), json={"completed": True}, headers=headers),
            ("If-Match", "not_applicable"),
        )
        invalid(client.delete(f"{owned.address(alice)}?all=true", headers=headers), ("If-Match", "not_applicable"))
    assert owned.listed(client, alice) == tasks


def test_another_owner_is_refused(client: httpx.Client, owned: Family, alice: int, bob: int) -> None:
    tasks = create(client, alice, MILK)
    invalid(change(client, owned, alice, "", {"completed": True, "user_id": bob}), ("user_id", "another_owner"))
    assert owned.listed(client, alice) == tasks


def test_an_unknown_user_has_no_tasks(client: httpx.Client, database_url: str, owned: Family, alice: int) -> None:
    did(change(client, owned, alice, "", {"completed": True}, key="k"), {"changed": 0}, None)
    did(delete(client, owned, alice, "?all=true", key="k"), {"deleted": 0}, None)
    assert fetchval(database_url, "SELECT count(*) FROM users WHERE id = $1", alice) == 0


def test_the_list_of_all_users_is_not_changed_as_a_whole(client: httpx.Client) -> None:
    for method in ("PATCH", "DELETE", "PUT"):
        refused(client.request(method, V1.tasks), 405, "METHOD_NOT_ALLOWED")
    assert not {
        name for name in OPERATIONS if name.startswith("v1") and name.endswith(("change_tasks", "delete_tasks"))
    }


def test_thousands_of_tasks_are_one_change(client: httpx.Client, owned: Family, alice: int) -> None:
    for _ in range(3):
        create(client, alice, *[MILK] * 1_000)
    did(change(client, owned, alice, "", {"priority": "low"}), {"changed": 3_000}, 4)
    did(delete(client, owned, alice, "?all=true"), {"deleted": 3_000}, 5)
    assert owned.listed(client, alice) == []
