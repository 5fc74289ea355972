"""Two requests about one account, of which one waits before one of its statements while the other is answered."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from sqlalchemy import Executable

from donebase.accounts.access_tokens import AccessTokens
from donebase.accounts.accounts import Entered, refresh_session, sign_in, sign_up
from donebase.accounts.authenticator import Authenticator
from donebase.accounts.callers import ALL_SCOPES, Caller
from donebase.accounts.deletion import Deletions
from donebase.accounts.entrance import Entrance
from donebase.accounts.passwords import Passwords
from donebase.accounts.shapes import Credentials, NewAccount
from donebase.core.database import Database
from donebase.core.errors import EmailTaken, RefreshFailed, Unauthorized
from donebase.postgres.database import PostgresDatabase
from donebase.settings import Settings
from tests.support.accounts import PHRASE, new_address
from tests.support.waiting import DEADLINE

Verb = Callable[[Entrance], Awaitable[Any]]


class Interrupted:
    """A database in which something else happens before the statement after `left` more."""

    def __init__(self, database: Database, left: int, meanwhile: Callable[[], Awaitable[Any]]) -> None:
        self._database = database
        self._meanwhile = meanwhile
        self.left = left

    async def fetch(self, statement: Executable, /, **parameters: Any) -> Sequence[Any]:
        """Run a statement."""
        self.left -= 1
        if self.left == -1:
            await self._meanwhile()
        return await self._database.fetch(statement, **parameters)

    async def answers(self) -> bool:
        """Tell that it is well."""
        return True


class Scene:
    """An account, and requests about it."""

    def __init__(self, database: Database, passwords: Passwords) -> None:
        access_tokens = AccessTokens(database)
        authenticator = Authenticator(database, access_tokens, None)
        self.deletions = Deletions(database, authenticator.forget_user)
        self.entrance = Entrance(database, passwords, access_tokens, authenticator, None)
        self.email = new_address()

    async def signed_up(self) -> Entered:
        """Create the account."""
        return await sign_up(self.entrance, NewAccount(email=self.email, password=PHRASE))

    def sign_in(self, password: str = PHRASE) -> Verb:
        """Return a request that signs in."""
        return lambda entrance: sign_in(entrance, Credentials(email=self.email, password=password))

    def caller(self, entered: Entered) -> Caller:
        """Return who has the access token of a session."""
        user_id = entered.account.user_id
        return Caller(user_id, str(user_id), ALL_SCOPES, entered.tokens.session_id, float("inf"))

    async def interrupted(self, left: int, first: Verb, second: Verb) -> tuple[Any, bool]:
        """Do one thing and, before its statement after `left` more, another. Return what comes of the first.

        That is its error, if there is one. Return as well whether it was interrupted: the other is done in any case.
        """
        database = Interrupted(self.entrance.database, left, lambda: second(self.entrance))
        try:
            result = await first(self.entrance._replace(database=database))
        except Unauthorized as failed:
            result = failed
        except EmailTaken as taken:
            result = taken
        if database.left >= 0:
            await second(self.entrance)
        return result, database.left < 0

    async def lives(self, entered: Entered) -> bool:
        """Return whether a session can be refreshed."""
        try:
            await refresh_session(self.entrance, entered.tokens.refresh_token)
        except RefreshFailed:
            return False
        return True


def at_every_statement(url: str, story: Callable[[Scene, int], Awaitable[bool]], at_least: int) -> None:
    """Tell a story, which returns whether a request was interrupted before its statement of this number."""

    async def run() -> None:
        database = PostgresDatabase(Settings.read(database_url=url, database_timeout=600))
        passwords = Passwords(600)
        try:
            async with asyncio.timeout(DEADLINE):
                left = 0
                while await story(Scene(database, passwords), left):
                    left += 1
                assert left >= at_least
        finally:
            await database.close()

    asyncio.run(run())
