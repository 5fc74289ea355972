"""32 clients change the same five tasks in every way there is: no deadlock, and the history says all that was done."""

import asyncio

from tests.support.hammer import Hammer
from tests.support.moves import is_placed, orders_after_each_change
from tests.support.processes import Service
from tests.support.replay import replay


def test_the_history_of_many_clients_leads_to_exactly_what_there_is(
    service: Service, database_url: str, alice: int
) -> None:
    hammer = Hammer(service.address, database_url, alice)
    asyncio.run(hammer.strike(32, times=40))
    replayed = asyncio.run(replay(database_url, alice))
    assert replayed.changes > 32 * 40 / 2
    assert {operation for operation, _ in hammer.done} >= {"toggle", "change", "create", "delete", "toggle many"}
    assert hammer.done.keys() >= {("create several", 201), ("change named", 200), ("delete named", 200)}
    assert hammer.done["undo", 200] > 10
    assert hammer.done["undo", 409] > 10
    orders = asyncio.run(orders_after_each_change(database_url, alice))
    assert len(hammer.moves) > 50
    for change, (where, task) in hammer.moves.items():
        assert orders[change][task["id"]] == task["order"]
        assert is_placed(orders[change], task["id"], where)
