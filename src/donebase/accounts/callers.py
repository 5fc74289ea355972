"""Who makes a request, and what their token allows."""

from typing import NamedTuple

READ, WRITE, ACCOUNT = "tasks:read", "tasks:write", "account"
TASK_SCOPES = frozenset({READ, WRITE})
ALL_SCOPES = TASK_SCOPES | {ACCOUNT}
ME = "me"


class Caller(NamedTuple):
    """The user whose token a request carries.

    `subject` is the `sub` of the token. `grant` is the key of the session or of the personal token behind it, None for
    the token of another issuer. `expires_at` is in seconds since 1970, infinite where the token does not expire.
    """

    user_id: int
    subject: str
    scopes: frozenset[str]
    grant: bytes | None
    expires_at: float

    def is_named(self, name: str) -> bool:
        """Tell whether an address that has this name for a user means the caller."""
        return name in (ME, self.subject, str(self.user_id))


class Claims(NamedTuple):
    """What a verified token of another issuer says: who has issued it ('' if it does not say so), and about whom.

    `scopes` is None if the token says nothing of scopes. `expires_at` is the time (seconds since 1970) at which the
    token is no longer accepted: its `exp` and the leeway.
    """

    issuer: str
    subject: str
    scopes: frozenset[str] | None
    expires_at: float
