"""A task is moved to another place in the order of its owner's tasks, at every address."""

from typing import Any

import httpx
import pytest

from tests.support.at_once import at_once
from tests.support.families import USERS, Family, Json
from tests.support.moves import in_order, is_placed, orders_of, placed
from tests.support.problems import invalid, refused
from tests.support.processes import Service
from tests.support.versions import told

MAX = 1.7976931348623157e308
BY_HAND = {
    "ties": [0, 0, 0, 0],
    "zeros": [0.0, -0.0, 0, -0.0],
    "negative": [-3, -2, -1.5, -1],
    "huge": [1e308, MAX, MAX, -MAX],
    "tiny": [5e-324, 1e-323, 0, -5e-324],
    "neighbours": [1, 1.0000000000000002, 1.0000000000000004, 1.0000000000000007],
    "no integers": [9007199254740992, 9007199254740993, 9007199254740994, 9007199254740996],
    "as large as ids": [9223372036854775807, 9223372036854775806, 9223372036854775805, 1],
    "far apart": [-MAX, -5e-324, 5e-324, MAX],
}


def move(client: httpx.Client, family: Family, task: Json, where: Any, **headers: str) -> httpx.Response:
    """Move a task to where the body says."""
    address = f"{family.one(task['user_id'], task['id'])}/move"
    return client.post(address, json=where, headers={name.replace("_", "-"): value for name, value in headers.items()})


def moved(client: httpx.Client, family: Family, task: Json, where: Json) -> Json:
    """Move a task, see that it is where it was to be, that others are where they were, and return the answer."""
    before = in_order(orders_of(USERS.listed(client, task["user_id"])))
    response = move(client, family, task, where)
    assert response.status_code == 200, response.text
    body: Json = response.json()
    listed = client.get(USERS.address(task["user_id"]), params={"sort": "order"}).json()
    assert [each["id"] for each in listed] == placed(before, task["id"], where)
    assert is_placed(orders_of(listed), task["id"], where)
    assert family.read(client, task["user_id"], task["id"]).json() == body
    assert told(response)[0] == f'"{body["version"]}"'
    return body


def three(client: httpx.Client, family: Family, user: int, *orders: float) -> list[Json]:
    """Create three tasks, or as many as have an order here."""
    bodies = [{"order": order} for order in orders] or [{}, {}, {}]
    return [family.created(client, user, **body) for body in bodies]


def test_a_task_moves_to_each_place(client: httpx.Client, family: Family, alice: int) -> None:
    first, second, third = three(client, family, alice)
    assert first["order"] < moved(client, family, third, {"before": second["id"]})["order"] < second["order"]
    moved(client, family, second, {"after": first["id"]})
    assert moved(client, family, third, {"to": "first"})["order"] < first["order"]
    moved(client, family, third, {"to": "last"})
    created = family.created(client, alice)
    assert in_order(orders_of(USERS.listed(client, alice)))[-1] == created["id"]


def test_only_the_order_changes_and_the_answer_says_by_which_change(
    client: httpx.Client, family: Family, alice: int
) -> None:
    task, *_ = three(client, family, alice)
    response = move(client, family, task, {"to": "last"})
    after = response.json()
    assert told(response) == ('"4"', "4")
    assert after == task | {name: after[name] for name in ("order", "version", "updated_at")}
    assert after["updated_at"] > task["updated_at"]
    [entry] = client.get(family.about(alice, "history", limit=1)).json()
    assert (entry["change"], entry["task_id"]) == (4, task["id"])
    assert (entry["before"], entry["after"]) == ({"order": task["order"]}, {"order": after["order"]})


@pytest.mark.parametrize("place", ["first", "last", "before", "after"])
def test_a_task_that_is_in_place_is_not_changed(client: httpx.Client, family: Family, alice: int, place: str) -> None:
    tasks = three(client, family, alice)
    task = tasks[{"first": 0, "last": -1}.get(place, 1)]
    where = {"before": {"before": tasks[2]["id"]}, "after": {"after": tasks[0]["id"]}}.get(place, {"to": place})
    response = move(client, family, task, where)
    assert (response.status_code, response.json(), *told(response)) == (200, task, f'"{task["version"]}"', None)
    assert USERS.listed(client, alice) == tasks


def test_the_only_task_is_in_place_everywhere(client: httpx.Client, family: Family, alice: int) -> None:
    task = family.created(client, alice)
    for end in ("first", "last"):
        assert move(client, family, task, {"to": end}).json() == task


def test_the_log_tells_of_a_move(service: Service, client: httpx.Client, family: Family, alice: int) -> None:
    task, *_ = three(client, family, alice)
    for where, told_of in (({"to": "last"}, ("task.moved", 4)), ({"to": "last"}, ("task.read", None))):
        move(client, family, task, where)
        line = service.wait_for("request", action=told_of[0], user_id=alice, task_id=task["id"])
        assert line.get("change") == told_of[1]


@pytest.mark.parametrize("orders", BY_HAND.values(), ids=BY_HAND)
def test_tasks_move_between_orders_that_were_set_by_hand(
    client: httpx.Client, family: Family, alice: int, orders: list[float]
) -> None:
    """Two tasks get the orders when they are created, and two by a change."""
    tasks = three(client, family, alice, *orders[:2], 1, 2)
    for task, order in zip(tasks[2:], orders[2:], strict=True):
        assert family.change(client, alice, task["id"], order=order).json()["order"] == float(order)
    for task in tasks:
        for neighbour in tasks:
            if neighbour is not task:
                moved(client, family, task, {"before": neighbour["id"]})
        moved(client, family, task, {"to": "first"})
        moved(client, family, task, {"to": "last"})


def test_neighbours_that_are_renumbered_are_in_the_same_change(
    client: httpx.Client, family: Family, alice: int
) -> None:
    tasks = three(client, family, alice, 0, 0, 0)
    response = move(client, family, tasks[2], {"before": tasks[1]["id"]})
    assert told(response) == ('"4"', "4")
    changes = client.get(family.about(alice, "changes", since=3)).json()
    assert changes["latest"] == 4
    assert response.json() in changes["tasks"]
    assert len(changes["tasks"]) > 1
    assert all(task["version"] == 4 for task in changes["tasks"])


def test_a_move_is_undone_and_redone_with_its_neighbours(client: httpx.Client, family: Family, alice: int) -> None:
    tasks = three(client, family, alice, 0, 0, 0)
    moved(client, family, tasks[2], {"before": tasks[1]["id"]})
    after = orders_of(USERS.listed(client, alice))
    assert client.post(family.about(alice, "history/4/undo")).json()["change"] == 5
    assert orders_of(USERS.listed(client, alice)) == orders_of(tasks)
    assert client.post(family.about(alice, "history/5/undo")).json()["change"] == 6
    assert orders_of(USERS.listed(client, alice)) == after


def test_the_tasks_of_others_are_neither_counted_nor_renumbered(
    client: httpx.Client, family: Family, alice: int, bob: int
) -> None:
    tasks = three(client, family, alice, 0, 0, 0)
    of_bob = three(client, family, bob, -5, 0, 5)
    moved(client, family, tasks[2], {"before": tasks[1]["id"]})
    moved(client, family, tasks[1], {"to": "first"})
    assert USERS.listed(client, bob) == of_bob
    refused_for = move(client, family, tasks[0], {"after": of_bob[0]["id"]})
    invalid(refused_for, ("after", "unknown_value"))


@pytest.mark.parametrize("name", ["before", "after"])
def test_a_neighbour_is_another_task_of_the_owner(client: httpx.Client, family: Family, alice: int, name: str) -> None:
    task, deleted, _ = three(client, family, alice)
    family.delete(client, alice, deleted["id"])
    for neighbour in (task["id"], deleted["id"], 2**63 - 1):
        invalid(move(client, family, task, {name: neighbour}), (name, "unknown_value"))
        invalid(move(client, family, task, {name: neighbour}, If_Match='"77"'), (name, "unknown_value"))
    assert family.read(client, alice, task["id"]).json() == task


@pytest.mark.parametrize(
    ("body", "faults"),
    [
        ({}, [("body", "not_exactly_one")]),
        ({"before": 1, "after": 2}, [("body", "not_exactly_one")]),
        ({"before": 1, "to": "first"}, [("body", "not_exactly_one")]),
        ({"to": "middle"}, [("to", "unknown_value")]),
        ({"to": None}, [("to", "wrong_type")]),
        ({"before": "1"}, [("before", "wrong_type")]),
        ({"after": 1.0}, [("after", "wrong_type")]),
        ({"after": True}, [("after", "wrong_type")]),
        ({"before": 0}, [("before", "out_of_range")]),
        ({"before": 2**63}, [("before", "out_of_range")]),
        ({"to": "first", "order": 3}, [("order", "unknown_field")]),
        ({"title": "x"}, [("title", "unknown_field")]),
        ([], [("body", "wrong_type")]),
    ],
    ids=str,
)
def test_a_place_is_exactly_one_field(
    client: httpx.Client, family: Family, alice: int, body: Any, faults: list[tuple[str, str]]
) -> None:
    task = family.created(client, alice)
    invalid(move(client, family, task, body), *faults)


def test_a_missing_task_is_not_found_whatever_is_asked_of_it(
    client: httpx.Client, family: Family, alice: int, bob: int
) -> None:
    task, gone, neighbour = three(client, family, alice)
    family.delete(client, alice, gone["id"])
    others = gone if family.name == "v1" else {**task, "user_id": bob}
    for missing in (gone, others):
        refused(move(client, family, missing, {"to": "first"}), 404, "TASK_NOT_FOUND")
        refused(move(client, family, missing, {"before": missing["id"]}), 404, "TASK_NOT_FOUND")
        refused(move(client, family, missing, {"after": neighbour["id"]}, If_Match='"1"'), 404, "TASK_NOT_FOUND")


def test_a_move_has_a_condition(client: httpx.Client, family: Family, alice: int) -> None:
    task, *_ = three(client, family, alice)
    response = move(client, family, task, {"to": "last"}, If_Match='"2", "3"')
    refused(response, 412, "PRECONDITION_FAILED")
    assert response.json()["current"] == task
    refused(move(client, family, task, {"to": "first"}, If_Match='"2"'), 412, "PRECONDITION_FAILED")  # it is there
    assert family.read(client, alice, task["id"]).json() == task
    assert told(move(client, family, task, {"to": "last"}, If_Match='"2", "1"')) == ('"4"', "4")
    assert move(client, family, task, {"to": "first"}, If_Match="*").status_code == 200


def test_a_move_with_a_key_is_carried_out_once(client: httpx.Client, family: Family, alice: int) -> None:
    tasks = three(client, family, alice, 0, 0, 0)
    where = {"before": tasks[1]["id"]}
    first = move(client, family, tasks[2], where, Idempotency_Key="k")
    assert told(first) == ('"4"', "4")
    moved(client, family, tasks[2], {"to": "first"})
    family.delete(client, alice, tasks[1]["id"])
    again = move(client, family, tasks[2], where, Idempotency_Key="k")
    assert again.headers["Idempotent-Replayed"] == "true"
    assert (again.status_code, again.content, told(again)) == (200, first.content, told(first))
    other = move(client, family, tasks[2], {"to": "last"}, Idempotency_Key="k")
    refused(other, 409, "IDEMPOTENCY_KEY_REUSED")
    family.delete(client, alice, tasks[2]["id"])
    assert move(client, family, tasks[2], where, Idempotency_Key="k").content == first.content


def test_a_move_that_did_nothing_keeps_no_key(client: httpx.Client, family: Family, alice: int) -> None:
    task, *_ = three(client, family, alice)
    assert move(client, family, task, {"to": "first"}, Idempotency_Key="k").status_code == 200
    invalid(move(client, family, task, {"after": task["id"] + 10**9}, Idempotency_Key="k"), ("after", "unknown_value"))
    assert told(move(client, family, task, {"to": "last"}, Idempotency_Key="k")) == ('"4"', "4")


def test_moves_with_one_key_at_once_are_one_move(
    service: Service, client: httpx.Client, family: Family, alice: int
) -> None:
    task, *_ = three(client, family, alice)
    address = f"{family.one(alice, task['id'])}/move"

    async def ask(session: httpx.AsyncClient, _turn: int) -> httpx.Response:
        return await session.post(address, json={"to": "last"}, headers={"Idempotency-Key": "k"})

    responses = at_once(service, 20, ask)
    assert {(each.status_code, each.content, told(each)) for each in responses} == {
        (200, responses[0].content, ('"4"', "4"))
    }
    assert sum("idempotent-replayed" not in each.headers for each in responses) == 1
