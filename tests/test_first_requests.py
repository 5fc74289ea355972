"""Of a crowd of first requests a few begin in each turn of the event loop, and none overtakes another."""

import asyncio
from itertools import pairwise

from donebase.serving.first_requests import AT_A_TIME, FirstRequests

CROWD = 5 * AT_A_TIME + 1


def test_a_few_begin_in_each_turn_in_the_order_in_which_they_came() -> None:
    begun: list[int] = []

    async def story() -> None:
        first_requests = FirstRequests()

        def arrive(number: int) -> None:
            if first_requests.may_begin():
                begun.append(number)
            else:
                first_requests.wait(lambda: begun.append(number))

        for number in range(CROWD):
            arrive(number)
        late = CROWD
        turns = [len(begun)]
        while len(begun) < 2 * CROWD:
            if late < 2 * CROWD:
                arrive(late)  # while others wait, it waits behind them
                late += 1
            await asyncio.sleep(0)
            turns.append(len(begun))
        assert begun == list(range(2 * CROWD))
        assert max(after - before for before, after in pairwise(turns)) == AT_A_TIME
        await asyncio.sleep(0)
        arrive(late)
        assert begun[-1] == late, "it waits though there is no crowd"

    asyncio.run(story())
