"""Many tasks are created by one request, as one change: all or none, at every address."""

import json
from typing import Any

import httpx
import pytest

from tests.support.families import USERS, V1, Family, Json
from tests.support.problems import JSON, invalid

EVERYTHING = {
    "description": " two\nlitres ",
    "completed": True,
    "due": {"date": "2026-12-01", "time": "17:00", "time_zone": "Europe/Berlin"},
    "priority": "high",
    "tags": ["shop", 'a "b", {c}\\'],
    "order": -1.5e300,
}


def create(client: httpx.Client, family: Family, user: int, *tasks: Json, key: str = "") -> httpx.Response:
    """Create tasks."""
    headers = {"Idempotency-Key": key} if key else {}
    return client.post(family.address(user), json=[family.body(user, **task) for task in tasks], headers=headers)


def created(client: httpx.Client, family: Family, user: int, *tasks: Json) -> list[Json]:
    """Create tasks, see that they were, and return them."""
    response = create(client, family, user, *tasks)
    assert response.status_code == 201, response.text
    found: list[Json] = response.json()
    return found


def test_each_task_is_as_if_it_were_created_alone(client: httpx.Client, family: Family, alice: int) -> None:
    many = created(client, family, alice, {"title": " Buy milk "}, {"title": "é😀\u2028", **EVERYTHING}, {"title": "x"})
    alone = [
        family.created(client, alice, **task)
        for task in ({"title": " Buy milk "}, {"title": "é😀\u2028", **EVERYTHING})
    ]
    given = {"id", "version", "created_at", "updated_at", "completed_at", "order"}
    for task, other in zip(many, alone, strict=False):
        assert {name: task[name] for name in task if name not in given} == {
            name: other[name] for name in other if name not in given
        }
    assert [task["order"] for task in many] == [many[0]["id"], EVERYTHING["order"], many[2]["id"]]
    assert many[1]["completed_at"] == many[1]["updated_at"]
    assert family.listed(client, alice) == [*many, *alone]


def test_ids_are_in_the_order_of_the_array_and_versions_are_one_change(
    client: httpx.Client, family: Family, alice: int
) -> None:
    first = family.created(client, alice)
    response = create(client, family, alice, *({"title": f"task {number}"} for number in range(1_000)))
    tasks = response.json()
    assert response.headers["change"] == "2"
    assert not {"location", "etag", "link"} & set(response.headers)
    assert [task["title"] for task in tasks] == [f"task {number}" for number in range(1_000)]
    assert [task["id"] for task in tasks] == sorted(task["id"] for task in tasks)
    assert {task["version"] for task in tasks} == {2}
    assert client.get(USERS.address(alice)).json() == [first, *tasks]


def test_one_undo_puts_all_of_them_back(client: httpx.Client, family: Family, alice: int) -> None:
    tasks = created(client, family, alice, *[{"title": "x"}] * 30)
    undone = client.post(family.beside(alice, "history/1/undo")).json()
    assert undone == {"change": 2, "tasks": [], "deleted": [task["id"] for task in tasks]}
    assert family.listed(client, alice) == []
    redone = client.post(family.beside(alice, "history/2/undo")).json()
    assert [task["id"] for task in redone["tasks"]] == [task["id"] for task in tasks]
    assert family.listed(client, alice) == redone["tasks"]


def test_changes_and_history_tell_of_one_change(client: httpx.Client, family: Family, alice: int) -> None:
    tasks = created(client, family, alice, *[{"title": "x"}] * 3)
    page = client.get(family.beside(alice, "changes", since=0)).json()
    assert (page["latest"], page["tasks"]) == (1, tasks)
    entries = client.get(family.beside(alice, "history")).json()
    assert [(each["change"], each["task_id"], each["action"]) for each in entries] == [
        (1, task["id"], "created") for task in reversed(tasks)
    ]


def test_a_repetition_is_answered_as_the_first_request_was(client: httpx.Client, family: Family, alice: int) -> None:
    tasks = [{"title": f"task {number}", **EVERYTHING} for number in range(100)]
    first = create(client, family, alice, *tasks, key="k")
    assert first.status_code == 201
    one, other, *_ = first.json()
    family.change(client, alice, one["id"], title="changed", tags=[])
    family.delete(client, alice, other["id"])
    again = create(client, family, alice, *tasks, key="k")
    assert again.headers["idempotent-replayed"] == "true"
    assert (again.status_code, again.headers["change"], again.content) == (201, "1", first.content)
    reused = create(client, family, alice, *tasks[1:], key="k")
    assert (reused.status_code, reused.json()["code"]) == (409, "IDEMPOTENCY_KEY_REUSED")


def test_a_fault_in_one_task_creates_none(client: httpx.Client, family: Family, alice: int, bob: int) -> None:
    good = family.body(alice, title="x")
    wrong: list[tuple[Any, ...]] = [
        ([good, {**good, "title": " "}], ("[1].title", "blank")),
        ([{**good, "due": {"date": "2026-02-30"}}, good], ("[0].due.date", "invalid_date")),
        ([good, {**good, "tags": ["a", ""]}], ("[1].tags[1]", "blank")),
        ([good, {**good, "user_id": bob}], ("[1].user_id", "another_owner")),
        ([good, 7, {}], ("[1]", "wrong_type"), ("[2].title", "required"), *_no_owner(family, 2)),
        ([{**good, "order": None}], ("[0].order", "wrong_type")),
        ([], ("body", "out_of_range")),
        ([good] * 1_001, ("body", "out_of_range")),
    ]
    for body, *faults in wrong:
        invalid(client.post(family.address(alice), json=body, headers={"Idempotency-Key": "k"}), *faults)
    assert family.listed(client, alice) == []
    assert client.head(USERS.address(alice)).headers["change"] == "0"


def _no_owner(family: Family, place: int) -> list[tuple[str, str]]:
    return [(f"[{place}].user_id", "required")] if family is V1 else []


def test_the_first_faults_are_those_of_the_first_tasks(client: httpx.Client, family: Family, alice: int) -> None:
    wrong = family.body(alice, title="", priority="x")
    faults = [
        (f"[{place}].{field}", code)
        for place in range(10)
        for field, code in (("title", "blank"), ("priority", "unknown_value"))
    ]
    invalid(client.post(family.address(alice), json=[wrong] * 50), *faults)


def test_an_owner_can_be_named_where_the_address_names_it(client: httpx.Client, owned: Family, alice: int) -> None:
    tasks = created(
        client, owned, alice, {"title": "x", "user_id": alice}, {"title": "x", "user_id": None}, {"title": "x"}
    )
    assert [task["user_id"] for task in tasks] == [alice] * 3


def test_tasks_of_a_get_can_be_created_again(client: httpx.Client, family: Family, alice: int) -> None:
    tasks = created(client, family, alice, {"title": "x", **EVERYTHING}, {"title": "y"})
    copies = created(client, family, alice, *tasks)
    assert [{**copy, **_given(task)} for copy, task in zip(copies, tasks, strict=True)] == tasks


def _given(task: Json) -> Json:
    return {name: task[name] for name in ("id", "version", "completed_at", "created_at", "updated_at")}


@pytest.mark.parametrize(
    "text", ["\u0001", "\\", '"', "\\u0000", "{}", "null", "NULL", "é" * 400, "\U0010ffff", "'; --"]
)
def test_every_text_arrives_as_it_was_sent(client: httpx.Client, alice: int, text: str) -> None:
    task = {"title": f"x{text}x", "description": f" {text} ", "tags": [f"x{text[:40]}x"]}
    [found] = created(client, USERS, alice, task)
    assert {name: found[name] for name in task} == task


def test_numbers_arrive_as_they_were_sent(client: httpx.Client, alice: int) -> None:
    orders: list[Any] = [0, -0.0, 1e-320, 1.7976931348623157e308, 2**53, 0.1, 10**300, -5]
    tasks = created(client, USERS, alice, *({"title": "x", "order": order} for order in orders))
    assert [task["order"] for task in tasks] == [float(order) for order in orders]


def test_a_body_of_an_array_of_large_tasks_is_answered_whole(client: httpx.Client, alice: int) -> None:
    tasks = [{"title": "x" * 500, "description": "é" * 220} for _ in range(1_000)]
    content = json.dumps(tasks, ensure_ascii=False).encode()
    assert 2**19 < len(content) < 2**20
    response = client.post(USERS.address(alice), content=content, headers=JSON)
    assert response.json() == USERS.listed(client, alice)
