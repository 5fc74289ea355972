"""Limits how often somebody may guess: failures are counted in the database, for all processes and machines.

A key stands for an e-mail address or for the client's network address. It has at most LIMIT failures within WINDOW:
whoever has that many waits until the oldest of them is as old as that. What is refused is not counted. A failure that
lies further in the future than WINDOW, before the clock of the database was set back, is none.

Each statement names one table by its key, and what it computes from columns is immutable, as Citus demands.
"""

from collections.abc import Sequence
from datetime import timedelta
from hashlib import sha256
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    DateTime,
    Executable,
    Integer,
    LargeBinary,
    any_,
    bindparam,
    cast,
    extract,
    func,
    literal_column,
    select,
)
from sqlalchemy.dialects.postgresql import array, insert
from sqlmodel import col

from donebase.accounts.tables import AttemptsRow
from donebase.core.database import Database
from donebase.core.errors import TooManyAttempts

LIMIT = 10
WINDOW = timedelta(minutes=15)
_NETWORK_BITS = 64  # of an IPv6 address; the others each client chooses for itself

_key, _failed_at = col(AttemptsRow.key), col(AttemptsRow.failed_at)
_window: ColumnElement[timedelta] = literal_column(f"interval '{WINDOW.total_seconds():.0f} seconds'")
_limit = literal_column(str(LIMIT), Integer)


def attempt_keys(email: str | None, client: str | None) -> list[bytes]:
    """Return the keys of an attempt: of a normalised e-mail address, and of an IP address as it is written.

    An IPv6 address counts as its network of 64 bits, which is the least that one customer is given (RFC 6177). None,
    and what is no IP address, has no key.
    """
    keys = [_hashed("email", email)] if email is not None else []
    network = _network(client) if client is not None else None
    return keys + ([_hashed("ip", network)] if network else [])


def _hashed(kind: str, value: str) -> bytes:
    return sha256(f"{kind}:{value}".encode()).digest()


def _network(client: str) -> str | None:
    try:
        address = ip_address(client)
    except ValueError:
        return None
    if isinstance(address, IPv6Address):
        return str(ip_network((int(address), _NETWORK_BITS), strict=False))
    return str(address)


def _check() -> Executable:
    """Select the seconds until every one of the keys has room for a failure again, or null if all have."""
    waits = func.ceil(extract("epoch", _failed_at[_limit] + _window - func.now()))
    keys = bindparam("keys", type_=ARRAY(LargeBinary))
    too_many = (_failed_at[_limit] + _window > func.now()) & (_failed_at[_limit] - _window < func.now())
    return select(cast(func.max(waits), Integer).label("seconds")).where(_key == any_(keys), too_many)


def _record(number: int) -> Executable:
    """Add a failure, the newest first, to each of so many keys that have room for it. Return a row for each of them."""
    now: ColumnElement[Any] = array([func.now()], type_=DateTime(timezone=True))
    rows = [{"key": bindparam(f"key_{each}", type_=LargeBinary), "failed_at": now} for each in range(number)]
    new = insert(AttemptsRow).values(rows)
    newest = new.excluded.failed_at
    kept = (newest + _failed_at)[literal_column("1") : _limit]
    since = newest[literal_column("1")] - _failed_at[_limit]
    too_many = (since < _window) & (since > -_window)
    has_room = too_many.is_not(True)
    return new.on_conflict_do_update(index_elements=[_key], set_={"failed_at": kept}, where=has_room).returning(_key)


CHECK = _check()
RECORD = {number: _record(number) for number in (1, 2)}
"""By how many keys there are."""


async def check_attempts(database: Database, keys: Sequence[bytes]) -> None:
    """Raise TooManyAttempts if one of the keys has LIMIT failures within WINDOW, with the seconds until none has.

    Raises DatabaseFailed or Overloaded.
    """
    [row] = await database.fetch(CHECK, keys=keys)
    if row["seconds"] is not None:
        raise TooManyAttempts(row["seconds"])


async def record_failure(database: Database, keys: Sequence[bytes]) -> None:
    """Count a failure for each of at most two keys. Raises TooManyAttempts if one of them had LIMIT already.

    Of failures at the same time, exactly as many are counted as there is room for: each waits for the one before it.
    Raises DatabaseFailed or Overloaded.
    """
    if not keys:
        return
    # In one order for all: two statements that lock the same rows cannot wait for each other.
    named = {f"key_{number}": key for number, key in enumerate(sorted(keys))}
    rows = await database.fetch(RECORD[len(keys)], **named)
    if len(rows) < len(keys):
        await check_attempts(database, keys)
        raise TooManyAttempts(1)  # the window has ended between the two statements
