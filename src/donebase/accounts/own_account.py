"""What people do with their own account: read it, change it and delete it.

The statement that counts comes last, after all that can fail: docs/decisions/0039-accounts.md.
"""

from pydantic import MISSING

from donebase.accounts.account_rows import Account, StoredAccount, change_account_row, find_by_user, find_foreign
from donebase.accounts.attempts import attempt_keys, check_attempts
from donebase.accounts.callers import Caller
from donebase.accounts.deletion import Deletions, request_deletion
from donebase.accounts.entrance import Entrance, proven, session_of
from donebase.accounts.frequent_passwords import refuse_common
from donebase.accounts.sessions import end_other_sessions
from donebase.accounts.shapes import AccountChanges
from donebase.core.database import Database
from donebase.core.errors import Fault, InvalidInput, Unauthorized, WrongPassword


async def read_account(database: Database, caller: Caller) -> Account:
    """Return the account of the caller, or what is known of one whom another issuer signs in.

    Raises Unauthorized if the account is gone, DatabaseFailed or Overloaded.
    """
    stored = await find_by_user(database, caller.user_id)
    account = stored.account if stored else await find_foreign(database, caller.user_id)
    if account is None:
        raise Unauthorized
    return account


async def change_account(entrance: Entrance, caller: Caller, changes: AccountChanges) -> Account:
    """Change the name or the password of the caller; a new password ends all other sessions.

    Raises InvalidInput, WrongPassword, AccountElsewhere for a caller of another issuer, Unauthorized if the account is
    gone, TooManyAttempts, DatabaseFailed or Overloaded.
    """
    name = None if changes.name is MISSING else (changes.name,)
    if changes.password is not MISSING:
        return await _change_password(entrance, caller, changes.password, changes.current_password, name)
    if changes.current_password is not MISSING:
        raise InvalidInput([Fault("password", "is required with current_password", "required")])
    stored = await _own(entrance.database, caller)
    changed = stored if name is None else await change_account_row(entrance.database, stored, name=name)
    if changed is None:
        raise Unauthorized
    return changed.account


async def _change_password(
    entrance: Entrance, caller: Caller, new: str, current: str | MISSING, name: tuple[str | None] | None
) -> Account:
    database, passwords, _, authenticator, client = entrance
    if current is MISSING:
        raise InvalidInput([Fault("current_password", "is required with password", "required")])
    await refuse_common("password", new)
    async with passwords.turn():
        stored = await _own(database, caller)
        keys = attempt_keys(stored.key, client)
        await check_attempts(database, keys)
        stored = await proven(entrance, stored, current, keys, WrongPassword)
        hashed = await passwords.hash(new)
        # Before the password, so that with a new one no other session is left; after it, for those that began between.
        await end_other_sessions(database, authenticator, caller.user_id, session_of(caller))
        changed = await change_account_row(database, stored, name=name, password=hashed)
        if changed is None:  # by another request
            raise WrongPassword
        await end_other_sessions(database, authenticator, caller.user_id, session_of(caller))
    return changed.account


async def delete_account(entrance: Entrance, deletions: Deletions, caller: Caller, password: str) -> None:
    """Delete the account of the caller and all that is theirs: what takes longer, `deletions` carries out.

    Raises WrongPassword, AccountElsewhere for a caller of another issuer, Unauthorized if the account is gone,
    TooManyAttempts, DatabaseFailed or Overloaded.
    """
    database, passwords, _, authenticator, client = entrance
    async with passwords.turn():
        stored = await _own(database, caller)
        keys = attempt_keys(stored.key, client)
        await check_attempts(database, keys)
        await proven(entrance, stored, password, keys, WrongPassword)
    try:
        await request_deletion(database, caller.user_id)
    finally:
        authenticator.forget_user(caller.user_id)
        deletions.wake()


async def _own(database: Database, caller: Caller) -> StoredAccount:
    """Return the account of the caller. Raises AccountElsewhere, and Unauthorized if it is gone."""
    session_of(caller)
    stored = await find_by_user(database, caller.user_id)
    if stored is None:
        raise Unauthorized
    return stored
