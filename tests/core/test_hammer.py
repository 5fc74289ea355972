"""32 clients change the same five tasks in every way there is: no deadlock, and the history says all that was done."""

import asyncio
from collections import Counter

import httpx

from tests.support.hammer import Hammer
from tests.support.moves import is_placed, orders_after_each_change
from tests.support.processes import Service
from tests.support.replay import replay

ENOUGH = Counter(
    {
        ("toggle", 200): 50,
        ("set", 200): 10,
        ("change", 200): 50,
        ("replace", 200): 10,
        ("moved", 200): 50,
        ("create", 201): 10,
        ("delete", 200): 5,
        ("undo", 200): 10,
        ("undo", 409): 10,
        ("create several", 201): 1,
        ("change named", 200): 10,
        ("delete named", 200): 1,
        ("change many", 0): 10,
        ("reorder many", 0): 1,
        ("toggle many", 0): 10,
        ("create many", 0): 1,
        ("delete many", 0): 1,
    }
)


def test_the_history_of_many_clients_leads_to_exactly_what_there_is(
    service: Service, client: httpx.Client, database_url: str, alice: int
) -> None:
    before = len(service.lines)
    hammer = Hammer(service.address, database_url, alice)
    asyncio.run(hammer.strike_until(ENOUGH, 32, times=40))
    client.get("/livez", headers={"X-Request-ID": f"after-{alice}"})
    service.wait_for("request", request_id=f"after-{alice}")
    assert "database.rolled_back" not in {line["event"] for line in service.lines[before:]}
    replayed = asyncio.run(replay(database_url, alice))
    orders = asyncio.run(orders_after_each_change(database_url, alice))
    assert max(hammer.moves) <= replayed.changes
    for change, (where, task) in hammer.moves.items():
        assert orders[change][task["id"]] == task["order"]
        assert is_placed(orders[change], task["id"], where)
