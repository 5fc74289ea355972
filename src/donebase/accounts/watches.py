"""What is kept open for callers, such as a live stream: it ends with the token, or with what is behind the token."""

import time
from typing import Protocol

from donebase.accounts.callers import Caller
from donebase.accounts.known_grants import KnownGrant, KnownGrants


class KeptOpen(Protocol):
    """Something that goes on for a caller after their request was admitted."""

    def wake(self) -> None:
        """Go on, if there is anything to do."""

    def end(self) -> None:
        """End, soon."""


class Watch:
    """Tells whether something may go on, and sees to it that it ends."""

    __slots__ = ("_expires_at", "_is_held_up", "_watches", "grant", "kept_open")

    def __init__(self, watches: "Watches", kept_open: KeptOpen, expires_at: float, grant: KnownGrant | None) -> None:
        self._watches = watches
        self.kept_open = kept_open
        self.grant = grant
        self._expires_at = expires_at
        self._is_held_up = False

    def allows(self) -> bool:
        """Tell whether anything may be told to the caller now. If that changes, `wake` or `end` is called."""
        is_trusted = self.grant is None or self.grant.is_trusted()
        self._is_held_up = not is_trusted
        return is_trusted and not self.is_over()

    def is_over(self) -> bool:
        """Tell whether the token has expired, or the grant has ended."""
        return self._expires_at <= time.time() or (self.grant is not None and self.grant.has_ended)

    def close(self) -> None:
        """Watch it no more: it has ended."""
        self._watches.remove(self)

    def resume(self) -> None:
        """Wake what was held up while the grant could not be confirmed, if it has been."""
        if self._is_held_up and self.allows():
            self.kept_open.wake()


class Watches:
    """All that is kept open in a process."""

    def __init__(self, grants: KnownGrants) -> None:
        self._grants = grants
        self._open: dict[Watch, None] = {}

    def add(self, caller: Caller, kept_open: KeptOpen) -> Watch:
        """Watch something from now on."""
        grant = None if caller.grant is None else self._grants.relied_on(caller.grant, caller.user_id)
        watch = Watch(self, kept_open, caller.expires_at, grant)
        self._open[watch] = None
        return watch

    def remove(self, watch: Watch) -> None:
        """Watch something no more."""
        self._open.pop(watch, None)

    def look(self) -> None:
        """End what is over, and have the grants of everything else confirmed the next time."""
        for watch in [*self._open]:
            if watch.is_over():
                del self._open[watch]
                watch.kept_open.end()
                continue
            watch.resume()
            if watch.grant is not None:
                watch.grant.is_used = True
