"""The keys of another issuer: loaded, kept while it is away, asked for again when a token names an unknown one."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvloop

from donebase.accounts import download, key_set
from donebase.accounts.key_set import KeySet
from donebase.accounts.public_keys import PublicKeys, read_public_keys
from donebase.telemetry import logs
from tests.support.issuers import Behaviour, KeyServer, SigningKey, answer, drip, flood, hang, say
from tests.support.issuers import key_set as as_key_set
from tests.support.waiting import DEADLINE, until

FOREVER = 10 * DEADLINE


@pytest.fixture(autouse=True)
def only_limits_that_a_test_sets(monkeypatch: pytest.MonkeyPatch) -> None:
    """A limit of time that a test does not mean never applies."""
    monkeypatch.setattr(download, "SECONDS", FOREVER)
    for name in ("SECONDS", "REFRESH", "RETRY"):
        monkeypatch.setattr(key_set, name, FOREVER)


@pytest.fixture
def lines(capfd: pytest.CaptureFixture[str]) -> Callable[[], list[dict[str, Any]]]:
    logs.configure("json")

    def read() -> list[dict[str, Any]]:
        logs.flush()
        return [json.loads(line) for line in capfd.readouterr().out.splitlines()]

    return read


@asynccontextmanager
async def known(server: KeyServer) -> AsyncIterator[KeySet]:
    """Have a set whose keys are not loaded yet."""
    found = KeySet(server.url)
    try:
        yield found
    finally:
        await found.close()


def run(story: Callable[[], Awaitable[None]]) -> None:
    async def within_the_deadline() -> None:
        async with asyncio.timeout(DEADLINE):
            await story()

    uvloop.run(within_the_deadline())  # as a service does


def names(keys: KeySet, *expected: SigningKey) -> bool:
    return [key.key_id for key in keys.named(None)] == [key.id for key in expected]


def test_keys_are_loaded_at_the_start_and_again_and_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_set, "REFRESH", 0.01)
    first, second = SigningKey(), SigningKey()

    async def story() -> None:
        async with known(server) as keys:
            keys.start()
            await until(lambda: _is(names(keys, first)), 1)
            server.publish(first, second)
            await until(lambda: _is(names(keys, first, second)), 1)
            server.publish(second)
            await until(lambda: _is(names(keys, second)), 1)

    with KeyServer(first) as server:
        run(story)


async def _is(fact: bool) -> int:
    return int(fact)


def test_all_who_ask_at_once_wait_for_one_download_and_nobody_asks_again_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    key = SigningKey()

    async def story() -> None:
        async with known(server) as keys:
            await asyncio.gather(*(keys.ask_again() for _ in range(50)))
            assert names(keys, key)
            assert len(server.requests) == 1
            await keys.ask_again()
            assert len(server.requests) == 1
            monkeypatch.setattr(key_set, "RETRY", 0)
            await keys.ask_again()
            assert len(server.requests) == 2

    with KeyServer(key) as server:
        run(story)


def test_who_asks_an_issuer_that_says_nothing_waits_for_a_limited_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_set, "SECONDS", 0.1)

    async def story() -> None:
        async with known(server) as keys:
            assert not await keys.ask_again()
            assert not await keys.ask_again()
            await until(lambda: _is(len(server.requests) == 1), 1)

    with KeyServer() as server:
        server.behaviour = hang
        run(story)


def test_an_issuer_that_has_fallen_silent_has_not_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_set, "RETRY", 0)

    async def story() -> None:
        async with known(server) as keys:
            assert await keys.ask_again()
            monkeypatch.setattr(key_set, "SECONDS", 0.1)
            server.behaviour = hang
            assert not await keys.ask_again()

    with KeyServer(SigningKey()) as server:
        run(story)


def test_after_a_failure_the_keys_are_loaded_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_set, "RETRY", 0.01)
    key = SigningKey()

    async def story() -> None:
        async with known(server) as keys:
            keys.start()
            await until(lambda: _is(len(server.requests) >= 3), 1)
            server.publish(key)
            await until(lambda: _is(names(keys, key)), 1)

    with KeyServer() as server:
        server.behaviour = answer(b"", "503 Busy")
        run(story)


def test_who_gives_up_waiting_ends_the_download_of_nobody_else() -> None:
    key = SigningKey()

    async def story() -> None:
        async with known(server) as keys:
            impatient, patient = (asyncio.create_task(keys.ask_again()) for _ in range(2))
            await until(lambda: _is(len(server.requests) == 1), 1)
            impatient.cancel()
            await asyncio.wait({impatient})
            server.released.set()
            await patient
            assert names(keys, key)

    with KeyServer(key) as server:
        server.hold()
        run(story)


@pytest.mark.parametrize(
    "misbehaviour",
    [
        answer(b"", "503 Busy"),
        answer(b"<title>Sign in</title>"),
        answer(b'{"keys": null}'),
        answer(b'{"keys": [], "keys": []}'),
        answer(b"[" * 100_000),
        say(bytes(range(256))),
        flood,
        drip,
    ],
)
def test_what_was_known_stays_known_while_the_issuer_misbehaves(
    monkeypatch: pytest.MonkeyPatch, lines: Callable[[], list[dict[str, Any]]], misbehaviour: Behaviour
) -> None:
    monkeypatch.setattr(key_set, "RETRY", 0)
    key, other = SigningKey(), SigningKey()

    async def story() -> None:
        async with known(server) as keys:
            await keys.ask_again()
            server.behaviour = misbehaviour
            monkeypatch.setattr(download, "SECONDS", 0.5 if misbehaviour is drip else FOREVER)
            for _ in range(3):
                assert not await keys.ask_again()
                assert names(keys, key)
            server.publish(other)
            monkeypatch.setattr(download, "SECONDS", FOREVER)
            assert await keys.ask_again()
            assert names(keys, other)

    with KeyServer(key) as server:
        server.url = server.url.replace("//", "//me:secret@") + "?key=secret"
        run(story)
    told = lines()
    assert [(line["event"], line["level"], line["host"]) for line in told] == [
        ("issuer.unreachable", "warning", "127.0.0.1"),
        ("issuer.reachable", "info", "127.0.0.1"),
    ]
    assert "secret" not in str(told)


def test_an_issuer_that_says_that_it_has_no_keys_is_believed(lines: Callable[[], list[dict[str, Any]]]) -> None:
    async def story() -> None:
        async with known(server) as keys:
            assert await keys.ask_again()
            assert names(keys)

    with KeyServer() as server:
        server.behaviour = answer(as_key_set({"kty": "oct", "k": "c2VjcmV0"}))
        run(story)
    [line] = lines()
    assert (line["event"], line["level"], line["host"]) == ("issuer.no_usable_key", "warning", "127.0.0.1")


def test_a_set_is_read_in_another_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    readers: list[int] = []

    def read(document: bytes) -> PublicKeys:
        readers.append(threading.get_ident())
        return read_public_keys(document)

    async def story() -> None:
        async with known(server) as keys:
            assert await keys.ask_again()

    monkeypatch.setattr(key_set, "read_public_keys", read)
    with KeyServer(SigningKey()) as server:
        run(story)
    assert len(readers) == 1
    assert threading.get_ident() not in readers


def test_an_end_waits_for_no_issuer() -> None:
    async def story() -> None:
        before = asyncio.all_tasks()
        async with known(server) as keys:
            keys.start()
            await until(lambda: _is(len(server.requests) == 1), 1)
        assert asyncio.all_tasks() == before

    with KeyServer() as server:
        server.behaviour = hang
        run(story)
