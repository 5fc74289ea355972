"""One task's life, told at each family's address: born, changed, found, deleted, and invisible to others."""

from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.support.families import API, USERS, V1, Family, Json
from tests.support.problems import refused


def moved(task: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of a task that the database sets when it changes."""
    return {name: task[name] for name in ("completed_at", "version", "updated_at")}


def test_a_task_is_created(client: httpx.Client, family: Family, alice: int) -> None:
    """000 capability A; 001 user story 1; 002 user story 1; 003 scenario 1."""
    response = family.create(client, alice, title="Buy milk")
    assert response.status_code == 201
    assert response.headers["content-type"] == "application/json"
    task = response.json()
    assert response.headers["location"] == family.one(alice, task["id"])
    fields = "id title description completed due priority tags order completed_at user_id version created_at updated_at"
    assert list(task) == fields.split()
    assert task["version"] == 1
    assert task["id"] > 0
    assert task["created_at"] == task["updated_at"]
    assert task["created_at"].endswith("Z")
    assert abs(datetime.now().astimezone() - datetime.fromisoformat(task["created_at"])) < timedelta(minutes=1)
    sent: Json = {"title": "Buy milk", "description": None, "completed": False, "priority": None, "user_id": alice}
    sent |= {"due": None, "tags": [], "order": task["id"]}
    assert sent.items() <= task.items()
    assert family.read(client, alice, task["id"]).json() == task


def test_everything_that_is_sent_is_kept(client: httpx.Client, family: Family, alice: int) -> None:
    sent = {"title": "Buy milk", "description": " two litres,\r\n\tthe blue one \u200b", "completed": True}
    task = family.created(client, alice, **sent)
    assert sent.items() <= task.items()
    assert sent.items() <= family.read(client, alice, task["id"]).json().items()


def test_the_list_of_an_unknown_user_is_empty(client: httpx.Client, owned: Family, alice: int) -> None:
    """000 capability B; 001 user story 2."""
    response = client.get(owned.address(alice))
    assert (response.status_code, response.json()) == (200, [])


def test_the_list_is_in_order_of_creation(client: httpx.Client, family: Family, alice: int) -> None:
    """000 capability B; 001 user story 2; 003 scenario 2."""
    born = [family.created(client, alice, title=f"task {number}") for number in range(7)]
    assert family.listed(client, alice) == born


def test_a_task_is_found_by_its_id(client: httpx.Client, family: Family, alice: int) -> None:
    """003 scenario 3."""
    task = family.created(client, alice)
    response = family.read(client, alice, task["id"])
    assert (response.status_code, response.json()) == (200, task)


@pytest.mark.parametrize(
    "change",
    [
        {"title": "Buy oat milk"},
        {"description": "two litres"},
        {"description": None},
        {"completed": True},
        {"title": "Buy oat milk", "description": "", "completed": True},
    ],
    ids=str,
)
def test_only_what_is_sent_changes(client: httpx.Client, family: Family, alice: int, change: dict[str, object]) -> None:
    """000 capability C; 001 user story 3; 003 scenarios 4 and 5."""
    for method in family.change_methods:
        before = family.created(client, alice, description="from the shop at the corner")
        response = client.request(method, family.one(alice, before["id"]), json=change)
        assert response.status_code == 200
        after = response.json()
        assert after == before | change | moved(after)
        assert after["updated_at"] > before["updated_at"]
        assert after["version"] == before["version"] + 1
        assert after["completed_at"] == (after["updated_at"] if after["completed"] else None)
        assert family.read(client, alice, before["id"]).json() == after


def test_a_change_of_nothing_changes_nothing(client: httpx.Client, family: Family, alice: int) -> None:
    task = family.created(client, alice)
    for method in family.change_methods:
        response = client.request(method, family.one(alice, task["id"]), json={})
        assert (response.status_code, response.json()) == (200, task)


def test_what_a_get_returned_can_be_put_back(client: httpx.Client, family: Family, alice: int) -> None:
    task = family.created(client, alice, description="as it was")
    response = client.put(family.one(alice, task["id"]), json=task | {"completed": True})
    assert response.status_code == 200
    assert response.json() == task | {"completed": True} | moved(response.json())
    twin = client.post(family.address(alice), json=task)
    assert twin.status_code == 201
    assert twin.json()["id"] != task["id"]


def test_an_owner_does_not_change(client: httpx.Client, family: Family, alice: int, bob: int) -> None:
    task = family.created(client, alice)
    for change in ({"user_id": bob}, {"user_id": bob, "title": "Bob's now"}):
        response = family.change(client, alice, task["id"], **change)
        assert response.status_code == 400
        assert [fault["field"] for fault in response.json()["errors"]] == ["user_id"]
    assert family.read(client, alice, task["id"]).json() == task
    assert family.change(client, alice, task["id"], user_id=alice).json() == task


def test_a_task_is_deleted(client: httpx.Client, family: Family, alice: int) -> None:
    """000 capability D; 001 user story 4; 003 scenarios 6 and 7."""
    task = family.created(client, alice)
    kept = family.created(client, alice, title="stays")
    response = family.delete(client, alice, task["id"])
    assert response.status_code == family.delete_status
    if family is USERS:
        assert response.json() == {"message": "Task deleted successfully"}
    else:
        assert response.content == b""
        assert "content-type" not in response.headers
    assert family.read(client, alice, task["id"]).status_code == 404
    assert family.delete(client, alice, task["id"]).status_code == 404
    assert family.listed(client, alice) == [kept]


def test_an_id_is_never_used_again(client: httpx.Client, family: Family, alice: int) -> None:
    first = family.created(client, alice)
    family.delete(client, alice, first["id"])
    assert family.created(client, alice)["id"] > first["id"]


def test_a_missing_task_is_not_found(client: httpx.Client, family: Family, alice: int) -> None:
    """000 capabilities B, C and D; 003 scenario 9."""
    for response in (
        family.read(client, alice, 2**62),
        family.change(client, alice, 2**62, title="x"),
        family.change(client, alice, 2**62),
        client.put(family.one(alice, 2**62), json={"title": "x"}),
        family.delete(client, alice, 2**62),
    ):
        assert response.status_code == 404
        assert response.json()["code"] == "TASK_NOT_FOUND"


def test_anothers_task_does_not_exist(client: httpx.Client, owned: Family, alice: int, bob: int) -> None:
    """001 user stories 2, 3 and 4."""
    task = owned.created(client, alice)
    asked = {"X-Request-ID": "the-same"}
    bodies: tuple[Json, ...] = ({"title": "mine"}, {})
    changes = [(method, body) for method in owned.change_methods for body in bodies]
    for method, body in (("GET", None), *changes, ("DELETE", None)):
        anothers = client.request(method, owned.one(bob, task["id"]), json=body, headers=asked)
        missing = client.request(method, owned.one(bob, 2**62), json=body, headers=asked)
        assert anothers.status_code == 404
        assert anothers.content == missing.content
    for completion in (None, {}, {"completed": True}):
        anothers = client.patch(owned.completion(bob, task["id"]), json=completion, headers=asked)
        missing = client.patch(owned.completion(bob, 2**62), json=completion, headers=asked)
        assert anothers.status_code == 404
        assert anothers.content == missing.content
    assert owned.read(client, alice, task["id"]).json() == task
    assert client.get(owned.address(bob)).json() == []


def test_the_families_share_one_table(client: httpx.Client, family: Family, alice: int) -> None:
    task = family.created(client, alice)
    for other in (V1, USERS, API):
        assert other.read(client, alice, task["id"]).json() == task
        assert other.listed(client, alice) == [task]


def test_v1_put_replaces(client: httpx.Client, alice: int) -> None:
    """003 scenario 4."""
    task = V1.created(client, alice, description="two litres", completed=True)
    response = client.put(V1.one(alice, task["id"]), json={"title": "Buy bread"})
    assert response.status_code == 200
    replaced = {"title": "Buy bread", "description": None, "completed": False}
    assert response.json() == task | replaced | moved(response.json())
    assert client.put(V1.one(alice, task["id"]), json={"completed": True}).status_code == 400


def test_complete_toggles_and_sets(client: httpx.Client, family: Family, alice: int) -> None:
    """002 user story 2."""
    task = family.created(client, alice)
    address = family.completion(alice, task["id"])
    assert [client.patch(address).json()["completed"] for _ in range(3)] == [True, False, True]
    for wanted in (True, True, False, False):
        assert client.patch(address, json={"completed": wanted}).json()["completed"] is wanted
    after = family.read(client, alice, task["id"]).json()
    assert after == task | moved(after)
    assert after["version"] == 5  # setting what it is already changes nothing
    assert client.patch(family.completion(alice, 2**62)).status_code == 404


@pytest.mark.parametrize("body", ["", "null", " null\n", "{}", '{"user_id": USER, "id": 7}', '{"version": VERSION}'])
def test_a_completion_that_says_nothing_of_it_toggles(
    client: httpx.Client, family: Family, alice: int, body: str
) -> None:
    """What clients send that are made for a body, and have none."""
    task = family.created(client, alice)
    for number in (2, 3):
        content = body.replace("USER", str(alice)).replace("VERSION", str(task["version"]))
        headers = {"Content-Type": "application/json", "Idempotency-Key": str(number)}
        address = family.completion(alice, task["id"])
        response, again = (client.patch(address, content=content, headers=headers) for _ in range(2))
        assert (response.status_code, response.headers["change"]) == (200, str(number))
        assert (again.content, again.headers["idempotent-replayed"]) == (response.content, "true")
        assert response.json()["completed"] is not task["completed"]
        task = response.json()
    assert family.read(client, alice, task["id"]).json() == task


def test_a_completion_of_another_owner_or_version_is_refused(
    client: httpx.Client, family: Family, alice: int, bob: int
) -> None:
    task = family.created(client, alice)
    address = family.completion(alice, task["id"])
    refused(client.patch(address, json={"user_id": bob}), 400, "VALIDATION_ERROR", ("user_id", "another_owner"))
    refused(client.patch(address, json={"version": 7}), 412, "PRECONDITION_FAILED")
    refused(client.patch(address, json={"completed": None}), 400, "VALIDATION_ERROR", ("completed", "wrong_type"))
    assert family.read(client, alice, task["id"]).json() == task


def test_updated_at_moves_on_every_change_and_never_back(client: httpx.Client, family: Family, alice: int) -> None:
    """001 user story 3."""
    task = family.created(client, alice)
    changed = [family.change(client, alice, task["id"], title=f"{n}").json() for n in range(20)]
    times = [version["updated_at"] for version in (task, *changed)]
    assert sorted(set(times)) == times
    assert family.read(client, alice, task["id"]).json()["created_at"] == task["created_at"]
