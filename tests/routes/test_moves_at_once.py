"""A hundred clients move the same tasks at once, and change them in other ways: each answer was right when given."""

import asyncio
import random
from collections import Counter
from typing import Any

import httpx

from tests.support.at_once import at_once
from tests.support.families import API, USERS, V1, Json
from tests.support.moves import in_order, is_placed, orders_after_each_change, orders_of
from tests.support.processes import Service

CLIENTS = 100
TIMES = 4
TASKS = 5
ENOUGH = 100  # moves that changed something
ROUNDS = 10  # at most; one is usual, but whom a move finds still there is chance


class Crowd:
    """What the clients know: the tasks, and by the number of its change each answer to a move, with what was asked."""

    def __init__(self, user: int, tasks: list[int]) -> None:
        self.user = user
        self.tasks = tasks
        self.moves: dict[int, tuple[Json, Json]] = {}
        self.done: Counter[tuple[str, int]] = Counter()
        self._order = random.Random(1)  # noqa: S311

    async def act(self, client: httpx.AsyncClient, _turn: int) -> httpx.Response:
        """Move tasks, mostly to the same gap, or change something else."""
        for _ in range(TIMES):
            name = self._order.choices(["move", "order", "title", "create", "delete"], [70, 12, 10, 4, 4])[0]
            response = await self._send(client, name)
            self.done[name, response.status_code] += 1
        return response

    async def _send(self, client: httpx.AsyncClient, name: str) -> httpx.Response:
        task, neighbour = self._order.sample(self.tasks, 2)
        family = self._order.choice((V1, USERS, API))
        address = family.one(self.user, task)
        match name:
            case "move":
                return await self._move(client, f"{address}/move", neighbour)
            case "order":
                order = self._order.choice([0, 1, -1, 1e308, -1e308, 5e-324, self._order.random()])
                return await client.patch(address, json={"order": order})
            case "title":
                return await client.patch(address, json={"title": f"text {self._order.random()}"})
            case "create":
                response = await client.post(USERS.address(self.user), json={"title": "another"})
                self.tasks.append(response.json()["id"])
                return response
            case _:
                if len(self.tasks) > TASKS:
                    self.tasks.remove(task)
                    return await client.delete(address)
                return await client.get(address)

    async def _move(self, client: httpx.AsyncClient, address: str, neighbour: int) -> httpx.Response:
        fixed = self.tasks[0] if str(self.tasks[0]) not in address else neighbour
        places: list[Any] = [{"after": fixed}, {"after": fixed}, {"before": neighbour}, {"to": "first"}, {"to": "last"}]
        where = self._order.choice(places)
        response = await client.post(address, json=where)
        if "change" in response.headers:
            self.moves[int(response.headers["change"])] = (response.json(), where)
        return response


def test_each_move_was_right_when_it_was_made(
    service: Service, client: httpx.Client, database_url: str, alice: int
) -> None:
    crowd = Crowd(alice, [USERS.created(client, alice)["id"] for _ in range(TASKS)])
    for _ in range(ROUNDS):
        at_once(service, CLIENTS, crowd.act)
        if len(crowd.moves) >= ENOUGH:
            break
    assert len(crowd.moves) >= ENOUGH, crowd.done
    assert {status for _, status in crowd.done} <= {200, 201, 204, 400, 404}
    assert all(status != 400 or name == "move" for name, status in crowd.done)  # the neighbour was gone
    orders = asyncio.run(orders_after_each_change(database_url, alice))
    for change, (task, where) in crowd.moves.items():
        assert task["version"] == change
        assert orders[change][task["id"]] == task["order"]
        assert is_placed(orders[change], task["id"], where), (change, task, where, orders[change])
    assert orders_of(USERS.listed(client, alice)) == orders[max(orders)]
    assert sorted(in_order(orders[max(orders)])) == sorted(crowd.tasks)
