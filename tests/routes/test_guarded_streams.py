"""Live streams of callers with tokens: they end with the token, also while nothing happens."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import asyncpg
import httpx
import pytest

from donebase import maintenance
from donebase.accounts import known_grants, watches
from donebase.accounts.authenticator import Authenticator
from donebase.app import create_service
from donebase.core import feed
from donebase.http import open_streams
from donebase.settings import Settings
from tests.conftest import NO_HURRY
from tests.support import tokens
from tests.support.databases import fetchval
from tests.support.event_source import EventSource
from tests.support.in_process import serving
from tests.support.personal_tokens import ScriptsToken
from tests.support.processes import Service
from tests.support.tokens import Person
from tests.support.waiting import wait_for
from tests.support.wire import WireTap

EVENTS = "/users/me/events"
GUARDED = {"AUTH": "required", "AUTH_JWT_SECRET": tokens.SECRET}
MANY_TASKS = (
    "INSERT INTO tasks (user_id, title, description) SELECT $1, 'x', repeat('x', 5000) FROM generate_series(1, 3000)"
)
REVOKE = "DELETE FROM personal_tokens WHERE id = $1"


def stream(address: str, headers: dict[str, str]) -> EventSource:
    """Open a stream of the caller's changes, and wait until it is there."""
    return EventSource(address, EVENTS, headers).opened()


def is_usable(client: httpx.Client, source: EventSource, caller: Person | ScriptsToken) -> bool:
    """Tell whether a stream shows the next change of its owner."""
    created = client.post("/api/v1/tasks", json={"title": "x"}, headers=caller.headers)
    return bool(source.next().data["tasks"] == [created.json()])


def without_comments(source: EventSource) -> bytes:
    """Return what comes until the end of a stream, but for comments."""
    return source.rest().replace(b":\n\n", b"")


@contextmanager
def in_this_process(url: str, **settings: object) -> Iterator[str]:
    settings |= {"database_url": url, "database_timeout": 600} | {name.lower(): each for name, each in GUARDED.items()}
    with serving(create_service(Settings.read(**settings))) as address:
        yield address


def test_a_revocation_ends_the_streams_of_the_token_at_once_and_no_other(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(maintenance, "CONFIRM_EVERY", 3600)
    with in_this_process(database_url) as address, httpx.Client(base_url=address) as client:
        ann = Person.new(client)
        script, kept = (ScriptsToken.made(client, ann) for _ in range(2))
        with (
            stream(address, script.headers) as ended,
            stream(address, kept.headers) as other,
            stream(address, ann.headers) as own,
        ):
            script.revoked(client, ann)
            assert without_comments(ended) == b""
            created = client.post("/api/v1/tasks", json={"title": "x"}, headers=kept.headers)
            assert [source.next().data["tasks"] for source in (other, own)] == [[created.json()]] * 2


def test_a_stream_that_is_idle_ends_when_its_token_was_revoked_elsewhere(
    guarded: Service, guarded_client: httpx.Client, ann: Person, database_url: str
) -> None:
    script, kept = (ScriptsToken.made(guarded_client, ann) for _ in range(2))
    with stream(guarded.address, script.headers) as ended, stream(guarded.address, kept.headers) as other:
        fetchval(database_url, REVOKE, script.id)
        assert without_comments(ended) == b""
        assert script.status(guarded_client) == 401
        assert is_usable(guarded_client, other, ann)


@pytest.mark.parametrize("whose", ["a personal token", "another issuer's token"])
def test_a_stream_ends_when_its_token_expires_and_not_before(
    database_url: str, monkeypatch: pytest.MonkeyPatch, whose: str
) -> None:
    monkeypatch.setattr(maintenance, "CONFIRM_EVERY", 0.05)
    with in_this_process(database_url) as address, httpx.Client(base_url=address) as client:
        ann = Person.new(client)
        kept = ScriptsToken.made(client, ann)
        hour = {"expires_at": (datetime.now(UTC) + timedelta(hours=1)).isoformat()}
        headers = ann.headers if whose != "a personal token" else ScriptsToken.made(client, ann, **hour).headers
        with stream(address, headers) as ended, stream(address, kept.headers) as other:
            assert is_usable(client, ended, ann)
            later = SimpleNamespace(time=lambda: time.time() + 3700)
            monkeypatch.setattr(watches, "time", later)
            assert without_comments(ended) == b""
            assert len(other.take(1)) == 1
            assert is_usable(client, other, kept)


def test_streams_with_tokens_are_looked_after_by_one_statement_for_all(
    own_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rounds = 0
    confirm = Authenticator.confirm

    async def counted(authenticator: Authenticator) -> None:
        nonlocal rounds
        await confirm(authenticator)
        rounds += 1

    monkeypatch.setattr(Authenticator, "confirm", counted)
    monkeypatch.setattr(maintenance, "CONFIRM_EVERY", 0.05)
    monkeypatch.setattr(feed, "POLL_EVERY", 3600)
    for name in ("FIRST_LOOK", "FIRST_REMOVAL"):
        monkeypatch.setattr(maintenance, name, (3600, 3600))
    with (
        WireTap(own_database) as tap,
        in_this_process(tap.url, database_pool_size=1) as address,
        httpx.Client(base_url=address) as client,
        ExitStack() as stack,
    ):
        ann = Person.new(client)
        for script in [ScriptsToken.made(client, ann) for _ in range(30)]:
            stack.enter_context(stream(address, script.headers))
        fetchval(own_database, "UPDATE personal_tokens SET last_used_at = now() + interval '1 day'")  # no use is noted
        before = rounds
        wait_for(lambda: rounds >= before + 2)  # the driver asks for types once
        before = rounds
        tap.take()
        begun = rounds  # rounds go on between any two lines
        wait_for(lambda: rounds >= begun + 5)
        least, asked, most = rounds - begun, tap.take()["E"], rounds - before
        assert least - 1 <= asked <= most + 1, "one for all, and at the ends one under way"


@contextmanager
def unreadable_tokens(url: str) -> Iterator[None]:
    """Let every statement about personal tokens wait until this ends, until no token is trusted any more."""
    with asyncio.Runner() as runner:
        connection = runner.run(asyncpg.connect(url, statement_cache_size=0))
        transaction = connection.transaction()
        runner.run(transaction.start())
        runner.run(connection.execute("LOCK TABLE personal_tokens IN ACCESS EXCLUSIVE MODE"))
        time.sleep(2 * known_grants.TRUSTED)
        try:
            yield
        finally:
            runner.run(transaction.rollback())
            runner.run(connection.close())


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Confirm tokens all the time, trust them for half a second, and send comments all the time."""
    for module, name, seconds in (
        (maintenance, "CONFIRM_EVERY", 0.05),
        (known_grants, "TRUSTED", 0.5),
        (open_streams, "COMMENT_EVERY", 0.05),
        (open_streams, "LOOK_EVERY", 0.05),
    ):
        monkeypatch.setattr(module, name, seconds)


@pytest.mark.usefixtures("hurried")
def test_a_stream_is_told_nothing_while_its_token_cannot_be_confirmed_and_then_everything(
    own_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with in_this_process(own_database) as address, httpx.Client(base_url=address) as client:
        ann = Person.new(client)
        script = ScriptsToken.made(client, ann)
        with stream(address, script.headers) as source, stream(address, ann.headers) as other:
            with unreadable_tokens(own_database):
                for title in ("a", "b"):
                    client.post("/api/v1/tasks", json={"title": title}, headers=ann.headers)
                assert [event.data["tasks"][0]["title"] for event in other.take(2)] == ["a", "b"]
                source.wait_for_comments(20)
                monkeypatch.setattr(open_streams, "COMMENT_EVERY", 3600)
                source.wait_for_comments(1)  # the last one, so that no comment wakes the stream
            assert [event.data["tasks"][0]["title"] for event in source.take(2)] == ["a", "b"]
            assert is_usable(client, source, ann)


@pytest.mark.usefixtures("hurried")
def test_an_event_that_has_begun_is_not_broken_off_where_its_token_cannot_be_confirmed(own_database: str) -> None:
    with in_this_process(own_database) as address, httpx.Client(base_url=address) as client:
        ann = Person.new(client)
        script = ScriptsToken.made(client, ann)
        fetchval(own_database, MANY_TASKS, ann.number)  # more than fits into the buffers on the way
        clock = fetchval(own_database, "SELECT clock FROM users WHERE id = $1", ann.number)
        with EventSource(address, f"{EVENTS}?since={clock - 1}", script.headers).opened() as source:
            source.wait_for_event()
            with unreadable_tokens(own_database):
                assert len(source.next().data["tasks"]) == 3_000


@pytest.mark.parametrize("workers", ["1", "2"])
def test_what_one_process_has_revoked_all_refuse_and_end(own_database: str, folder: Path, workers: str) -> None:
    """Clients that keep asking are refused, and streams end on which nothing happens."""
    here, there = folder / "here", folder / "there"
    here.mkdir()
    there.mkdir()
    with (
        Service(here, DATABASE_URL=own_database, WORKERS=workers, **GUARDED, **NO_HURRY) as one,
        Service(there, DATABASE_URL=own_database, WORKERS=workers, **GUARDED, **NO_HURRY) as another,
        httpx.Client(base_url=one.ready().address) as client,
        ExitStack() as stack,
    ):
        addresses = (one.address, another.ready().address)
        ann = Person.new(client)
        script = ScriptsToken.made(client, ann)
        sources = [stack.enter_context(stream(address, script.headers)) for address in addresses for _ in range(5)]

        def statuses() -> set[int]:
            """Return the answers to requests on connections of their own, of which each worker gets some."""
            found: set[int] = set()
            for address in addresses:
                for _ in range(10):
                    with httpx.Client(base_url=address) as each:
                        found.add(script.status(each))
            return found

        assert statuses() == {200}
        script.revoked(client, ann)
        assert script.status(client) == 401  # on the connection of the worker that has revoked it
        assert [without_comments(source) for source in sources] == [b""] * len(sources)
        wait_for(lambda: statuses() == {401})
        assert client.get("/api/v1/tasks", headers=ann.headers).status_code == 200
