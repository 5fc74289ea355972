"""The feed of changes, on a database that fails and goes back as a test wants it to."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from sqlalchemy import Executable

from donebase.core import feed
from donebase.core.changes import Change
from donebase.core.errors import DatabaseFailed, HistoryPruned
from donebase.core.feed import ChangeFeed
from donebase.core.history_statements import CLOCKS, HISTORY_STATE
from donebase.core.subscriptions import Subscription
from tests.support.waiting import until

OWNER = 7


class Clocks:
    """A database that has a clock for one owner, and deletes a task with each change."""

    def __init__(self) -> None:
        self.clock = 0
        self.polls = 0
        self.failures: dict[str, Exception] = {}
        """What polls and reads raise, as long as it is here."""
        self.at_read: Callable[[], None] = lambda: None

    async def fetch(self, statement: Executable, /, **parameters: Any) -> list[dict[str, Any]]:
        """Return the clock, or the changes after a number."""
        state = {"clock": self.clock, "floor": 0}
        if statement is HISTORY_STATE:
            return [state]
        is_poll = statement is CLOCKS
        self.polls += is_poll
        if failure := self.failures.get("poll" if is_poll else "read"):
            raise failure
        if not is_poll:
            self.at_read()
        if is_poll:
            return [{"id": owner, "clock": self.clock} for owner in parameters["owners"]]
        gone = {"before": None, "after": None, "later": None, "at": None, "task_id": 1, "id": None}
        numbers = range(parameters["since"] + 1, self.clock + 1)
        return [gone | state | {"change": number} for number in numbers] or [gone | state | {"change": None}]

    async def answers(self) -> bool:
        """Return whether it answers."""
        return True


class Followed:
    """A feed on such a database, with one subscription from now on."""

    def __init__(self) -> None:
        self.database = Clocks()
        self.reports: list[Exception | None] = []
        self.feed = ChangeFeed(self.database, _encode, self.reports.append)
        self.woken = asyncio.Event()
        self.subscription: Subscription

    async def next(self) -> bytes:
        """Return what comes next, as a stream reads it."""
        while (piece := await self.subscription.read()) is None:
            self.woken.clear()
            await self.woken.wait()
        self.subscription.position = piece.last
        return piece.events

    async def polled(self, more: int = 2) -> None:
        """Wait for so many more polls."""
        wanted = self.database.polls + more

        async def count() -> int:
            return min(self.database.polls, wanted)

        await until(count, wanted)


async def _encode(change: Change) -> bytes:
    return b"%d " % change.number


Story = Callable[[Followed], Coroutine[Any, Any, None]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Callable[[Story], None]:
    """Return what runs a story about a subscription that has begun."""
    monkeypatch.setattr(feed, "POLL_EVERY", 0.001)

    async def begin(story: Story) -> None:
        followed = Followed()
        followed.subscription = await followed.feed.subscribe(OWNER, None, followed.woken.set)
        try:
            await story(followed)
        finally:
            followed.feed.stop()

    return lambda story: asyncio.run(begin(story))


def test_changes_are_polled_for_and_read_in_order(run: Callable[[Story], None]) -> None:
    async def story(followed: Followed) -> None:
        followed.database.clock = 2
        assert await followed.next() == b"1 2 "
        followed.database.clock = 3
        assert await followed.next() == b"3 "

    run(story)


@pytest.mark.parametrize("failure", [DatabaseFailed("away"), ValueError("a fault of ours")])
def test_a_poll_that_fails_is_reported_once_and_repeated(run: Callable[[Story], None], failure: Exception) -> None:
    async def story(followed: Followed) -> None:
        followed.database.failures["poll"] = failure
        await followed.polled(5)
        assert followed.reports == [failure]
        followed.database.clock = 1
        followed.database.failures.clear()
        assert await followed.next() == b"1 "
        await followed.polled()
        assert followed.reports == [failure, None]

    run(story)


def test_a_read_that_fails_is_reported_once_and_repeated(run: Callable[[Story], None]) -> None:
    async def story(followed: Followed) -> None:
        failure = followed.database.failures["read"] = DatabaseFailed("away")
        followed.database.clock = 1
        reading = asyncio.create_task(followed.next())
        await followed.polled(5)
        assert followed.reports == [failure]
        followed.database.failures.clear()
        assert await reading == b"1 "
        await followed.polled()
        assert followed.reports == [failure, None]

    run(story)


def test_a_clock_that_goes_back_ends_the_subscription(run: Callable[[Story], None]) -> None:
    """A copy of the database has taken its place: what it lacks was told already, under numbers that come again."""

    async def story(followed: Followed) -> None:
        followed.database.clock = 5
        assert await followed.next() == b"1 2 3 4 5 "
        followed.database.clock = 3
        with pytest.raises(HistoryPruned):
            await followed.next()

    run(story)


def test_a_subscription_that_has_read_more_than_was_known_goes_on(run: Callable[[Story], None]) -> None:
    """Another process has made the change after the last poll."""

    async def story(followed: Followed) -> None:
        followed.database.clock = 2
        followed.feed.notify(OWNER, 1)
        assert await followed.next() == b"1 2 "
        assert await followed.subscription.read() is None
        followed.database.clock = 3
        assert await followed.next() == b"3 "

    run(story)


def test_polling_ends_with_the_last_subscription_and_begins_again(run: Callable[[Story], None]) -> None:
    async def story(followed: Followed) -> None:
        await followed.polled()
        followed.subscription.close()
        polls = followed.database.polls
        await asyncio.sleep(0.05)
        assert followed.database.polls <= polls + 1  # one may have begun
        followed.subscription = await followed.feed.subscribe(OWNER, 0, followed.woken.set)
        followed.database.clock = 1
        assert await followed.next() == b"1 "

    run(story)


def test_a_subscription_that_ends_while_it_reads_harms_no_other(run: Callable[[Story], None]) -> None:
    async def story(followed: Followed) -> None:
        followed.database.clock = 1
        followed.feed.notify(OWNER, 1)
        reading = asyncio.create_task(followed.subscription.read())
        followed.database.at_read = followed.subscription.close
        await reading
        followed.subscription = await followed.feed.subscribe(8, 1, followed.woken.set)
        await followed.polled(5)
        assert followed.reports == []

    run(story)
