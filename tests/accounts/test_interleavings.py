"""Two requests about one account at once: one waits before each of its statements while the other is answered."""

import asyncio
from collections.abc import Awaitable
from contextlib import suppress

import pytest
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from donebase.accounts.accounts import Entered, refresh_session, sign_out, sign_up
from donebase.accounts.entrance import Entrance
from donebase.accounts.own_account import change_account, delete_account
from donebase.accounts.shapes import AccountChanges, NewAccount
from donebase.core.errors import EmailTaken, RefreshFailed, SignInFailed
from tests.support.accounts import ANOTHER, PHRASE
from tests.support.databases import fetchval
from tests.support.interleaving import Scene, at_every_statement

NEW_PASSWORD = AccountChanges(password=ANOTHER, current_password=PHRASE)


def test_a_sign_in_with_the_former_password_leaves_no_session(database_url: str) -> None:
    async def story(scene: Scene, left: int) -> bool:
        own = await scene.signed_up()
        result, interrupted = await scene.interrupted(
            left, scene.sign_in(), lambda entrance: change_account(entrance, scene.caller(own), NEW_PASSWORD)
        )
        assert isinstance(result, SignInFailed) == interrupted or not await scene.lives(result)
        assert await scene.lives(own)
        assert await scene.lives(await scene.sign_in(ANOTHER)(scene.entrance))
        sql = "SELECT count(*) FROM sessions WHERE user_id = $1"
        assert await asyncio.to_thread(fetchval, database_url, sql, own.account.user_id) == 2
        return interrupted

    at_every_statement(database_url, story, 4)


def test_a_change_of_the_password_ends_the_sessions_that_begin_meanwhile(database_url: str) -> None:
    async def story(scene: Scene, left: int) -> bool:
        own = await scene.signed_up()
        entered: list[Entered] = []

        async def come(entrance: Entrance) -> None:
            try:
                entered.append(await scene.sign_in()(entrance))
            except SignInFailed:
                refused.append(left)

        result, interrupted = await scene.interrupted(
            left, lambda entrance: change_account(entrance, scene.caller(own), NEW_PASSWORD), come
        )
        assert not isinstance(result, Exception)
        assert [await scene.lives(each) for each in entered] in ([], [False])
        assert await scene.lives(own)
        assert await scene.lives(await scene.sign_in(ANOTHER)(scene.entrance))
        return interrupted

    refused: list[int] = []
    at_every_statement(database_url, story, 5)
    assert len(refused) == 2  # before the last deletion of sessions, and after it


def test_nobody_signs_in_to_an_account_that_is_deleted_meanwhile(database_url: str) -> None:
    async def story(scene: Scene, left: int) -> bool:
        own = await scene.signed_up()

        def delete(entrance: Entrance) -> Awaitable[None]:
            return delete_account(entrance, scene.deletions, scene.caller(own), PHRASE)

        result, interrupted = await scene.interrupted(left, scene.sign_in(), delete)
        assert isinstance(result, SignInFailed) == interrupted or not await scene.lives(result)
        sql = "SELECT count(*) FROM sessions WHERE user_id = $1"
        assert await asyncio.to_thread(fetchval, database_url, sql, own.account.user_id) == 0
        return interrupted

    at_every_statement(database_url, story, 4)


@pytest.mark.parametrize("ending", ["sign out", "new password", "deletion", "another refresh"])
def test_a_refresh_keeps_no_session_alive_that_ends_meanwhile(database_url: str, ending: str) -> None:
    async def story(scene: Scene, left: int) -> bool:
        own = await scene.signed_up()
        other = await scene.sign_in()(scene.entrance)

        async def end(entrance: Entrance) -> None:
            if ending == "sign out":
                await sign_out(entrance.database, entrance.authenticator, scene.caller(other))
            elif ending == "new password":
                await change_account(entrance, scene.caller(own), NEW_PASSWORD)
            elif ending == "deletion":
                await delete_account(entrance, scene.deletions, scene.caller(own), PHRASE)
            else:
                with suppress(RefreshFailed):
                    await refresh_session(entrance, other.tokens.refresh_token)

        result, interrupted = await scene.interrupted(
            left, lambda entrance: refresh_session(entrance, other.tokens.refresh_token), end
        )
        assert isinstance(result, RefreshFailed) == interrupted
        assert isinstance(result, RefreshFailed) or not await scene.lives(result)
        sql = "SELECT count(*) FROM sessions WHERE user_id = $1"
        left_over = await asyncio.to_thread(fetchval, database_url, sql, own.account.user_id)
        assert left_over == (0 if ending == "deletion" else 1)
        return interrupted

    at_every_statement(database_url, story, 3)


def test_of_two_who_sign_up_with_an_address_one_leaves_nothing(own_database: str) -> None:
    async def story(scene: Scene, left: int) -> bool:
        winners: list[Entered] = []

        async def be_faster(entrance: Entrance) -> None:
            with suppress(EmailTaken):
                winners.append(await sign_up(entrance, NewAccount(email=scene.email.upper(), password=ANOTHER)))

        def slowly(entrance: Entrance) -> Awaitable[Entered]:
            return sign_up(entrance, NewAccount(email=scene.email, password=PHRASE))

        orphans = "SELECT count(*) FROM sessions WHERE user_id NOT IN (SELECT user_id FROM accounts)"
        result, interrupted = await scene.interrupted(left, slowly, be_faster)
        assert isinstance(result, EmailTaken) == interrupted
        assert len(winners) == interrupted
        assert await scene.sign_in(ANOTHER if interrupted else PHRASE)(scene.entrance)
        assert await asyncio.to_thread(fetchval, own_database, orphans) == 0
        return interrupted

    at_every_statement(own_database, story, 4)


def test_two_who_sign_in_with_an_old_hash_both_come_in(database_url: str) -> None:
    old = PasswordHash([Argon2Hasher(time_cost=1, memory_cost=64, parallelism=1)])

    async def story(scene: Scene, left: int) -> bool:
        own = await scene.signed_up()
        sql = "UPDATE accounts SET password = $2 WHERE user_id = $1"
        await asyncio.to_thread(fetchval, database_url, sql, own.account.user_id, old.hash(PHRASE))
        result, interrupted = await scene.interrupted(left, scene.sign_in(), scene.sign_in())
        assert await scene.lives(result)
        return interrupted

    at_every_statement(database_url, story, 5)
