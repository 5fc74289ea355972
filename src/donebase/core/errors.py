"""Everything that can go wrong, as one tree.

    DonebaseError
    ├── InvalidInput         what was sent breaks a rule; contains the fields and the reasons
    ├── TaskNotFound         the task does not exist, or belongs to another user: the same error on purpose
    ├── PreconditionFailed   the task has another version than the request expects; contains the task as it is
    ├── ChangeNotFound       the owner has made no change of this number
    ├── UndoConflict         what a change left has changed again since; contains the tasks and the fields
    ├── HistoryPruned        the history does not reach back so far
    ├── IdempotencyKeyReused  the key belongs to another request
    ├── Unauthorized         the request has no token, or none that is good
    │   ├── SignInFailed     the e-mail address or the password is wrong
    │   └── RefreshFailed    the refresh token is not the last one of a session
    ├── Forbidden            the address or the body names another user than the caller
    │   ├── SignUpClosed     nobody can sign up here
    │   ├── AccountElsewhere  another issuer keeps the account of the caller
    │   └── WrongPassword    the present password is wrong
    ├── InsufficientScope    the token does not allow it; contains the scope that would
    ├── EmailTaken           there is an account with this e-mail address
    ├── TooManyAttempts      too many attempts to sign in have failed; contains how long to wait
    ├── TokenNotFound        the caller has no personal token with this id
    ├── DatabaseFailed       the database is unavailable, or failed before it had answered
    │   ├── Collided         a row with this key was there already: nothing was carried out
    │   └── UnknownValue     PostgreSQL does not know a value, such as a time zone: nothing was carried out
    ├── Overloaded           every connection stayed busy: nothing was begun
    │   └── IssuerUnreachable  the issuer of a token cannot be asked for the key that the token names
    ├── UserNotFound         an operator names a user who does not exist
    ├── ClaimRefused         an account cannot be given the number of a user
    ├── BackupFailed         a backup could not be written, read or restored
    └── SchemaMismatch       the tables are older or newer than this code, or the encoding is not UTF8

`http/errors.py` holds the one table that gives each kind its HTTP status.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple


class Fault(NamedTuple):
    """A fault of one field: the name of the field, a sentence for people, a code for programs."""

    field: str
    message: str
    code: str


class DonebaseError(Exception):
    """The root of all errors that donebase raises on purpose."""


class InvalidInput(DonebaseError):
    """What was sent breaks a rule. `faults` has the name of each invalid field, the reason and its code."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__(", ".join(f"{fault.field}: {fault.code}" for fault in faults[:3]))
        self.faults = faults


class TaskNotFound(DonebaseError):
    """The task does not exist, or belongs to another user."""


class PreconditionFailed(DonebaseError):
    """The task has another version than the request expects. `current` has its fields as they are."""

    def __init__(self, current: dict[str, Any]) -> None:
        super().__init__()
        self.current = current


class ChangeNotFound(DonebaseError):
    """The owner has made no change of this number."""


class Conflict(NamedTuple):
    """A field of a task that is no longer as a change left it: `id` if the task is gone, or there again."""

    task_id: int
    field: str


class UndoConflict(DonebaseError):
    """What a change left has changed again since: nothing was undone. `conflicts` has each field of each task."""

    def __init__(self, conflicts: Sequence[Conflict]) -> None:
        super().__init__()
        self.conflicts = conflicts


class HistoryPruned(DonebaseError):
    """The history of the owner does not reach back so far, or has not come so far."""


class IdempotencyKeyReused(DonebaseError):
    """The owner of the tasks has used the key for another request. Nothing was done."""


class Unauthorized(DonebaseError):
    """The request has no token, or one that is malformed, forged, expired, revoked or meant for somebody else."""


class SignInFailed(Unauthorized):
    """The e-mail address or the password is wrong: which of them is not told."""


class RefreshFailed(Unauthorized):
    """The refresh token is not the last one of a session, or the session has ended."""


class Forbidden(DonebaseError):
    """The address or the body names another user than the caller, who may not exist."""


class SignUpClosed(Forbidden):
    """Nobody can sign up here."""


class AccountElsewhere(Forbidden):
    """Another issuer keeps the account of the caller: there is nothing to change here, and no session to end."""


class WrongPassword(Forbidden):
    """The present password, which a change of the account needs, is wrong."""


class InsufficientScope(DonebaseError):
    """The caller's token is good, but does not have the scope that the operation needs."""

    def __init__(self, scope: str) -> None:
        super().__init__(scope)
        self.scope = scope


class EmailTaken(DonebaseError):
    """There is an account with this e-mail address."""


class TooManyAttempts(DonebaseError):
    """Too many attempts have failed for an e-mail address or from an IP address. `retry_after` is in seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__()
        self.retry_after = retry_after


class TokenNotFound(DonebaseError):
    """The caller has no personal token with this id."""


class DatabaseFailed(DonebaseError):
    """The database is unavailable, or failed before it had answered. A write may have been carried out."""


class Collided(DatabaseFailed):
    """A statement would have stored a second row with the same key. Nothing of it was carried out."""


class UnknownValue(DatabaseFailed):
    """PostgreSQL does not know a value, such as a time zone that is newer than its data. Nothing was carried out."""


class Overloaded(DonebaseError):
    """Every connection stayed busy for the whole wait. Nothing was begun."""


class IssuerUnreachable(Overloaded):
    """The issuer of a token cannot be asked for the key that the token names: whether it is good is not known."""


class SchemaMismatch(DonebaseError):
    """The tables or the encoding of the database are not those that this version of the code needs."""


class UserNotFound(DonebaseError):
    """No user has the number that an operator has given."""


class ClaimRefused(DonebaseError):
    """An account, or a person of another issuer, cannot be given the number of a user. Nothing was changed."""


class BackupFailed(DonebaseError):
    """A backup could not be written, read or restored. No file was written, and no row was stored."""
