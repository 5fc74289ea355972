"""Many clients at the same moment, proved by counts."""

from collections import Counter

import httpx
import pytest

from tests.support.at_once import at_once
from tests.support.families import USERS, V1, Family
from tests.support.processes import Service


@pytest.mark.parametrize("number", [100, 500])
def test_every_create_is_answered_and_kept(
    service: Service, client: httpx.Client, family: Family, alice: int, number: int
) -> None:
    """001 T047 and user story 1; 003's performance goal of 100 and more at once."""

    async def create(session: httpx.AsyncClient, turn: int) -> httpx.Response:
        return await session.post(family.address(alice), json=family.body(alice, title=f"task {turn}"))

    responses = at_once(service, number, create)
    assert Counter(response.status_code for response in responses) == {201: number}
    born = [response.json() for response in responses]
    assert len({task["id"] for task in born}) == number
    assert {task["title"] for task in born} == {f"task {turn}" for turn in range(number)}
    assert family.listed(client, alice) == sorted(born, key=lambda task: task["id"])


def test_no_toggle_is_lost(service: Service, client: httpx.Client, family: Family, alice: int) -> None:
    task = family.created(client, alice)

    async def toggle(session: httpx.AsyncClient, _turn: int) -> httpx.Response:
        return await session.patch(family.completion(alice, task["id"]))

    responses = at_once(service, 101, toggle)
    assert Counter(response.status_code for response in responses) == {200: 101}
    assert Counter(response.json()["completed"] for response in responses) == {True: 51, False: 50}
    assert family.read(client, alice, task["id"]).json()["completed"] is True
    times = [response.json()["updated_at"] for response in responses]
    assert len(set(times)) == 101


def test_of_many_deletes_one_wins(service: Service, client: httpx.Client, family: Family, alice: int) -> None:
    task = family.created(client, alice)

    async def delete(session: httpx.AsyncClient, _turn: int) -> httpx.Response:
        return await session.delete(family.one(alice, task["id"]))

    responses = at_once(service, 20, delete)
    assert Counter(response.status_code for response in responses) == {family.delete_status: 1, 404: 19}


def test_a_change_against_a_delete_is_found_or_not(service: Service, client: httpx.Client, alice: int) -> None:
    tasks = [USERS.created(client, alice) for _ in range(20)]

    async def change_or_delete(session: httpx.AsyncClient, turn: int) -> httpx.Response:
        address = USERS.one(alice, tasks[turn // 4]["id"])
        if turn % 4 == 0:
            return await session.delete(address)
        return await session.put(address, json={"title": f"changed {turn}"})

    responses = at_once(service, 80, change_or_delete)
    assert {response.status_code for response in responses} <= {200, 404}
    assert USERS.listed(client, alice) == []


def test_different_fields_changed_at_once_all_change(service: Service, client: httpx.Client, alice: int) -> None:
    task = V1.created(client, alice)
    changes: list[dict[str, object]] = [{"title": "new"}, {"description": "new"}, {"completed": True}]

    async def change(session: httpx.AsyncClient, turn: int) -> httpx.Response:
        return await session.patch(V1.one(alice, task["id"]), json=changes[turn])

    assert {response.status_code for response in at_once(service, 3, change)} == {200}
    after = V1.read(client, alice, task["id"]).json()
    assert after | {"title": "new", "description": "new", "completed": True} == after
