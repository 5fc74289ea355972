"""Passwords: hashed with Argon2id in threads, never more than a few at once.

docs/decisions/0042-sign-in-is-throttled.md gives the reasons for the numbers.
"""

import asyncio
import os
import secrets
import sys
import threading
import unicodedata
from base64 import b64encode
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from donebase.core.errors import Overloaded, TooManyAttempts

if TYPE_CHECKING:
    from pwdlib import PasswordHash

MEMORY_KIB = 19 * 1024
PASSES = 2
LANES = 1
THREADS = 2
AT_ONCE = 4
WAITING = 64
NICENESS = 10
REFUSALS = 500
"""So many are refused in a second: whoever asks again at once must not keep the event loop busy."""
_WAIT = 1.5

_Result = TypeVar("_Result")


class Verified(NamedTuple):
    """Whether a password is right, and its new hash where that was made with other parameters than today's."""

    right: bool
    new_hash: str | None


class Passwords:
    """Hashes and verifies passwords for one process, with Argon2id (RFC 9106).

    `at_once` requests may have a turn at the same time, `waiting` more wait for theirs for up to `wait` seconds.
    """

    def __init__(self, wait: float = _WAIT, *, at_once: int = AT_ONCE, waiting: int = WAITING) -> None:
        self._hashing = _argon2id()
        self._dummy = _dummy_hash()
        self._threads = ThreadPoolExecutor(THREADS, "passwords", _be_nice)
        self._turns = asyncio.Semaphore(at_once)
        self._most_waiting = waiting
        self._wait = wait
        self._waiting = 0
        self._refusals = _Pace(REFUSALS)

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for a turn, which lasts as long as the `async with` block. First come, first served.

        Raises Overloaded if too many wait already, or the turn does not come in time: nothing was begun. A request
        takes its turn before its first statement, so that those who wait hold no connection to the database. That
        error, and TooManyAttempts from the block, are raised one after another, REFUSALS in a second.
        """
        try:
            async with self._a_turn():
                yield
        except (Overloaded, TooManyAttempts):
            await self._refusals.wait()
            raise

    @asynccontextmanager
    async def _a_turn(self) -> AsyncIterator[None]:
        if self._waiting >= self._most_waiting and self._turns.locked():
            raise Overloaded("too many requests wait to have a password checked")
        self._waiting += 1
        try:
            async with asyncio.timeout(self._wait):
                await self._turns.acquire()
        except TimeoutError:
            raise Overloaded("no turn to have a password checked came in time") from None
        finally:
            self._waiting -= 1
        try:
            yield
        finally:
            self._turns.release()

    async def hash(self, password: str) -> str:
        """Return the hash of a password, with its parameters and a salt of its own, as a PHC string."""
        return await self._in_thread(lambda: self._hashing.hash(_prepared(password)))

    async def verify(self, password: str, hashed: str | None) -> Verified:
        """Tell whether a password is the one that was hashed. For a hash of None it never is, and takes as long."""
        verified = await self._in_thread(
            lambda: Verified(*self._hashing.verify_and_update(_prepared(password), hashed or self._dummy))
        )
        return verified if hashed else Verified(right=False, new_hash=None)

    async def _in_thread(self, work: Callable[[], _Result]) -> _Result:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)


class _Pace:
    """Lets so many tasks go on in a second, each in its turn, and none later than LONGEST seconds after it came."""

    LONGEST = 5.0

    def __init__(self, per_second: int) -> None:
        self._interval = 1 / per_second
        self._next = 0.0

    async def wait(self) -> None:
        """Wait for the next moment that nobody else waits for."""
        now = asyncio.get_running_loop().time()
        at = min(max(now, self._next), now + self.LONGEST)
        self._next = at + self._interval
        await asyncio.sleep(at - now)


def _argon2id() -> "PasswordHash":
    from pwdlib import PasswordHash  # only where there are accounts: a start without them does not import it
    from pwdlib.hashers.argon2 import Argon2Hasher

    return PasswordHash([Argon2Hasher(time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=LANES)])


def _dummy_hash() -> str:
    """Return a hash with today's parameters that no password has: salt and tag are random. To make it takes no time."""
    salt, tag = (b64encode(secrets.token_bytes(size)).decode().rstrip("=") for size in (16, 32))
    return f"$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}${salt}${tag}"


def _prepared(password: str) -> str:
    """Return a password in the normal form that RFC 8265 asks for: systems type `ü` as one character or as two."""
    return unicodedata.normalize("NFC", password)


def _be_nice() -> None:
    """Let the event loop go before this thread. Only Linux has a priority for each thread."""
    if sys.platform == "linux":
        thread = threading.get_native_id()
        os.setpriority(os.PRIO_PROCESS, thread, os.getpriority(os.PRIO_PROCESS, thread) + NICENESS)
