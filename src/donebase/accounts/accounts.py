"""How people come and go: sign up, sign in, refresh, sign out.

Each runs several statements, because an address, a session and a user lead tables of their own (tables.py). The one
that counts comes last, after all that can fail: docs/decisions/0039-accounts.md.
"""

from typing import NamedTuple

from donebase.accounts.account_rows import Account, StoredAccount, create_account_row, find_by_email, find_by_user
from donebase.accounts.attempts import attempt_keys, check_attempts, record_failure
from donebase.accounts.authenticator import Authenticator
from donebase.accounts.callers import Caller
from donebase.accounts.email_address import normalised
from donebase.accounts.entrance import Entrance, proven, session_of
from donebase.accounts.frequent_passwords import refuse_common
from donebase.accounts.identities import new_user_id
from donebase.accounts.passwords import Passwords
from donebase.accounts.sessions import (
    SessionTokens,
    begin_session,
    end_session,
    find_session,
    parse_refresh_token,
    renew_session,
)
from donebase.accounts.shapes import Credentials, NewAccount
from donebase.core.database import Database
from donebase.core.errors import EmailTaken, RefreshFailed, SignInFailed


class Entered(NamedTuple):
    """An account, and the tokens of a session of its user."""

    account: Account
    tokens: SessionTokens


async def sign_up(entrance: Entrance, new: NewAccount) -> Entered:
    """Create an account and begin a session.

    Raises InvalidInput for a common password, EmailTaken, TooManyAttempts, DatabaseFailed or Overloaded.
    """
    database, passwords, access_tokens, authenticator, client = entrance
    await refuse_common("password", new.password)
    key, keys, user_id = normalised(new.email), attempt_keys(None, client), new_user_id()
    async with passwords.turn():
        await check_attempts(database, keys)
        if await find_by_email(database, key):
            await record_failure(database, keys)
            raise EmailTaken
        hashed = await passwords.hash(new.password)
        # Before the account: without an account, nobody has the tokens, and the row of the session expires.
        tokens = await begin_session(database, access_tokens, user_id)
        stored = await create_account_row(database, user_id, key, new.email, new.name, hashed)
    if stored is None:  # another request was faster
        await end_session(database, authenticator, tokens.session_id)
        await record_failure(database, keys)
        raise EmailTaken
    return Entered(stored.account, tokens)


async def sign_in(entrance: Entrance, credentials: Credentials) -> Entered:
    """Begin a session of the account with this address and password.

    Raises SignInFailed, the same for an unknown address and a wrong password, TooManyAttempts, DatabaseFailed or
    Overloaded.
    """
    database, passwords, access_tokens, authenticator, client = entrance
    key = normalised(credentials.email)
    keys = attempt_keys(key, client)
    async with passwords.turn():
        await check_attempts(database, keys)
        stored = await find_by_email(database, key)
        stored = await proven(entrance, stored, credentials.password, keys, SignInFailed)
        tokens = await begin_session(database, access_tokens, stored.account.user_id)
        # A change of the password that began before the session did may not have seen it: then the session sees that.
        present = await find_by_email(database, key)
        if not (present and await _is_still_good(passwords, stored, present, credentials.password)):
            await end_session(database, authenticator, tokens.session_id)
            raise SignInFailed
    return Entered(present.account, tokens)


async def _is_still_good(passwords: Passwords, proven: StoredAccount, present: StoredAccount, password: str) -> bool:
    """Return whether a password that was right just now is right for an account as it is now, which may be another."""
    if present.account.user_id != proven.account.user_id:
        return False
    return present.password == proven.password or (await passwords.verify(password, present.password)).right


async def refresh_session(entrance: Entrance, refresh_token: str) -> Entered:
    """Exchange the last refresh token of a session for new tokens. A former one ends the session.

    Raises RefreshFailed, DatabaseFailed or Overloaded.
    """
    database, _, access_tokens, authenticator, _ = entrance
    token = parse_refresh_token(refresh_token)
    user_id = await find_session(database, authenticator, token)
    stored = await find_by_user(database, user_id)
    if stored is None:
        raise RefreshFailed
    return Entered(stored.account, await renew_session(database, access_tokens, authenticator, token, user_id))


async def sign_out(database: Database, authenticator: Authenticator, caller: Caller) -> None:
    """End the session of the caller. Raises AccountElsewhere for one without, DatabaseFailed or Overloaded."""
    await end_session(database, authenticator, session_of(caller))
