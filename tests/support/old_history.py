"""History that has become old, and is removed."""

from donebase.core.retention import REMOVE
from donebase.postgres.compiled import compile_statement
from tests.support.databases import fetchval

_DAYS = 30


def remove_history(url: str, user: int) -> None:
    """Let the history of a user become old, and remove it as a service does."""
    fetchval(url, f"UPDATE history SET at = at - interval '{_DAYS + 1} days' WHERE user_id = $1", user)
    remove = compile_statement(REMOVE)
    while not fetchval(url, remove.sql, *remove.arguments({"owner": user, "days": _DAYS})):
        pass  # another one is at it
