"""A user with rows in every table that has rows of users, and what is left of them."""

import json
from typing import Any

from donebase.accounts.tables import METADATA
from tests.support.databases import fetchval, fill

_OWNER = {name: "id" if name == "users" else "user_id" for name in METADATA.tables}
OF_USERS = [name for name, table in METADATA.tables.items() if _OWNER[name] in table.columns]
"""The tables that have rows of users."""
AT_ONCE = ("accounts", "sessions", "personal_tokens", "identities")
STEPWISE = ("users", "tasks", "history", "idempotency_keys")

_GRANTS = (
    "INSERT INTO accounts VALUES ('a' || $1, $1, 'A' || $1, NULL, 'hash')",
    "INSERT INTO sessions VALUES (int8send($1), $1, '', now(), now() + interval '30 days')",
    "INSERT INTO personal_tokens (hash, user_id, name, scopes) VALUES (int8send($1), $1, 'x', '{tasks:read}')",
    "INSERT INTO identities VALUES ('a' || $1, '', $1)",
)


def with_everything(url: str, user: int, tasks: int = 3) -> None:
    """Make a user with an account, a session, a token, an identity, so many tasks, their history, and a key of each."""
    fill(url, user, tasks)
    keys = "SELECT $1, n, 'key ' || n, '' FROM generate_series(1, $2::int) AS n"
    fetchval(url, f"INSERT INTO idempotency_keys (user_id, change, key, fingerprint) {keys}", user, tasks)
    for insert in _GRANTS:
        fetchval(url, insert.replace("$1", "$1::bigint"), user)


def rows_of(url: str, user: int) -> dict[str, list[Any]]:
    """Return the rows of a user in each table that has any."""
    ordered = "SELECT coalesce(jsonb_agg(to_jsonb(t) ORDER BY t), '[]') FROM {} AS t WHERE {} = $1"
    found = {name: json.loads(fetchval(url, ordered.format(name, _OWNER[name]), user)) for name in OF_USERS}
    return {name: rows for name, rows in found.items() if rows}


def left_of(url: str, user: int) -> dict[str, int]:
    """Return how many rows of a user there are in each table that has any."""
    return {name: len(rows) for name, rows in rows_of(url, user).items()}


def recorded(url: str, user: int, minutes_ago: int = 0) -> None:
    """Record that a user is to be deleted, and do nothing else about it."""
    when = "now() - $2::int * interval '1 minute'"
    fetchval(url, f"INSERT INTO account_deletions VALUES ($1, {when})", user, minutes_ago)
