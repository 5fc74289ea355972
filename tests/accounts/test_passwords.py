"""Passwords are hashed with Argon2id beside the event loop, a few at once, and whoever comes too many is told so."""

import asyncio
import os
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from argon2 import extract_parameters
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from donebase.accounts.passwords import MEMORY_KIB, NICENESS, PASSES, REFUSALS, THREADS, Passwords, Verified
from donebase.core.errors import Overloaded, TooManyAttempts
from tests.support.waiting import DEADLINE, until

PASSWORD = "correct horse battery"  # noqa: S105
WEAK = PasswordHash([Argon2Hasher(time_cost=1, memory_cost=64, parallelism=1)])  # and quick


def run(story: Callable[[Passwords], Awaitable[Any]], *arguments: Any, **limits: int) -> Any:
    """Run a coroutine that is given passwords of its own."""

    async def within_the_deadline() -> Any:
        async with asyncio.timeout(DEADLINE):
            return await story(Passwords(*arguments, **limits))

    return asyncio.run(within_the_deadline())


def test_a_hash_is_argon2id_with_the_parameters_of_the_decision() -> None:
    hashed = run(lambda passwords: passwords.hash(PASSWORD))
    assert hashed.startswith(f"$argon2id$v=19$m={19 * 1024},t=2,p=1$")
    assert (MEMORY_KIB, PASSES) == (19 * 1024, 2)


def test_only_the_password_itself_is_right() -> None:
    async def story(passwords: Passwords) -> None:
        hashed = await passwords.hash(PASSWORD)
        assert hashed != await passwords.hash(PASSWORD), "the salt is the same"
        assert await passwords.verify(PASSWORD, hashed) == Verified(right=True, new_hash=None)
        for wrong in (PASSWORD.upper(), PASSWORD + " ", PASSWORD[:-1], "", hashed):
            assert await passwords.verify(wrong, hashed) == Verified(right=False, new_hash=None)

    run(story)


def test_a_password_is_the_same_however_its_characters_are_composed() -> None:
    async def story(passwords: Passwords) -> None:
        hashed = await passwords.hash("fu\u0308nf Schlüssel")
        assert (await passwords.verify("fünf Schlu\u0308ssel", hashed)).right

    run(story)


def test_without_a_hash_no_password_is_right_and_as_much_is_computed() -> None:
    async def story(passwords: Passwords) -> None:
        assert not (await passwords.verify(PASSWORD, None)).right
        asked: list[str] = []
        passwords._hashing = recording(passwords._hashing, lambda _password, hashed: asked.append(hashed))
        await passwords.verify(PASSWORD, None)
        await passwords.verify("wrong", real := await passwords.hash(PASSWORD))
        assert asked[1] == real
        dummy = asked[0]
        assert extract_parameters(dummy) == extract_parameters(real)
        assert [len(part) for part in dummy.split("$")] == [len(part) for part in real.split("$")]

    run(story)


def test_the_dummy_hash_is_not_right_for_the_password_it_was_asked_about_even_if_that_had_it() -> None:
    async def story(passwords: Passwords) -> None:
        passwords._dummy = await passwords.hash(PASSWORD)
        assert await passwords.verify(PASSWORD, None) == Verified(right=False, new_hash=None)

    run(story)


def test_a_hash_with_other_parameters_is_replaced_when_its_password_was_right() -> None:
    async def story(passwords: Passwords) -> None:
        weak = WEAK.hash(PASSWORD)
        assert await passwords.verify("wrong", weak) == Verified(right=False, new_hash=None)
        right, new = await passwords.verify(PASSWORD, weak)
        assert right
        assert new is not None
        assert extract_parameters(new).memory_cost == MEMORY_KIB
        assert await passwords.verify(PASSWORD, new) == Verified(right=True, new_hash=None)

    run(story)


def recording(hashing: PasswordHash, record: Callable[[str, str], object]) -> Any:
    """Return a hashing that calls `record` with what each verification is given, in the thread where that happens."""

    class Recording:
        hash = hashing.hash

        def verify_and_update(self, password: str, hashed: str) -> tuple[bool, str | None]:
            record(password, hashed)
            return hashing.verify_and_update(password, hashed)

    return Recording()


def test_passwords_are_hashed_in_so_many_threads_while_the_event_loop_goes_on() -> None:
    begun: list[int] = []
    go = threading.Event()

    def begin(*_: str) -> None:
        begun.append(threading.get_ident())
        assert go.wait(DEADLINE)

    async def story(passwords: Passwords) -> None:
        passwords._hashing = recording(WEAK, begin)
        hashed = WEAK.hash(PASSWORD)
        tasks = [asyncio.create_task(passwords.verify(PASSWORD, hashed)) for _ in range(3 * THREADS)]
        await until(lambda: returned(len(begun)), THREADS)  # the event loop runs, or this could not look
        await asyncio.sleep(0.05)  # a chance for one too many
        assert len(begun) == THREADS
        go.set()
        assert all(verified.right for verified in await asyncio.gather(*tasks))
        assert len(begun) == 3 * THREADS
        assert threading.get_ident() not in begun
        assert len(set(begun)) == THREADS

    run(story)


async def returned(value: int) -> int:
    return value


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has a priority for each thread")
def test_the_event_loop_goes_before_the_threads() -> None:
    nice: list[int] = []

    async def story(passwords: Passwords) -> None:
        passwords._hashing = recording(WEAK, lambda *_: nice.append(os.getpriority(os.PRIO_PROCESS, 0)))
        await passwords.verify(PASSWORD, WEAK.hash(PASSWORD))

    before = os.getpriority(os.PRIO_PROCESS, 0)
    run(story)
    assert nice == [min(before + NICENESS, 19)]
    assert os.getpriority(os.PRIO_PROCESS, 0) == before


class Visitors:
    """Tasks that take a turn each, and keep it until they may leave."""

    def __init__(self, passwords: Passwords) -> None:
        self.passwords = passwords
        self.came: list[int] = []
        self.leave = [asyncio.Event() for _ in range(20)]

    async def visit(self, me: int) -> None:
        async with self.passwords.turn():
            self.came.append(me)
            await self.leave[me].wait()


@contextmanager
def refused() -> Iterator[None]:
    with pytest.raises(Overloaded):
        yield


async def settle() -> None:
    """Let all tasks go on until each waits for something."""
    for _ in range(20):
        await asyncio.sleep(0)


def test_so_many_have_a_turn_at_once_the_next_wait_in_order_and_the_others_are_refused() -> None:
    async def story(passwords: Passwords) -> None:
        visitors = Visitors(passwords)
        tasks = [asyncio.create_task(visitors.visit(number)) for number in range(5)]
        await settle()
        assert visitors.came == [0, 1]
        with refused():
            await visitors.visit(5)
        visitors.leave[1].set()
        await settle()
        assert visitors.came == [0, 1, 2]
        tasks.append(asyncio.create_task(visitors.visit(6)))  # there is room to wait again
        await settle()
        with refused():
            await visitors.visit(7)
        for each in visitors.leave:
            each.set()
        await asyncio.gather(*tasks)
        assert visitors.came == [0, 1, 2, 3, 4, 6]
        await visitors.visit(8)  # and everything is as it was

    run(story, at_once=2, waiting=3)


def test_whoever_gives_up_leaves_the_place_to_others() -> None:
    async def story(passwords: Passwords) -> None:
        visitors = Visitors(passwords)
        tasks = [asyncio.create_task(visitors.visit(number)) for number in range(3)]
        await settle()
        with refused():
            await visitors.visit(3)
        tasks[1].cancel()  # waits
        tasks[0].cancel()  # has its turn
        await settle()
        assert visitors.came == [0, 2]
        last = asyncio.create_task(visitors.visit(4))
        await settle()
        visitors.leave[2].set()
        visitors.leave[4].set()
        await asyncio.gather(tasks[2], last)
        assert visitors.came == [0, 2, 4]

    run(story, at_once=1, waiting=2)


def test_a_turn_that_fails_is_over() -> None:
    async def story(passwords: Passwords) -> None:
        for _ in range(3):
            with pytest.raises(ZeroDivisionError):
                async with passwords.turn():
                    raise ZeroDivisionError
        async with passwords.turn():
            pass

    run(story, at_once=1, waiting=0)


def test_nobody_waits_for_ever() -> None:
    async def story(passwords: Passwords) -> None:
        visitors = Visitors(passwords)
        first = asyncio.create_task(visitors.visit(0))
        await settle()
        with refused():
            await visitors.visit(1)
        visitors.leave[0].set()
        await first
        visitors.leave[2].set()
        await visitors.visit(2)

    run(story, 0.05, at_once=1)


def test_those_who_are_refused_are_told_so_one_after_another(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever asks again at once would else keep the event loop busy with refusals."""
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    async def story(passwords: Passwords) -> None:
        monkeypatch.setattr(passwords._refusals, "LONGEST", 2.5 / REFUSALS)
        monkeypatch.setattr(asyncio.get_running_loop(), "time", lambda: 1_000.0)
        monkeypatch.setattr(asyncio, "sleep", sleep)
        async with passwords.turn():
            for _ in range(3):
                with refused():
                    await Visitors(passwords).visit(0)
        for _ in range(3):
            with pytest.raises(TooManyAttempts):
                async with passwords.turn():
                    raise TooManyAttempts(1)
        for _ in range(3):
            with pytest.raises(ZeroDivisionError):
                async with passwords.turn():
                    raise ZeroDivisionError
        assert not passwords._turns.locked()

    run(story, at_once=1, waiting=0)
    assert [round(seconds * REFUSALS, 3) for seconds in waits] == [0, 1, 2, 2.5, 2.5, 2.5]


def test_a_turn_is_over_before_its_request_is_told_that_it_is_refused() -> None:
    async def story(passwords: Passwords) -> None:
        told = asyncio.Event()
        passwords._refusals.wait = told.wait  # type: ignore[assignment]

        async def fail() -> None:
            async with passwords.turn():
                raise TooManyAttempts(1)

        failing = asyncio.create_task(fail())
        await settle()
        assert not failing.done()
        async with passwords.turn():
            told.set()
        with pytest.raises(TooManyAttempts):
            await failing

    run(story, at_once=1, waiting=0)
