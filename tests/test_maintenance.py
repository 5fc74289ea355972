"""What a service does beside answering requests: it removes old history, logs that, and stops in the middle."""

import asyncio
import gc
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest

from donebase import maintenance
from donebase.app import create_app
from donebase.core import steps
from donebase.core.errors import DatabaseFailed
from donebase.postgres.database import PostgresDatabase
from donebase.settings import Settings
from donebase.telemetry import logs
from tests.support.databases import fetchval
from tests.support.deleted import left_of, recorded, with_everything
from tests.support.held_up import Onlooker
from tests.support.waiting import DEADLINE, until

Lines = Callable[[str], list[dict[str, Any]]]

HELD_UP = "wait_event_type = 'Lock'"


@pytest.fixture
def lines(capfd: pytest.CaptureFixture[str]) -> Iterator[Lines]:
    """The lines of the log with an event."""
    found: list[dict[str, Any]] = []

    def of(event: str) -> list[dict[str, Any]]:
        found.extend(json.loads(line) for line in capfd.readouterr().out.splitlines())
        return [line for line in found if line["event"] == event]

    logs.configure("json")
    yield of
    logs.configure("json")


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove old history as soon as the service has started, however long a step of it takes."""
    monkeypatch.setattr(maintenance, "FIRST_REMOVAL", (0, 0))
    monkeypatch.setattr(steps, "STEP_TIMEOUT", 600)


@asynccontextmanager
async def started(url: str, **settings: str) -> AsyncIterator[None]:
    """Have a service started, up to its stop."""
    app = create_app(Settings.read(database_url=url, database_timeout=600, **settings))
    async with asyncio.timeout(DEADLINE):
        async with app.router.lifespan_context(app):
            yield
    gc.unfreeze()


@asynccontextmanager
async def holding(url: str, user: int) -> AsyncIterator[None]:
    """Let the removal of a user's history wait until this ends."""
    connection = await asyncpg.connect(url, statement_cache_size=0)
    try:
        async with connection.transaction():
            await connection.execute("SELECT FROM history WHERE user_id = $1 FOR UPDATE", user)
            yield
    finally:
        await connection.close()


def with_old_history(url: str, *users: int) -> None:
    create = "INSERT INTO tasks (user_id, title) SELECT unnest($1::bigint[]), 'x'"
    fetchval(url, create, users)
    fetchval(url, "UPDATE history SET at = at - interval '31 days'")


async def history(url: str) -> int:
    return int(await asyncio.to_thread(fetchval, url, "SELECT count(*) FROM history"))


def test_a_service_removes_old_history_and_logs_how_much(own_database: str, lines: Lines) -> None:
    with_old_history(own_database, 1, 2, 2)

    async def story() -> None:
        async with started(own_database):
            await until(lambda: asyncio.sleep(0, len(lines("history.removed"))), 1)

    asyncio.run(story())
    [line] = lines("history.removed")
    assert (line["level"], line["rows"]) == ("info", 3)
    assert asyncio.run(history(own_database)) == 0


def test_a_stop_in_the_middle_of_it_leaves_whole_changes(own_database: str, lines: Lines) -> None:
    with_old_history(own_database, 1, 2, 3)

    async def story() -> None:
        async with Onlooker(own_database) as onlooker, holding(own_database, 2):
            async with started(own_database):
                await onlooker.wait_for(1, HELD_UP)
            await onlooker.wait_for(0, HELD_UP)
            assert await history(own_database) == 2

    asyncio.run(story())
    assert [line["rows"] for line in lines("history.removed")] == [1]


def test_a_failure_is_logged_and_the_rest_removed_later(
    own_database: str, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_old_history(own_database, 1, 2)

    async def story() -> None:
        async with holding(own_database, 1):
            monkeypatch.setattr(steps, "STEP_TIMEOUT", 0.5)
            async with started(own_database):
                await until(lambda: asyncio.sleep(0, len(lines("history.not_removed")) > 0), wanted=True)
                await until(lambda: history(own_database), 1)
            monkeypatch.undo()

    asyncio.run(story())
    assert lines("history.not_removed")[0]["level"] == "warning"
    assert "longer than 0.5 seconds" in lines("history.not_removed")[0]["cause"]


class Broken:
    """A removal with a fault in it."""

    def __init__(self) -> None:
        self.begun = 0
        self.begun_again = asyncio.Event()

    async def run(self) -> AsyncIterator[int]:
        self.begun += 1
        if self.begun > 1:
            self.begun_again.set()
        raise ZeroDivisionError
        yield 0


def test_a_fault_is_logged_and_ends_no_removal_for_ever(lines: Lines) -> None:
    async def story() -> None:
        removal = Broken()
        keeper = asyncio.create_task(maintenance._every_hour(removal, maintenance._HISTORY))
        again = asyncio.create_task(removal.begun_again.wait())
        await asyncio.wait({keeper, again}, timeout=DEADLINE, return_when=asyncio.FIRST_COMPLETED)
        assert not keeper.done()
        keeper.cancel()

    asyncio.run(story())
    assert lines("history.not_removed")[0]["cause"] == "ZeroDivisionError"


def test_without_a_limit_the_history_stays(own_database: str) -> None:
    async def story() -> int:
        database = PostgresDatabase(Settings.read(database_url=own_database))
        tasks = maintenance.start_maintenance(database, None, 0, None, None)
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        return len(tasks)

    assert asyncio.run(story()) == 1


class Shaky:
    """Confirms tokens, and fails the first times."""

    def __init__(self, *failures: Exception) -> None:
        self._failures = [*failures]
        self.confirmed = 0

    async def confirm(self) -> None:
        if self._failures:
            raise self._failures.pop(0)
        self.confirmed += 1


@pytest.mark.parametrize(("failure", "level"), [(DatabaseFailed("x"), "warning"), (ValueError("x"), "error")])
def test_tokens_are_confirmed_again_and_again_and_a_failure_is_logged_once(
    own_database: str, lines: Lines, monkeypatch: pytest.MonkeyPatch, failure: Exception, level: str
) -> None:
    monkeypatch.setattr(maintenance, "CONFIRM_EVERY", 0.01)
    shaky: Any = Shaky(failure, failure, failure)

    async def story() -> None:
        database = PostgresDatabase(Settings.read(database_url=own_database))
        tasks = maintenance.start_maintenance(database, None, 0, shaky, None)
        await until(lambda: asyncio.sleep(0, shaky.confirmed > 2), wanted=True)
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)

    asyncio.run(story())
    assert [line["level"] for line in lines("tokens.not_confirmed")] == [level]
    assert len(lines("tokens.confirmed")) == 1


EXPIRED = "INSERT INTO sessions VALUES ('\\x00', 7, '', now(), now() - interval '1 minute')"


@pytest.mark.parametrize(("auth", "left"), [("open", 1), ("required", 0)])
def test_what_has_expired_goes_where_a_token_is_asked_for(
    own_database: str, lines: Lines, auth: str, left: int
) -> None:
    with_old_history(own_database, 1)
    fetchval(own_database, EXPIRED)

    async def story() -> None:
        async with started(own_database, auth=auth):
            await until(lambda: asyncio.sleep(0, len(lines("history.removed"))), 1)
            await until(lambda: asyncio.sleep(0, len(lines("expired.removed"))), 1 - left)

    asyncio.run(story())
    assert [line["rows"] for line in lines("expired.removed")] == [1] * (1 - left)
    assert fetchval(own_database, "SELECT count(*) FROM sessions") == left


def test_users_who_are_deleted_go_and_a_failure_is_logged(
    own_database: str, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(maintenance, "FIRST_LOOK", (0, 0))
    monkeypatch.setattr(maintenance, "NEXT_LOOK", (0.1, 0.1))
    with_everything(own_database, 7)
    recorded(own_database, 7)

    def removed() -> int:
        return sum(line["rows"] for line in lines("deleted.removed"))

    async def story() -> None:
        async with holding(own_database, 7):
            monkeypatch.setattr(steps, "STEP_TIMEOUT", 0.5)
            async with started(own_database, auth="required", history_days="0"):
                await until(lambda: asyncio.sleep(0, len(lines("deleted.not_removed")) > 0), wanted=True)
        monkeypatch.setattr(steps, "STEP_TIMEOUT", 600)
        async with started(own_database, auth="required", history_days="0"):
            # History, keys and user; the tasks may have gone before.
            await until(lambda: asyncio.sleep(0, removed() >= 6 + 3 + 1), wanted=True)

    asyncio.run(story())
    assert "longer than 0.5 seconds" in lines("deleted.not_removed")[0]["cause"]
    assert left_of(own_database, 7) == {"account_deletions": 1}
