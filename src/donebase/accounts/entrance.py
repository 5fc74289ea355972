"""What signing in takes, and how a password proves whose an account is."""

from typing import NamedTuple

from donebase.accounts.access_tokens import AccessTokens
from donebase.accounts.account_rows import StoredAccount, change_account_row
from donebase.accounts.attempts import check_attempts, record_failure
from donebase.accounts.authenticator import Authenticator
from donebase.accounts.callers import Caller
from donebase.accounts.passwords import Passwords
from donebase.core.database import Database
from donebase.core.errors import AccountElsewhere, DonebaseError


class Entrance(NamedTuple):
    """What signing in takes: the service's database, tokens and passwords, and the address of the client, if known."""

    database: Database
    passwords: Passwords
    access_tokens: AccessTokens
    authenticator: Authenticator
    client: str | None


async def proven(
    entrance: Entrance, stored: StoredAccount | None, password: str, keys: list[bytes], error: type[DonebaseError]
) -> StoredAccount:
    """Return an account whose password is right, hashed anew where the parameters of hashes have changed since.

    Anything else is a failed attempt: raises the error, or TooManyAttempts.
    """
    verified = await entrance.passwords.verify(password, stored and stored.password)
    if stored is None or not verified.right:
        await record_failure(entrance.database, keys)
        raise error
    # Others that failed meanwhile came before it: who tries many passwords at once is told of the first ten only.
    await check_attempts(entrance.database, keys)
    if verified.new_hash:
        return await change_account_row(entrance.database, stored, password=verified.new_hash) or stored
    return stored


def session_of(caller: Caller) -> bytes:
    """Return the id of the session of a caller whose scopes have `account`. Raises AccountElsewhere for one without."""
    if caller.grant is None:
        raise AccountElsewhere
    return caller.grant
