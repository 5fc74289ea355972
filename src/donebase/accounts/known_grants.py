"""The sessions and personal tokens that a process knows of, and when it last saw each in the database.

docs/decisions/0040-tokens-are-remembered.md gives the reasons.
"""

import math
import time
from collections.abc import Sequence
from weakref import WeakValueDictionary

from donebase.accounts.grants import find_grants, mark_used
from donebase.core.database import Database

TRUSTED = 10.0
"""For how many seconds a grant that was seen in the database is trusted to be there."""
MOST_AT_ONCE = 1_000
"""How many grants a statement looks for."""


class KnownGrant:
    """A session or a personal token: whose it is, and when a statement was sent that has found it.

    `seen_at` is by the clock of `time.monotonic`. Whoever relies on the grant sets `is_used`.
    """

    __slots__ = ("__weakref__", "has_ended", "is_used", "key", "seen_at", "user_id")

    def __init__(self, key: bytes, user_id: int) -> None:
        self.key = key
        self.user_id = user_id
        self.seen_at = -math.inf
        self.is_used = True
        self.has_ended = False

    def is_trusted(self) -> bool:
        """Tell whether it was seen not long ago."""
        return time.monotonic() < self.seen_at + TRUSTED

    def end(self) -> None:
        """Trust it no more."""
        self.has_ended = True
        self.is_used = False
        self.seen_at = -math.inf


class KnownGrants:
    """The grants on which something in this process relies. One that nothing refers to any more takes no memory."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: WeakValueDictionary[bytes, KnownGrant] = WeakValueDictionary()
        self._last_end = -math.inf

    def relied_on(self, key: bytes, user_id: int) -> KnownGrant:
        """Return a grant. One that was not known is not trusted until it is confirmed."""
        grant = self._known.get(key)
        if grant is None or grant.has_ended or grant.user_id != user_id:
            grant = self._known[key] = KnownGrant(key, user_id)
        return grant

    def seen(self, key: bytes, user_id: int, asked_at: float) -> KnownGrant:
        """Return a grant that a statement has found which was sent at `asked_at`.

        If a grant has ended here since, it may have been this one: then it is trusted no longer than before.
        """
        grant = self.relied_on(key, user_id)
        if asked_at > self._last_end:
            grant.seen_at = max(grant.seen_at, asked_at)
        return grant

    def end(self, key: bytes) -> None:
        """Trust a grant no more, which was deleted from the database."""
        self._last_end = time.monotonic()
        grant = self._known.get(key)
        if grant is not None:
            grant.end()

    def end_of(self, user_id: int, except_key: bytes | None) -> None:
        """Trust the grants of a user no more, but for one."""
        self._last_end = time.monotonic()
        for grant in self._known.values():
            if grant.user_id == user_id and grant.key != except_key:
                grant.end()

    async def confirm(self) -> None:
        """Look for the grants that were used since the last time, and end those that are gone.

        Raises DatabaseFailed or Overloaded: what was not looked for is trusted no longer than before.
        """
        used = [grant for grant in self._known.values() if grant.is_used]
        for grant in used:
            grant.is_used = False
        for first in range(0, len(used), MOST_AT_ONCE):
            await self._confirm(used[first : first + MOST_AT_ONCE])

    async def _confirm(self, grants: Sequence[KnownGrant]) -> None:
        asked_at = time.monotonic()
        found = {row["key"]: row for row in await find_grants(self._database, [grant.key for grant in grants])}
        for grant in grants:
            row = found.get(grant.key)
            if row is None or row["user_id"] != grant.user_id:
                grant.end()
            elif not grant.has_ended:  # by a request, while the statement was under way
                grant.seen_at = asked_at
        unmarked = [key for key, row in found.items() if row["is_unmarked"]]
        if unmarked:
            await mark_used(self._database, unmarked)
