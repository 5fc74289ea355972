"""Slots are given in order, none is lost, and nobody sleeps while one is free, whoever gives up and when."""

import asyncio

from hypothesis import given, settings
from hypothesis import strategies as st

from donebase.postgres.slots import Slots
from tests.support.waiting import DEADLINE

EVENTS = st.lists(
    st.tuples(st.sampled_from(["arrive", "leave", "cancel", "run the loop"]), st.integers(0, 9)), max_size=60
)


class Visitors:
    """Tasks that take a slot each, and hold it until they are told to leave."""

    def __init__(self, number: int) -> None:
        self.slots = Slots(number)
        self.queued: list[int] = []
        self.holding: list[int] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._leave: list[asyncio.Event] = []

    def arrive(self) -> None:
        self._leave.append(asyncio.Event())
        self._tasks.append(asyncio.create_task(self._visit(len(self._tasks))))

    async def _visit(self, me: int) -> None:
        if not self.slots.try_acquire():
            self.queued.append(me)
            try:
                await self.slots.acquire()
            except asyncio.CancelledError:
                self.queued.remove(me)
                raise
            assert me == self.queued.pop(0)  # first come, first served
        self.holding.append(me)
        try:
            await self._leave[me].wait()
        finally:
            self.holding.remove(me)
            self.slots.release()

    def leave(self, which: int) -> None:
        if self.holding:
            self._leave[self.holding[which % len(self.holding)]].set()

    def cancel(self, which: int) -> None:
        going_on = [task for task in self._tasks if not task.done()]
        if going_on:
            going_on[which % len(going_on)].cancel()

    async def settle(self) -> None:
        for _ in range(len(self._tasks) + 5):
            await asyncio.sleep(0)

    async def everybody_leaves(self) -> None:
        for leave in self._leave:
            leave.set()
        async with asyncio.timeout(DEADLINE):
            all_ended = await asyncio.gather(*self._tasks, return_exceptions=True)
        for ended in all_ended:
            assert ended is None or isinstance(ended, asyncio.CancelledError)


@settings(deadline=None)
@given(st.integers(1, 3), EVENTS)
def test_every_slot_is_given_in_order_and_comes_back(number: int, events: list[tuple[str, int]]) -> None:
    async def play() -> None:
        visitors = Visitors(number)
        slots = visitors.slots
        for event, which in events:
            if event == "arrive":
                visitors.arrive()
            elif event == "leave":
                visitors.leave(which)
            elif event == "cancel":
                visitors.cancel(which)
            else:
                await asyncio.sleep(0)
            assert 0 <= slots.in_use <= number
        await visitors.settle()
        assert len(visitors.holding) == slots.in_use
        assert len(visitors.queued) == slots.waiting
        assert slots.in_use == number or not slots.waiting
        await visitors.everybody_leaves()
        assert (slots.in_use, slots.waiting) == (0, 0)

    asyncio.run(play())


def test_who_is_cancelled_with_a_slot_just_given_passes_it_on() -> None:
    async def play() -> None:
        slots = Slots(1)
        assert slots.try_acquire()
        first, second = [asyncio.create_task(slots.acquire()) for _ in range(2)]
        await asyncio.sleep(0)
        slots.release()
        first.cancel()
        async with asyncio.timeout(DEADLINE):
            await second
        assert (slots.in_use, slots.waiting, first.cancelled()) == (1, 0, True)

    asyncio.run(play())
