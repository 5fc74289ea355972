"""An authenticator as a test needs it: over a database that tells what it was asked, and with a clock that is set."""

import asyncio
import hashlib
import math
import secrets
import time
from collections.abc import Awaitable, Callable, Sequence
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import Executable

from donebase.accounts import authenticator, known_grants
from donebase.accounts.access_tokens import AccessTokens
from donebase.accounts.authenticator import Authenticator
from donebase.accounts.personal_tokens import create_token
from donebase.core.database import Database
from donebase.core.errors import DatabaseFailed, Unauthorized
from donebase.postgres.database import PostgresDatabase
from tests.support.databases import fetchval
from tests.support.with_database import with_database

Story = Callable[["Watched"], Awaitable[Any]]
NEW_SESSION = (
    "INSERT INTO sessions (id, user_id, secret, expires_at) VALUES ($1, $2, '', now() + interval '1 day') RETURNING id"
)


class Clock:
    """A clock that a test sets, in the place of the one that goes on by itself; that of the day is `ahead`."""

    def __init__(self) -> None:
        self.now = time.monotonic()
        self.ahead = 0.0

    def time(self) -> float:
        """Return the time of the day."""
        return time.time() + self.ahead

    def monotonic(self) -> float:
        """Return the time, later than the last time it was asked."""
        self.now = math.nextafter(self.now, math.inf)
        return self.now


class Watched:
    """A database, and what was asked of it; something can happen after a statement, or instead of all."""

    def __init__(self, database: PostgresDatabase) -> None:
        self._database = database
        self.asked: list[dict[str, Any]] = []
        self.fails = False
        self.afterwards: Callable[[], Awaitable[object]] | None = None

    async def fetch(self, statement: Executable, /, **parameters: Any) -> Sequence[Any]:
        """Run a statement, unless all fail."""
        self.asked.append(parameters)
        if self.fails:
            raise DatabaseFailed("out of order")
        rows = await self._database.fetch(statement, **parameters)
        if self.afterwards:
            afterwards, self.afterwards = self.afterwards, None
            await afterwards()
        return rows

    async def answers(self) -> bool:
        """Tell whether it is well."""
        return await self._database.answers()

    def take(self) -> int:
        """Return how many statements were run since the last time."""
        number = len(self.asked)
        self.asked.clear()
        return number


def run(url: str, story: Story) -> Any:
    """Tell a story that is given a database, and return what it returns."""
    return with_database(url, lambda database: story(Watched(database)))


def header(token: str) -> bytes:
    """Return the header with a token."""
    return f"Bearer {token}".encode()


def authenticator_of(database: Database) -> Authenticator:
    """Return one that knows no other issuer."""
    return Authenticator(database, AccessTokens(database), None)


async def new_token(database: Database, user: int) -> bytes:
    """Return the header with a new personal token of a user."""
    made = await create_token(database, user, "a script", ["tasks:read"], None)
    return header(made.token)


async def new_session(url: str, user: int, tokens: AccessTokens) -> tuple[bytes, bytes]:
    """Return the id of a new session of a user, and the header with an access token of it."""
    session = secrets.token_bytes(32)
    await asyncio.to_thread(fetchval, url, NEW_SESSION, session, user)
    return session, header(await tokens.issue(user, session))


def hash_of(authorization: bytes) -> bytes:
    """Return what is kept of the personal token in a header."""
    return hashlib.sha256(authorization.removeprefix(b"Bearer ")).digest()


async def is_refused(known: Authenticator, authorization: bytes) -> bool:
    """Tell whether the token in a header is refused."""
    try:
        await known.authenticate(authorization)
    except Unauthorized:
        return True
    return False


def set_clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Let tokens and grants go by a clock that stands still, and return it."""
    clock = Clock()
    stopped = SimpleNamespace(monotonic=clock.monotonic, time=clock.time)
    monkeypatch.setattr(known_grants, "time", stopped)
    monkeypatch.setattr(authenticator, "time", stopped)
    return clock
