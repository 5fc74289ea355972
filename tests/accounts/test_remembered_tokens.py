"""How much a process remembers of tokens: as much as there is room for, and nothing of forged ones."""

import asyncio
import gc
import sys
from collections.abc import Callable, Sequence
from typing import Any

import jwt
import pytest
from sqlalchemy import Executable

from donebase.accounts.access_tokens import KEY_ID
from donebase.accounts.authenticator import MOST_REMEMBERED, Authenticator
from tests.support.authentication import (
    Watched,
    authenticator_of,
    header,
    is_refused,
    new_token,
    run,
)


class Anybody:
    """A database in which there is every personal token, and nothing else."""

    async def fetch(self, _statement: Executable, /, **_parameters: Any) -> Sequence[Any]:
        return [{"user_id": 1, "scopes": ["tasks:read"], "expires_at": None}]

    async def answers(self) -> bool:
        return True


class Nobody(Anybody):
    """A database without a row."""

    async def fetch(self, _statement: Executable, /, **parameters: Any) -> Sequence[Any]:
        return [{"secret": b"x" * 32}] if parameters.get("id") == KEY_ID else []


def test_ten_thousand_tokens_are_remembered_and_the_oldest_go() -> None:
    async def story() -> None:
        known = authenticator_of(Anybody())
        tokens = [header(f"dnb_{number:043}") for number in range(MOST_REMEMBERED + 50)]
        for authorization in tokens:
            await known.authenticate(authorization)
        assert [known.known(each) is not None for each in tokens] == [False] * 50 + [True] * MOST_REMEMBERED
        assert len(known._remembered) == len(known._grants._known) == MOST_REMEMBERED == 10_000

    asyncio.run(story())


def test_a_token_takes_one_place_in_memory_however_it_is_written(database_url: str, alice: int) -> None:
    async def story(database: Watched) -> None:
        known, authorization = authenticator_of(database), await new_token(database, alice)
        caller = await known.authenticate(authorization)
        database.take()
        for prefix in (b"bearer ", b"BEARER   ", b"Bearer  "):
            assert await known.authenticate(prefix + authorization.removeprefix(b"Bearer ")) == caller
        assert database.take() == 0
        assert len(known._remembered) == 1

    run(database_url, story)


def forged(number: int) -> bytes:
    """Return a header with a token that nobody has issued: of each kind that is recognised, and of none."""
    kinds: Sequence[Callable[[], str]] = (
        lambda: f"dnb_{number:043}",
        lambda: jwt.encode({"sub": str(number)}, "k" * 32, "HS256", headers={"kid": KEY_ID}),
        lambda: jwt.encode({"sub": str(number)}, "k" * 32, "HS256", headers={"kid": str(number)}),
        lambda: f"{number}.{number}.{number}",
        lambda: f"{number}",
    )
    return header(kinds[number % len(kinds)]())


@pytest.mark.long
def test_a_hundred_thousand_forged_tokens_leave_nothing_in_memory() -> None:
    async def refused(known: Authenticator, numbers: range) -> None:
        for number in numbers:
            assert await is_refused(known, forged(number))

    async def story() -> None:
        known = authenticator_of(Nobody())
        await refused(known, range(1_000))  # what the first ones load
        gc.collect()
        before = sys.getallocatedblocks()
        await refused(known, range(1_000, 101_000))
        gc.collect()
        assert sys.getallocatedblocks() - before < 10_000

    asyncio.run(story())
