"""Everything can be undone, as a new change, unless it has changed again since."""

import asyncio
from typing import Any

import httpx
import pytest

from tests.support.at_once import at_once
from tests.support.databases import fetchval, fill
from tests.support.families import USERS, Family, Json
from tests.support.held_up import Onlooker
from tests.support.problems import refused
from tests.support.processes import Service


def undo(client: httpx.Client, family: Family, user: int, change: int, **headers: str) -> httpx.Response:
    return client.post(family.about(user, f"history/{change}/undo"), headers=headers)


def undone(client: httpx.Client, family: Family, user: int, change: int) -> Json:
    """Undo a change, see that it was, and return the answer."""
    response = undo(client, family, user, change)
    assert response.status_code == 200, response.text
    body: Json = response.json()
    assert list(body) == ["change", "tasks", "deleted"]
    assert response.headers["Change"] == str(body["change"])
    assert all(task["version"] == body["change"] for task in body["tasks"])
    return body


def conflicts(response: httpx.Response) -> list[tuple[int, str]]:
    refused(response, 409, "UNDO_CONFLICT")
    return [(each["task_id"], each["field"]) for each in response.json()["conflicts"]]


def without(task: Json, *fields: str) -> Json:
    return {name: value for name, value in task.items() if name not in fields}


def as_before(task: Json) -> Json:
    return without(task, "version", "updated_at")


def test_a_created_task_goes_and_comes_back(client: httpx.Client, family: Family, alice: int) -> None:
    task = family.created(client, alice, description="about")
    assert undone(client, family, alice, 1) == {"change": 2, "tasks": [], "deleted": [task["id"]]}
    assert family.listed(client, alice) == []
    redone = undone(client, family, alice, 2)
    assert (redone["change"], redone["deleted"]) == (3, [])
    assert family.listed(client, alice) == redone["tasks"]
    assert as_before(redone["tasks"][0]) == as_before(task)


def test_a_deleted_task_comes_back_under_its_own_id(client: httpx.Client, family: Family, alice: int) -> None:
    created = family.created(client, alice, title="Büy 'mílk' 🥛", description="null", priority="high")
    task = family.change(client, alice, created["id"], completed=True).json()
    assert family.delete(client, alice, task["id"]).is_success
    deleted_at = client.get(family.about(alice, "history", limit=1)).json()[0]["at"]
    [back] = undone(client, family, alice, 3)["tasks"]
    assert as_before(back) == as_before(task)
    assert back["version"] == 4
    assert back["updated_at"] > deleted_at > task["updated_at"]
    assert family.read(client, alice, task["id"]).json() == back


def test_changed_fields_get_their_former_values(client: httpx.Client, family: Family, alice: int) -> None:
    task_id = family.created(client, alice, title="a", description="about")["id"]
    done = family.change(client, alice, task_id, completed=True).json()
    family.change(client, alice, task_id, title="b", description=None, completed=False)
    last = family.change(client, alice, task_id, priority="low").json()
    [back] = undone(client, family, alice, 3)["tasks"]
    assert as_before(back) == as_before({**done, "priority": "low"})  # when it was completed as well
    assert back["updated_at"] > last["updated_at"]
    [redone] = undone(client, family, alice, 5)["tasks"]
    assert as_before(redone) == as_before(last)


def test_every_task_that_a_change_touched_is_put_back(
    client: httpx.Client, database_url: str, family: Family, alice: int
) -> None:
    fill(database_url, alice, 60)
    before = family.listed(client, alice)
    fetchval(
        database_url,
        "WITH gone AS (DELETE FROM tasks WHERE user_id = $1 AND id % 3 = 0), "
        "changed AS (UPDATE tasks SET title = 'x' || id, completed = true WHERE user_id = $1 AND id % 3 = 1) "
        "INSERT INTO tasks (user_id, title) VALUES ($1, 'new 1'), ($1, 'new 2')",
        alice,
    )
    new = [task["id"] for task in family.listed(client, alice) if task["title"].startswith("new")]
    body = undone(client, family, alice, 2)
    assert body["change"] == 3
    assert body["deleted"] == new
    assert [task["id"] for task in body["tasks"]] == [task["id"] for task in before if task["id"] % 3 != 2]
    assert list(map(as_before, family.listed(client, alice))) == list(map(as_before, before))


def test_what_has_changed_since_is_a_conflict_and_nothing_is_done(
    client: httpx.Client, database_url: str, family: Family, alice: int
) -> None:
    fill(database_url, alice, 3)
    one, two, three = (task["id"] for task in family.listed(client, alice))
    fetchval(database_url, "UPDATE tasks SET title = 'x', priority = 'low', completed = true WHERE user_id = $1", alice)
    family.change(client, alice, one, priority="high", title="y", description="is not one of them")
    family.delete(client, alice, three)
    before = family.listed(client, alice)
    assert conflicts(undo(client, family, alice, 2)) == [(one, "title"), (one, "priority"), (three, "id")]
    assert family.listed(client, alice) == before
    assert client.get(family.about(alice, "changes", since=4)).json()["latest"] == 4  # no number was used
    assert two in [task["id"] for task in before]


def test_a_created_task_that_has_changed_stays(client: httpx.Client, family: Family, alice: int) -> None:
    task = family.created(client, alice)
    changed = family.change(client, alice, task["id"], title="worth keeping", completed=True).json()
    assert conflicts(undo(client, family, alice, 1)) == [(task["id"], "title"), (task["id"], "completed")]
    assert family.listed(client, alice) == [changed]


def test_values_are_compared_and_not_versions(client: httpx.Client, family: Family, alice: int) -> None:
    task_id = family.created(client, alice, title="a")["id"]
    for title in ("b", "c", "b"):
        family.change(client, alice, task_id, title=title)
    assert undone(client, family, alice, 2)["tasks"][0]["title"] == "a"
    for completed in (True, False, True):
        family.change(client, alice, task_id, completed=completed)
    assert undone(client, family, alice, 6)["tasks"][0]["completed"] is False


def test_an_undo_that_was_done_already_is_a_conflict(client: httpx.Client, family: Family, alice: int) -> None:
    task = family.created(client, alice, title="a")
    family.change(client, alice, task["id"], title="b")
    undone(client, family, alice, 2)
    assert conflicts(undo(client, family, alice, 2)) == [(task["id"], "title")]
    family.delete(client, alice, task["id"])
    undone(client, family, alice, 4)
    assert conflicts(undo(client, family, alice, 4)) == [(task["id"], "id")]
    assert undone(client, family, alice, 5)["deleted"] == [task["id"]]
    assert conflicts(undo(client, family, alice, 1)) == [(task["id"], "id")]


def test_an_unknown_change_is_missing_and_an_old_one_gone(
    client: httpx.Client, database_url: str, family: Family, alice: int, bob: int
) -> None:
    refused(undo(client, family, alice, 1), 404, "CHANGE_NOT_FOUND")
    for _ in range(3):
        family.created(client, alice)
    family.created(client, bob)
    refused(undo(client, family, alice, 4), 404, "CHANGE_NOT_FOUND")
    refused(undo(client, family, bob, 2), 404, "CHANGE_NOT_FOUND")
    fetchval(database_url, "DELETE FROM history WHERE user_id = $1 AND change <= 2", alice)
    refused(undo(client, family, alice, 2), 410, "HISTORY_PRUNED")
    assert undone(client, family, alice, 3)["change"] == 4


def test_an_undo_with_a_key_is_done_once(client: httpx.Client, family: Family, alice: int) -> None:
    task = family.created(client, alice)
    family.delete(client, alice, task["id"])
    first, again = (undo(client, family, alice, 2, **{"Idempotency-Key": "k"}) for _ in range(2))
    assert (first.status_code, first.headers["Change"]) == (200, "3")
    assert (again.content, again.headers["Change"], again.headers["Idempotent-Replayed"]) == (
        first.content,
        "3",
        "true",
    )
    refused(undo(client, family, alice, 1, **{"Idempotency-Key": "k"}), 409, "IDEMPOTENCY_KEY_REUSED")


@pytest.mark.parametrize("action", ["created", "changed", "deleted"])
def test_of_many_undos_at_once_one_is_done(
    client: httpx.Client, service: Service, family: Family, alice: int, action: str
) -> None:
    task = family.created(client, alice)
    number = 1
    if action == "changed":
        family.change(client, alice, task["id"], title="x", completed=True)
        number = 2
    if action == "deleted":
        family.delete(client, alice, task["id"])
        number = 2
    address = family.about(alice, f"history/{number}/undo")
    responses = at_once(service, 20, lambda own, _: own.post(address))
    [done] = [each for each in responses if each.status_code == 200]
    assert done.json()["change"] == number + 1
    for response in responses:
        if response is not done:
            assert {task_id for task_id, _ in conflicts(response)} == {task["id"]}
    assert client.get(family.about(alice, "changes", since=number)).json()["latest"] == number + 1


def test_undos_of_one_deletion_that_cannot_see_each_other_are_a_conflict(
    client: httpx.Client, service: Service, database_url: str, family: Family, alice: int
) -> None:
    task = family.created(client, alice)
    family.delete(client, alice, task["id"])
    address = family.about(alice, "history/2/undo")

    async def all_begun_before_one_ends() -> list[httpx.Response]:
        async with Onlooker(database_url) as onlooker, httpx.AsyncClient(base_url=service.address) as own:
            async with onlooker.holding_up_writes(alice):
                asked = [asyncio.create_task(own.post(address)) for _ in range(3)]
                await onlooker.wait_for(3, "wait_event_type = 'Lock'")
            return await asyncio.gather(*asked)

    responses = asyncio.run(all_begun_before_one_ends())
    assert sorted(each.status_code for each in responses) == [200, 409, 409]
    assert [conflicts(each) for each in responses if each.status_code == 409] == [[(task["id"], "id")]] * 2
    assert [entry["change"] for entry in client.get(family.about(alice, "history")).json()] == [3, 2, 1]


def test_an_undo_that_waits_for_a_change_undoes_what_that_has_left(
    client: httpx.Client, service: Service, database_url: str, family: Family, alice: int
) -> None:
    task_id = family.created(client, alice, title="a")["id"]
    for title in ("b", "a"):
        family.change(client, alice, task_id, title=title)

    async def both_begun_before_one_ends() -> tuple[httpx.Response, httpx.Response]:
        async with Onlooker(database_url) as onlooker, httpx.AsyncClient(base_url=service.address) as own:
            async with onlooker.holding_up_writes(alice):
                change = asyncio.create_task(own.put(family.one(alice, task_id), json={"title": "b"}))
                await onlooker.wait_for(1, "wait_event_type = 'Lock'")
                back = asyncio.create_task(own.post(family.about(alice, "history/2/undo")))
                await onlooker.wait_for(2, "wait_event_type = 'Lock'")
            return await change, await back

    change, back = asyncio.run(both_begun_before_one_ends())
    assert (change.json()["title"], change.headers["Change"]) == ("b", "4")
    assert ([each["title"] for each in back.json()["tasks"]], back.headers.get("Change")) == (["a"], "5")


def test_undos_and_redos_at_once_are_one_after_another(client: httpx.Client, service: Service, alice: int) -> None:
    task = USERS.created(client, alice)

    async def back_and_forth(own: httpx.AsyncClient, _: int) -> httpx.Response:
        for _ in range(10):
            latest = (await own.get(USERS.about(alice, "history", limit=1))).json()[0]["change"]
            response = await own.post(USERS.about(alice, f"history/{latest}/undo"))
            assert response.status_code in (200, 409), response.text
            await asyncio.sleep(0)
        return response

    at_once(service, 8, back_and_forth)
    entries = client.get(USERS.about(alice, "history", limit=1000)).json()
    assert [entry["change"] for entry in entries] == list(range(len(entries), 0, -1))
    assert [entry["action"] for entry in entries[::-1]] == [("created", "deleted")[n % 2] for n in range(len(entries))]
    assert [each["id"] for each in USERS.listed(client, alice)] == [task["id"]] * (len(entries) % 2)


def test_the_log_says_what_was_undone(client: httpx.Client, service: Service, family: Family, alice: int) -> None:
    family.created(client, alice)
    response = undo(client, family, alice, 1, **{"X-Request-ID": f"undo.{alice}.{family.name}"})
    line: dict[str, Any] = service.wait_for("request", request_id=response.headers["X-Request-ID"])
    assert (line["action"], line["user_id"], line["change"]) == ("task.undone", alice, 2)


def test_what_needs_no_undo_is_none(client: httpx.Client, database_url: str, family: Family, alice: int) -> None:
    """A moment that was set by hand is not compared, and may be back already: then there is no change."""
    task = family.created(client, alice, completed=True)
    for moment in ("'2026-01-01T00:00Z'", "created_at"):
        fetchval(database_url, f"UPDATE tasks SET completed_at = {moment} WHERE user_id = $1", alice)
    response = undo(client, family, alice, 2)
    assert (response.status_code, "Change" in response.headers) == (200, False)
    assert response.json() == {"change": None, "tasks": [], "deleted": []}
    assert undone(client, family, alice, 3)["tasks"][0]["completed_at"] == "2026-01-01T00:00:00Z"
    assert undone(client, family, alice, 2)["tasks"][0]["completed_at"] == task["completed_at"]


def test_when_a_task_was_completed_stays_with_whether_it_is(
    client: httpx.Client, database_url: str, family: Family, alice: int
) -> None:
    task = family.created(client, alice, completed=True)
    fetchval(database_url, "UPDATE tasks SET completed_at = '2026-01-01T00:00Z' WHERE user_id = $1", alice)
    family.change(client, alice, task["id"], completed=False)
    assert undo(client, family, alice, 2).json() == {"change": None, "tasks": [], "deleted": []}
    assert family.listed(client, alice)[0]["completed_at"] is None


def test_the_head_of_a_long_answer_is_no_failure(client: httpx.Client, database_url: str, alice: int) -> None:
    fill(database_url, alice, 100)
    for what, query in (("changes", {"since": 0}), ("history", {"limit": 100})):
        head = client.head(USERS.about(alice, what, **query))
        assert (head.status_code, head.content) == (200, b"")
