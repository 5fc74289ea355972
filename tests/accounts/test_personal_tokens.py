"""Statements about personal tokens: how many there are, and what they leave."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy import Executable

from donebase.accounts.personal_tokens import MOST_TOKENS, create_token
from donebase.core.errors import InvalidInput
from donebase.postgres.database import PostgresDatabase
from donebase.settings import Settings
from tests.support.databases import fetchval


class Counted:
    """A database that counts its statements."""

    def __init__(self, url: str) -> None:
        self._database = PostgresDatabase(Settings.read(database_url=url))
        self.statements = 0

    async def fetch(self, statement: Executable, /, **parameters: Any) -> Sequence[Any]:
        self.statements += 1
        return await self._database.fetch(statement, **parameters)

    async def answers(self) -> bool:
        return await self._database.answers()

    async def close(self) -> None:
        """Close the connections."""
        await self._database.close()


def test_who_has_all_the_tokens_there_can_be_is_refused_before_anything_is_written(
    database_url: str, alice: int
) -> None:
    async def story() -> tuple[int, int]:
        database = Counted(database_url)
        for _ in range(MOST_TOKENS):
            await create_token(database, alice, "a script", ["tasks:read"], None)
        made, database.statements = database.statements, 0
        with pytest.raises(InvalidInput):
            await create_token(database, alice, "one more", ["tasks:read"], None)
        await database.close()
        return made, database.statements

    assert asyncio.run(story()) == (3 * MOST_TOKENS, 1)
    assert fetchval(database_url, "SELECT count(*) FROM personal_tokens WHERE user_id = $1", alice) == MOST_TOKENS
