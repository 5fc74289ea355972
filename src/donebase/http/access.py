"""Who may use a family of addresses, and the scope that a token needs for it."""

from enum import Enum

from donebase.accounts.callers import ACCOUNT, READ, WRITE


class Access(Enum):
    """Who may use the addresses of a family where AUTH is `required`."""

    FREE = "free"
    """Everybody, without a token."""
    TASKS = "tasks"
    """The user whom the address names, with a token that allows to read or to write tasks."""
    CALLER = "caller"
    """Whoever has a token."""
    ACCOUNT = "account"
    """Whoever has a token that allows to manage the account."""

    def scope(self, method: str) -> str | None:
        """Return the scope that a request with this method needs, None for none."""
        if self is Access.TASKS:
            return READ if method == "GET" else WRITE
        return ACCOUNT if self is Access.ACCOUNT else None
