"""Gives an account, or a person of another issuer, the number of a user of the open mode, who has tasks already."""

from sqlalchemy import BigInteger, Text, bindparam, insert, select, update
from sqlmodel import col

from donebase.accounts.deletion import request_deletion
from donebase.accounts.email_address import normalised
from donebase.accounts.numbers import ACCOUNTS, DELETIONS, IDENTITIES, TASKS, USERS, tables_with
from donebase.accounts.tables import AccountRow, IdentityRow
from donebase.core.database import Database
from donebase.core.errors import ClaimRefused

_number = bindparam("number", type_=BigInteger)
_email, _subject, _issuer = (bindparam(name, type_=Text) for name in ("email", "subject", "issuer"))
_is_account = col(AccountRow.email) == _email
_is_identity = (col(IdentityRow.subject) == _subject, col(IdentityRow.issuer) == _issuer)
_ACCOUNT = select(col(AccountRow.user_id)).where(_is_account).with_for_update()
_IDENTITY = select(col(IdentityRow.user_id)).where(*_is_identity).with_for_update()
_CHANGE_ACCOUNT = update(AccountRow).where(_is_account).values(user_id=_number)
_CHANGE_IDENTITY = update(IdentityRow).where(*_is_identity).values(user_id=_number)
_MAKE_IDENTITY = insert(IdentityRow).values(subject=_subject, issuer=_issuer, user_id=_number)


async def claim_for_account(transaction: Database, number: int, email: str) -> None:
    """Give the account with an e-mail address a number. Its sessions and personal tokens end.

    Raises ClaimRefused if there is no such account, if the number is nobody's or another's, or if the account has tasks
    of its own; DatabaseFailed. All statements must be one `transaction`, which excludes other claims.
    """
    account = {"email": normalised(email)}
    found = await transaction.fetch(_ACCOUNT, **account)
    if not found:
        raise ClaimRefused("no account has this e-mail address")
    former = found[0]["user_id"]
    if former != number:
        await _refuse_taken(transaction, number)
        await _refuse_tasks(transaction, former)
        await transaction.fetch(_CHANGE_ACCOUNT, number=number, **account)
        await request_deletion(transaction, former)


async def claim_for_identity(transaction: Database, number: int, subject: str, issuer: str) -> None:
    """Give a person, whom another issuer names so, a number; the issuer is empty if its tokens name none.

    They need not have come before. Errors and the transaction are those of `claim_for_account`.
    """
    identity = {"subject": subject, "issuer": issuer}
    found = await transaction.fetch(_IDENTITY, **identity)
    if not found:
        await _refuse_taken(transaction, number)
        await transaction.fetch(_MAKE_IDENTITY, number=number, **identity)
    elif (former := found[0]["user_id"]) != number:
        await _refuse_taken(transaction, number)
        await _refuse_tasks(transaction, former)
        await transaction.fetch(_CHANGE_IDENTITY, number=number, **identity)
        await request_deletion(transaction, former)


async def _refuse_taken(transaction: Database, number: int) -> None:
    """Refuse a number that is nobody's, or another's."""
    found = await tables_with(transaction, number)
    for table, reason in (
        (DELETIONS, "user {} is being deleted"),
        (ACCOUNTS, "user {} has an account already"),
        (IDENTITIES, "user {} is a person of another issuer already"),
    ):
        if table in found:
            raise ClaimRefused(reason.format(number))
    if USERS not in found:
        raise ClaimRefused(f"no user has the number {number}")


async def _refuse_tasks(transaction: Database, former: int) -> None:
    """Refuse to take a number away under which there are tasks: nobody could reach them any more."""
    if TASKS in await tables_with(transaction, former):
        raise ClaimRefused(f"there are tasks under their own number {former} already")
