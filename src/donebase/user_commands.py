"""The commands `donebase users …`: for operators, about users and their numbers."""

import argparse
import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import TYPE_CHECKING

from donebase.command_database import command_database
from donebase.settings import Settings, WrongSetting
from donebase.telemetry import logs

if TYPE_CHECKING:
    from donebase.postgres.database import PostgresDatabase

MAX_NUMBER = 2**63 - 1
_WAIT = 1.0  # seconds, in which another process may be at it
_DATABASE = "Connects to the database that `migrate` connects to; the service can keep running."


def add_user_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add them to the commands. Each is run with the settings, which name a database, and its own arguments."""
    users = commands.add_parser(
        "users",
        help="list users, delete one, or give their number to an account",
        description="Commands about users and their numbers.",
    )
    actions = users.add_subparsers(title="commands", required=True, metavar="COMMAND")

    claim = actions.add_parser(
        "claim",
        help="give an account the number of a user who already has tasks",
        description="Give an account, or a person of another issuer, the number of a user who has tasks from "
        "AUTH=open. Their sessions and personal tokens end. It is refused if the number is nobody's or another's, and "
        f"if there are tasks under their own number. {_DATABASE}",
    )
    claim.add_argument("number", type=_number, metavar="NUMBER", help="the number of the user")
    whose = claim.add_mutually_exclusive_group(required=True)
    whose.add_argument("--email", metavar="ADDRESS", help="the account's e-mail address, or - to read it from a line")
    whose.add_argument("--subject", metavar="SUB", help="the `sub` of the other issuer's tokens; may be new here")
    claim.add_argument("--issuer", metavar="ISS", help="the `iss` of these tokens (default: AUTH_ISSUER, else none)")
    claim.set_defaults(command=_claim)

    listing = actions.add_parser(
        "list",
        help="print all users",
        description="Print all users as JSON, one a line, in the order of their numbers: how often they have changed "
        "tasks, when for the last time, and who they are. One without email and subject is from AUTH=open. "
        f"{_DATABASE}",
    )
    listing.set_defaults(command=_list)

    delete = actions.add_parser(
        "delete",
        help="delete a user with all tasks",
        description="Delete a user with account, tokens, tasks and their history: such as a person of another issuer, "
        f"who has no password to do that with. It cannot be undone. Needs AUTH=required. {_DATABASE}",
    )
    delete.add_argument("number", type=_number, metavar="NUMBER", help="the number of the user")
    delete.set_defaults(command=_delete)


def _number(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and 1 <= int(text) <= MAX_NUMBER):
        raise argparse.ArgumentTypeError(f"must be a whole number from 1 to {MAX_NUMBER}")
    return int(text)


def _claim(
    settings: Settings, number: int, email: str | None = None, subject: str | None = None, issuer: str | None = None
) -> bool:
    if email is not None and issuer is not None:
        raise WrongSetting("--issuer must come with --subject")
    if email == "-":
        email = sys.stdin.readline().strip()
    with command_database(settings) as there:
        if email is not None:
            asyncio.run(_claim_for_account(there, number, email))
        elif subject is not None:
            asyncio.run(_claim_for_identity(there, number, subject, issuer or settings.auth_issuer or ""))
    logs.info("user.claimed", user_id=number)
    return True


async def _claim_for_account(settings: Settings, number: int, email: str) -> None:
    from donebase.accounts.claims import claim_for_account
    from donebase.postgres.transaction import exclusive_transaction

    async with exclusive_transaction(settings) as transaction:
        await claim_for_account(transaction, number, email)


async def _claim_for_identity(settings: Settings, number: int, subject: str, issuer: str) -> None:
    from donebase.accounts.claims import claim_for_identity
    from donebase.postgres.transaction import exclusive_transaction

    async with exclusive_transaction(settings) as transaction:
        await claim_for_identity(transaction, number, subject, issuer)


def _list(settings: Settings) -> bool:
    with command_database(settings) as there:
        try:
            asyncio.run(_print_users(there))
            sys.stdout.flush()
        except BrokenPipeError:  # the reader (`| head`) has closed the pipe early
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return True


async def _print_users(settings: Settings) -> None:
    from donebase.accounts.user_list import list_users

    async with _connected(settings) as database:
        async for user in list_users(database):
            print(json.dumps(user._asdict(), default=datetime.isoformat))  # ASCII: a subject has any characters


def _delete(settings: Settings, number: int) -> bool:
    if settings.auth != "required":  # no service would look after what is written meanwhile
        raise WrongSetting("AUTH must be required to delete a user")
    with command_database(settings) as there:
        rows = asyncio.run(_deleted(there, number))
    logs.info("user.deleted", user_id=number, rows=rows)
    return True


async def _deleted(settings: Settings, number: int) -> int:
    """Delete a user, wait until everything is gone, and return how many rows of users went here meanwhile."""
    from donebase.accounts.deletion import Deletions, request_deletion
    from donebase.accounts.numbers import USERS, tables_with
    from donebase.core.errors import UserNotFound

    async with _connected(settings) as database:
        if not await tables_with(database, number):
            raise UserNotFound(f"no user has the number {number}")
        await request_deletion(database, number)
        deletions, rows = Deletions(database, lambda _: None), 0
        while USERS in await tables_with(database, number):
            async for removed in deletions.run():
                rows += removed
            await deletions.wait(_WAIT)
        return rows


@asynccontextmanager
async def _connected(settings: Settings) -> AsyncIterator["PostgresDatabase"]:
    """Yield a database whose statements are run one by one, as those of a service."""
    from donebase.postgres.database import PostgresDatabase

    database = PostgresDatabase(settings.on(settings.address(unpooled=True).text()))
    try:
        await database.open(log_connected=False)
        yield database
    finally:
        await database.close()
